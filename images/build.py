"""Build the images from a base that is named by its digest: python images/build.py gateway face --tag 0.1.0.

The digest of the base is resolved once and kept in images/digests.lock, which belongs into the repository; --refresh
resolves it anew. With --push the images get a list of their contents and their provenance as attestations, and
build/image-values.yaml says their digests in the form of the chart's values. Nothing but Python and a container engine
is needed.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

HERE = Path(__file__).resolve().parent
DOCKERFILE = HERE / "Dockerfile"
LOCK = HERE / "digests.lock"
BUILD = HERE.parent / "build"
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")


class Failed(Exception):
    """What could not be done, and what to do."""


def main(arguments: Sequence[str]) -> int:
    """Build what the command line says."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("images", nargs="+", help="targets of the Dockerfile")
    parser.add_argument("--docker", default="docker", help="the container engine: docker or podman")
    parser.add_argument("--prefix", default="sightline-", help="what stands before each image's name")
    parser.add_argument("--tag", required=True)
    parser.add_argument("--push", action="store_true", help="push them, with attestations (docker with buildx)")
    parser.add_argument("--refresh", action="store_true", help="resolve the digest of the base anew")
    given = parser.parse_args(arguments)
    try:
        base = pinned(given.docker, refresh=given.refresh)
        digests = {}
        for image in given.images:
            metadata = BUILD / f"image-{image}.json"
            run(command(given.docker, image, f"{given.prefix}{image}:{given.tag}", base, metadata, push=given.push))
            if given.push:
                digests[image] = json.loads(metadata.read_text())["containerimage.digest"]
    except Failed as failure:
        sys.stderr.write(f"error: {failure}\n")
        return 1
    if digests:
        (BUILD / "image-values.yaml").write_text(values(digests))
    return 0


def base_reference(dockerfile: str) -> str:
    """Give the base that a Dockerfile names where it is told nothing."""
    (reference,) = re.findall(r"^ARG PYTHON_IMAGE=(\S+)$", dockerfile, re.MULTILINE)
    return str(reference)


def pinned(docker: str, *, refresh: bool = False, lock: Path = LOCK) -> str:
    """Give the base with its digest: the one that is kept, or what the registry says now, which is then kept.

    Raises:
        Failed: the registry could not be asked, or said no digest.
    """
    reference = base_reference(DOCKERFILE.read_text())
    kept = dict(line.split() for line in lock.read_text().splitlines()) if lock.is_file() else {}
    if refresh or reference not in kept:
        run([docker, "pull", reference])
        said = run([docker, "image", "inspect", "--format", "{{json .RepoDigests}}", reference], capture=True)
        found = _DIGEST.search(said)
        if found is None:
            raise Failed(f"{docker} knows no digest of {reference}: {said.strip()}")
        kept = {reference: found[0]}
        lock.write_text("".join(f"{name} {digest}\n" for name, digest in kept.items()))
    return f"{reference}@{kept[reference]}"


def command(docker: str, image: str, name: str, base: str, metadata: Path, *, push: bool) -> list[str]:
    """Give the command that builds one image."""
    what = ["--file", str(DOCKERFILE), "--target", image, "--build-arg", f"PYTHON_IMAGE={base}", "--tag", name]
    if not push:
        return [docker, "build", *what, str(HERE.parent)]
    attested = ["--sbom=true", "--provenance=mode=max", "--metadata-file", str(metadata), "--push"]
    return [docker, "buildx", "build", *what, *attested, str(HERE.parent)]


def values(digests: dict[str, str]) -> str:
    """Give the digests as values of the chart."""
    return "image:\n  digests:\n" + "".join(f"    {name}: {digest}\n" for name, digest in sorted(digests.items()))


def run(arguments: Sequence[str], *, capture: bool = False) -> str:
    """Run a command; its words are given back where they are wanted, and shown where not.

    Raises:
        Failed: it is not there, or fails.
    """
    BUILD.mkdir(exist_ok=True)
    try:
        done = subprocess.run(  # noqa: S603 - the engine that the user names
            list(arguments), check=True, text=True, stdout=subprocess.PIPE if capture else None
        )
    except (OSError, subprocess.CalledProcessError) as error:
        raise Failed(f"{' '.join(arguments)}: {error}") from error
    return done.stdout or ""


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
