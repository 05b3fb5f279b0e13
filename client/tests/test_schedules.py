"""Schedules: made, paused, resumed and deleted, by both clients and by the command."""

from __future__ import annotations

import json

import pytest

from sightline.client import NotFound
from sightline.client.command.exits import Exit
from sightline.v1.job_pb2 import JobSpec

MEDIA = "media/018f0000-0000-7000-8000-000000000000"
SPEC = JobSpec(media=MEDIA, detect_faces={})
NIGHTLY = "30 3 * * *"


async def test_a_schedule_carries_what_its_jobs_are_to_be(sightline, script):
    made = await sightline.schedules.create(
        NIGHTLY, SPEC, time_zone="Europe/Vienna", priority=2, labels={"film": "b"}, name="nightly"
    )
    found = await sightline.schedules.get(made.name.removeprefix("schedules/"))
    assert (found.cron, found.time_zone, found.display_name) == (NIGHTLY, "Europe/Vienna", "nightly")
    assert (found.job.spec, found.job.priority, dict(found.job.labels)) == (SPEC, 2, {"film": "b"})


async def test_schedules_are_paused_resumed_listed_and_deleted(sightline, script):
    made = [(await sightline.schedules.create(NIGHTLY, SPEC)).name for _ in range(5)]
    assert [one.name async for one in sightline.schedules.list()] == made
    assert (await sightline.schedules.pause(made[0])).paused
    assert not (await sightline.schedules.resume(made[0])).paused
    await sightline.schedules.delete(made[0])
    with pytest.raises(NotFound):
        await sightline.schedules.get(made[0])


async def test_the_command_makes_lists_and_ends_schedules(run, script):
    spec = json.dumps({"media": MEDIA, "detectFaces": {}})
    made = json.loads((await run("schedules", "create", NIGHTLY, spec, "--zone", "Europe/Vienna", "--json")).stdout)
    assert made["job"]["spec"]["media"] == MEDIA
    assert NIGHTLY in (await run("schedules", "list")).stdout
    assert (await run("schedules", "pause", made["name"])).exit_code == Exit.OK
    assert "paused" in (await run("schedules", "list")).stdout
    assert (await run("schedules", "resume", made["name"])).exit_code == Exit.OK
    assert (await run("schedules", "delete", made["name"], "none")).exit_code == Exit.NOT_FOUND
    assert script.schedules == {}


async def test_a_job_that_is_no_json_is_a_mistake_of_the_command_line(run):
    assert (await run("schedules", "create", NIGHTLY, "faces, please")).exit_code == Exit.USAGE
