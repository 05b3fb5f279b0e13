"""Start everything, do the main jobs on real pictures and a lecture, show what came of it, stop everything."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

from rich.console import Console

from sightline.client import Sightline
from sightline.standalone.demo import rest
from sightline.standalone.demo.films import show_lecture
from sightline.standalone.demo.objects import show_objects
from sightline.standalone.demo.outcome import Outcome, find_faces, keep
from sightline.standalone.demo.people import show_people
from sightline.standalone.demo.pictures import Picture, pictures
from sightline.standalone.demo.report import show_outcomes, show_places
from sightline.standalone.foreground import until_a_signal
from sightline.standalone.log import Log
from sightline.standalone.program import StandaloneError
from sightline.standalone.settings import Settings
from sightline.standalone.system import Standalone

# Faces that the group photograph shows, and how many of them must be found for the demonstration to be a success.
_IN_THE_GROUP, _LEAST_FOUND = 29, 27


def run(settings: Settings, out: Path) -> None:
    """Run the demonstration.

    Args:
        settings: of the whole system.
        out: where the annotated pictures, the JSON and the log go.

    Raises:
        StandaloneError: a part did not start, or what was found is not what is in the pictures.
    """
    out.mkdir(parents=True, exist_ok=True)
    with (out / "demo.log").open("w", encoding="utf-8") as stream:
        asyncio.run(_run(Console(highlight=False), settings, Log(stream), out))


async def _run(console: Console, settings: Settings, log: Log, out: Path) -> None:
    until_a_signal(log)
    console.print(f"Starting PostgreSQL, Valkey, the gateway, the services and Envoy (log: {out}/demo.log) ...")
    began = time.perf_counter()
    async with Standalone(settings, log) as system:
        console.print(f"All parts are ready after {time.perf_counter() - began:.1f} s.\n")
        await asyncio.to_thread(_show, console, settings, system, out)
    console.print("Everything has stopped.")


def _show(console: Console, settings: Settings, system: Standalone, out: Path) -> None:
    addresses = system.addresses
    chosen = pictures(settings.models_folder or system.folder.models)
    with Sightline(addresses.target, system.key) as sightline:
        outcomes = [find_faces(sightline, picture) for picture in chosen]
        show_outcomes(console, outcomes)
        for outcome in outcomes:
            keep(outcome, out)
        _compare(console, sightline, chosen)
        show_people(console, sightline, outcomes[0], out)
        show_objects(console, sightline, chosen[-1], out)
        show_lecture(console, sightline, settings.models_folder or system.folder.models, out)
    _ask_by_rest(console, system, outcomes)
    show_places(console, addresses.public_words(), out)
    found = len(outcomes[0].result.faces)
    if not _LEAST_FOUND <= found <= _IN_THE_GROUP:
        raise StandaloneError(f"{found} faces were found in the group photograph of {_IN_THE_GROUP}")


def _compare(console: Console, sightline: Sightline, chosen: list[Picture]) -> None:
    _, newton, gauss, astronaut = chosen
    for one, other in ((newton, gauss), (astronaut, astronaut)):
        answer = sightline.faces.compare(one.path, other.path)
        verdict = "one person" if answer.same_person else "two people"
        console.print(
            f"{one.name} and {other.name}: similarity {answer.similarity:.2f}, so {verdict} "
            f"(threshold {answer.threshold:.2f})"
        )


def _ask_by_rest(console: Console, system: Standalone, outcomes: list[Outcome]) -> None:
    group = outcomes[0]
    answer = rest.detect_faces(system.addresses.server, system.key, group.picture.path)
    found = len(answer["result"]["faces"])
    console.print(f"The group photograph over REST, answered at once: {found} faces.\n")
    if found != len(group.result.faces):
        raise StandaloneError(f"REST found {found} faces, the job {len(group.result.faces)}")
