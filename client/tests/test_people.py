"""People: created, enrolled, found, changed and erased, by both clients and by the command."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from sightline.client import NotFound
from sightline.client.command.exits import Exit
from sightline.v1.geometry_pb2 import NormalizedBox

GROUND = {"consent": "form 7", "purpose": "the door"}
LATER = datetime(2040, 1, 31, tzinfo=UTC)


async def test_a_person_is_created_and_a_face_enrolled_once_though_the_answers_are_lost(sightline, script):
    script.lost["CreatePerson"] = script.lost["AddFace"] = 1
    person = await sightline.people.create("Marie", **GROUND, collection="staff", expires=LATER)
    face = await sightline.people.add_face(person, b"a picture", box=NormalizedBox(right=0.5, bottom=0.5))
    assert len(script.persons) == len(script.enrolled) == 1
    assert face.face.box.right == 0.5
    found = await sightline.people.get(person.name.removeprefix("persons/"))
    assert (found.face_count, found.collection, found.expire_time.ToDatetime(UTC)) == (1, "staff", LATER)
    assert [one.name async for one in sightline.people.faces(person)] == [face.name]
    await sightline.people.delete_face(face)
    assert [one async for one in sightline.people.faces(person)] == []


async def test_only_what_is_given_is_changed_also_the_end(sightline, script):
    person = await sightline.people.create("Marie", **GROUND, expires=LATER)
    changed = await sightline.people.update(person, purpose="visits", never_expires=True)
    assert (changed.purpose, changed.consent, changed.HasField("expire_time")) == ("visits", "form 7", False)
    assert list(script.named("UpdatePerson")[0].request.update_mask.paths) == ["purpose", "expire_time"]
    with pytest.raises(ValueError, match="never"):
        await sightline.people.update(person, expires=LATER, never_expires=True)


async def test_all_pages_of_people_are_read_and_those_of_one_collection_are_searched(sightline):
    made = [(await sightline.people.create(str(number), **GROUND)).name for number in range(5)]
    staff = await sightline.people.create("Albert", **GROUND, collection="staff")
    assert [one.name async for one in sightline.people.list()] == made
    assert [one.name async for one in sightline.people.list("-")] == [*made, staff.name]
    answer = await sightline.people.search(b"a picture", "staff", min_similarity=0.5)
    assert [one.person for one in answer.matches[0].candidates] == [staff.name]


async def test_an_erasure_whose_answer_is_lost_still_gives_its_receipt(sightline, script):
    person = await sightline.people.create("Marie", **GROUND)
    script.lost["DeletePerson"] = 1
    receipt = await sightline.people.delete(person)
    assert await sightline.people.receipt(person) == receipt
    asked = script.named("DeletePerson")[0].request
    assert not asked.HasField("erase_sources")
    with pytest.raises(NotFound):
        await sightline.people.delete("none")


async def test_the_command_does_all_of_it(run, script, tmp_path):
    photo = tmp_path / "marie.jpg"
    photo.write_bytes(b"a picture")
    ground = ["--consent", "form 7", "--purpose", "the door"]
    made = await run("people", "create", "Marie", *ground, "--expires", "2040-01-31", "--erase-sources")
    name = made.stdout.strip()
    assert script.persons[name].erase_sources
    assert script.persons[name].expire_time.seconds
    assert name in (await run("people", "add", name, str(photo))).stdout
    script.outdated = 3
    searched = await run("people", "search", str(photo))
    assert "Marie" in searched.stdout
    assert "3 faces of an older model" in searched.stderr
    listed = await run("people", "list", "--json")
    assert json.loads(listed.stdout)["faceCount"] == 1
    shown = (await run("people", "show", name)).stdout
    assert "erased with the person" in shown
    assert f"{name}/faces/" in shown
    assert "vectors        1" in (await run("people", "delete", name, "--keep-sources")).stdout
    assert script.named("DeletePerson")[0].request.erase_sources is False
    assert name in (await run("people", "receipt", name)).stdout
    assert (await run("people", "search", str(photo))).exit_code == Exit.ANSWER_IS_NO
    assert (await run("people", "delete", "persons/none")).exit_code == Exit.NOT_FOUND


async def test_nobody_is_created_without_a_ground(run, script):
    assert (await run("people", "create", "Marie", "--purpose", "the door")).exit_code == Exit.USAGE
    assert script.calls == []
