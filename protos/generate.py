"""Make all that follows from the contract: Python code, descriptor set, OpenAPI document, lint verdict.

python protos/generate.py            write protos/gen
python protos/generate.py --check    fail when protos/gen is not what the protos say
python protos/generate.py --lint     run buf's lint rules over the contract
"""

from __future__ import annotations

import filecmp
import json
import os
import subprocess
import sys
import sysconfig
import tempfile
import tomllib
from importlib import resources
from pathlib import Path

from google.protobuf import descriptor_pb2, duration_pb2, field_mask_pb2, timestamp_pb2
from openapi import document
from protovalidate._gen.buf.validate import validate_pb

HERE = Path(__file__).resolve().parent
GENERATED = HERE / "gen"
VALIDATE = "buf/validate/validate.proto"
# Somebody else's contract that we keep: made into code, not judged by our rules, no part of the REST form.
ADOPTED = ("externalscaler/externalscaler.proto",)
# Envoy answers REST errors with an empty body unless it knows the detail messages of google.rpc.
ALSO_DESCRIBED = ("google/rpc/error_details.proto", "google/rpc/status.proto")
# Inside the Python package, so that a wheel carries them and `importlib.resources` finds them.
DESCRIPTOR = "sightline/v1/sightline.binpb"
OPENAPI = "sightline/v1/openapi.json"
# AIP-131 to 135 want the resource itself as the answer of the standard methods; buf would want a wrapper.
LINT = {
    "input_config": {
        "version": "v2",
        "lint": {
            "use": ["STANDARD", "COMMENTS"],
            "except": ["RPC_RESPONSE_STANDARD_NAME", "RPC_REQUEST_RESPONSE_UNIQUE"],
        },
    }
}


def main(arguments: list[str]) -> int:
    """Run the one thing that is asked for and return the exit status."""
    if arguments == ["--lint"]:
        return lint()
    if arguments == ["--check"]:
        return check()
    replace(GENERATED)
    return 0


def replace(folder: Path) -> None:
    """Generate beside `folder` and put the outcome in its place: who reads it meanwhile finds the old or the new."""
    with tempfile.TemporaryDirectory(dir=HERE, prefix=".gen-") as temporary:
        fresh, old = Path(temporary) / "new", Path(temporary) / "old"
        generate(fresh)
        if folder.exists():
            folder.rename(old)
        fresh.rename(folder)


def generate(folder: Path) -> None:
    """Write messages, stubs, types and the descriptor set into the new `folder`."""
    folder.mkdir(parents=True)
    files = [*contract(), *ADOPTED, VALIDATE]
    protoc(f"--python_out={folder}", *(f for f in files))
    protoc(f"--mypy_out=quiet:{folder}", *files)
    protoc(f"--grpc_python_out={folder}", f"--mypy_grpc_out=quiet:{folder}", *contract(), *ADOPTED)
    protoc(
        "--include_imports", "--include_source_info", f"--descriptor_set_out={folder / DESCRIPTOR}",
        *contract(), *ALSO_DESCRIBED,
    )  # fmt: skip
    describe(folder)
    # protoc writes a grpc file for a proto without services too: a module that nobody imports.
    for stub in folder.rglob("*_pb2_grpc.py*"):
        if "Stub" not in stub.read_text():
            stub.unlink()
    for package in (folder / "sightline/v1", folder / "buf/validate", folder / "externalscaler"):
        (package / "py.typed").touch()
    (folder / "sightline/v1/__init__.py").write_text('"""The contract as Python; made from protos/sightline/v1."""\n')


def describe(folder: Path) -> None:
    """Write the REST form of the contract as an OpenAPI document."""
    version = tomllib.loads((HERE / "pyproject.toml").read_text())["project"]["version"]
    described = document((folder / DESCRIPTOR).read_bytes(), version)
    (folder / OPENAPI).write_text(json.dumps(described, indent=1) + "\n")


def check() -> int:
    """Compare a fresh generation with the folder in use."""
    with tempfile.TemporaryDirectory() as temporary:
        fresh = Path(temporary) / "gen"
        generate(fresh)
        stale = [str(f.relative_to(fresh)) for f in sorted(fresh.rglob("*")) if f.is_file() and not same(f, fresh)]
    if stale:
        sys.stderr.write(f"stale, run 'make protos': {', '.join(stale)}\n")
    return 1 if stale else 0


def same(file: Path, root: Path) -> bool:
    """Say whether the folder in use holds the same file."""
    other = GENERATED / file.relative_to(root)
    return other.exists() and filecmp.cmp(file, other, shallow=False)


def lint() -> int:
    """Run buf's STANDARD and COMMENTS rules as a plug-in of protoc."""
    plugin = HERE.parent / "node_modules/.bin/protoc-gen-buf-lint"
    with tempfile.TemporaryDirectory() as temporary:
        return protoc(
            f"--plugin=protoc-gen-buf-lint={plugin}",
            f"--buf-lint_out={temporary}",
            f"--buf-lint_opt={json.dumps(LINT)}",
            *contract(),
            must=False,
        )


def contract() -> list[str]:
    """List our own proto files, as protoc names them."""
    return sorted(str(file.relative_to(HERE)) for file in (HERE / "sightline").rglob("*.proto"))


def protoc(*arguments: str, must: bool = True) -> int:
    """Run protoc over the contract with the protos that it imports."""
    with tempfile.NamedTemporaryFile(suffix=".binpb") as validation:
        validation.write(validation_rules())
        validation.flush()
        command = [
            sys.executable, "-m", "grpc_tools.protoc", f"-I{HERE}", f"-I{sysconfig.get_path('purelib')}",
            f"-I{resources.files('grpc_tools') / '_proto'}", f"--descriptor_set_in={validation.name}", *arguments,
        ]  # fmt: skip
        environment = {**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ.get('PATH', '')}"}
        return subprocess.run(command, check=must, env=environment, cwd=HERE).returncode  # noqa: S603


def validation_rules() -> bytes:
    """Give protovalidate's own rules as a descriptor set.

    The package carries no .proto file, but it carries the descriptor that it validates by: taking that
    one keeps the rules in the contract and the rules that are enforced the same version by construction.
    """
    files = descriptor_pb2.FileDescriptorSet()
    for imported in (descriptor_pb2, duration_pb2, field_mask_pb2, timestamp_pb2):
        imported.DESCRIPTOR.CopyToProto(files.file.add())
    files.file.append(descriptor_pb2.FileDescriptorProto.FromString(validate_pb.desc().proto.to_binary()))
    return files.SerializeToString(deterministic=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
