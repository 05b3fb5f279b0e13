"""The erasure of people over a gateway with the real PostgreSQL, Valkey and files: nothing of them is left anywhere."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlparse
from uuid import UUID, uuid4

from enrolment import Call, a_face, refusal, somebody, until, vector

from sightline.common.blobs import open_blobs
from sightline.common.errors import Reason
from sightline.common.state.database import Database
from sightline.common.telemetry import Metrics
from sightline.gateway.settings import Settings
from sightline.v1 import (
    job_pb2,
    person_pb2,
    person_service_pb2 as api,
)


async def leftovers(database: Database, words: list[str]) -> list[str]:
    """Say in which tables any of the words still stands, whatever table it is; receipts tell whom by number only."""
    found = []
    async with database.connection() as connection:
        cursor = await connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        for (table,) in await cursor.fetchall():
            rows = await (await connection.execute(f'SELECT t::text FROM "{table}" AS t')).fetchall()
            if any(word in row[0] for row in rows for word in words):
                found.append(table)
    return found


def files_with(settings: Settings, words: bytes) -> list[Path]:
    files = Path(urlparse(settings.blobs.url).path).rglob("*")
    return [file for file in files if file.is_file() and words in file.read_bytes()]


@contextmanager
def files_away(settings: Settings) -> Iterator[None]:
    folder = Path(urlparse(settings.blobs.url).path)
    away = folder.rename(folder.with_name("away"))
    yield
    away.rename(folder)


async def test_of_the_erased_nothing_is_left_in_tables_index_or_files(
    people: Call, client: Any, sees: Any, add_media: Any, hand: Any, wanted: Any, database: Database, settings: Settings
) -> None:
    blobs = await open_blobs(settings.blobs, Metrics())
    media = await add_media()
    await blobs.put_bytes(f"blob/{media.removeprefix('media/')}", b"a picture of Marie")
    request = wanted()
    request.job.spec.media = media
    job = await client("CreateJob", request)
    await hand.complete(await hand.claim(job.name), job_pb2.JobResult(detect_faces={}))
    person = await people("CreatePerson", somebody(str(uuid4()), display_name="Marie", consent="form 7"))
    image = sees(a_face(vector(1)), media=media)
    adding = api.AddFaceRequest(person=person.name, image=image, request_id=str(uuid4()))
    face = (await people("AddFace", adding)).face
    await people("AddFace", api.AddFaceRequest(person=person.name, image=sees(a_face(vector(2)))))
    ids = [UUID(name.rsplit("/", 1)[1]) for name in (person.name, face.name, media, job.name)]
    words = ["Marie", "form 7", *map(str, ids)]
    assert files_with(settings, b"Marie")
    assert {"persons", "person_requests", "media", "jobs", "results"} <= set(await leftovers(database, words))

    receipt = await people("DeletePerson", api.DeletePersonRequest(name=person.name, erase_sources=True))

    assert (receipt.erased_vectors, receipt.erased_blobs, receipt.erased_results) == (2, 1, 1)
    assert receipt.cause == person_pb2.ErasureReceipt.CAUSE_REQUEST
    assert abs(receipt.erase_time.ToDatetime(UTC) - datetime.now(UTC)) < timedelta(seconds=30)
    assert not await blobs.exists(f"blob/{ids[2]}")
    assert files_with(settings, b"Marie") == []
    assert set(await leftovers(database, words)) == {"erasures"}  # the number of the person, and nothing else
    assert await leftovers(database, words[:2]) == []
    answer = await people("SearchFaces", api.SearchFacesRequest(image=sees(a_face(vector(1))), min_similarity=-1))
    assert not answer.matches[0].candidates
    gone = api.GetPersonRequest(name=person.name)
    assert (await refusal(people("GetPerson", gone))).reason is Reason.NOT_FOUND
    # A repeat gives the receipt again, and so does who asks for it: then also that the space is cleared.
    again = await people("DeletePerson", api.DeletePersonRequest(name=person.name))
    assert again.erase_time == receipt.erase_time

    async def compacted() -> bool:
        name = f"{person.name}/erasureReceipt"
        kept = await people("GetErasureReceipt", api.GetErasureReceiptRequest(name=name))
        return bool(kept.HasField("compact_time"))

    await until(compacted)


async def test_what_still_runs_on_an_erased_picture_leaves_nothing_behind(
    people: Call, client: Any, sees: Any, add_media: Any, hand: Any, wanted: Any, database: Database
) -> None:
    media, person = await add_media(), await people("CreatePerson", somebody())
    request = wanted()
    request.job.spec.media = media
    job = await client("CreateJob", request)
    claim = await hand.claim(job.name)
    await people("AddFace", api.AddFaceRequest(person=person.name, image=sees(a_face(vector(1)), media=media)))
    await people("DeletePerson", api.DeletePersonRequest(name=person.name, erase_sources=True))
    await hand.complete(claim, job_pb2.JobResult(detect_faces={}))
    words = [name.rsplit("/", 1)[1] for name in (job.name, media)]
    assert await leftovers(database, words) == []


async def test_media_and_jobs_stay_where_their_erasure_is_not_asked_for(
    people: Call, sees: Any, add_media: Any, database: Database
) -> None:
    media, person = await add_media(), await people("CreatePerson", somebody())
    await people("AddFace", api.AddFaceRequest(person=person.name, image=sees(a_face(vector(1)), media=media)))
    receipt = await people("DeletePerson", api.DeletePersonRequest(name=person.name))
    assert (receipt.erased_vectors, receipt.erased_blobs, receipt.erased_results) == (1, 0, 0)
    assert await leftovers(database, [media.removeprefix("media/")]) == ["media"]


async def test_who_has_expired_is_erased_by_housekeeping_with_sources_and_receipt(
    people: Call, sees: Any, add_media: Any, database: Database
) -> None:
    media = await add_media()
    soon = datetime.now(UTC) + timedelta(seconds=3)
    doomed = await people("CreatePerson", somebody(expire_time=soon, erase_sources=True))
    stays = await people("CreatePerson", somebody(expire_time=datetime.now(UTC) + timedelta(days=1)))
    await people("AddFace", api.AddFaceRequest(person=doomed.name, image=sees(a_face(vector(1)), media=media)))
    assert (await people("GetPerson", api.GetPersonRequest(name=doomed.name))).face_count == 1

    async def erased() -> bool:
        page = await people("ListPersons", api.ListPersonsRequest())
        return [one.name for one in page.persons] == [stays.name]

    await until(erased)
    name = f"{doomed.name}/erasureReceipt"
    receipt = await people("GetErasureReceipt", api.GetErasureReceiptRequest(name=name))
    assert receipt.cause == person_pb2.ErasureReceipt.CAUSE_EXPIRY
    assert (receipt.erased_vectors, receipt.erased_blobs) == (1, 1)
    assert await leftovers(database, [media.removeprefix("media/")]) == []


async def test_nobody_is_created_who_has_expired(people: Call) -> None:
    gone = datetime.now(UTC) - timedelta(seconds=1)
    assert (await refusal(people("CreatePerson", somebody(expire_time=gone)))).reason is Reason.INVALID_ARGUMENT


async def test_an_erasure_that_was_broken_off_by_the_files_is_finished_before_there_is_a_receipt(
    people: Call, sees: Any, add_media: Any, settings: Settings, database: Database
) -> None:
    media, person = await add_media(), await people("CreatePerson", somebody())
    await people("AddFace", api.AddFaceRequest(person=person.name, image=sees(a_face(vector(1)), media=media)))
    deleting = api.DeletePersonRequest(name=person.name, erase_sources=True)
    with files_away(settings):
        assert (await refusal(people("DeletePerson", deleting))).reason is Reason.BLOBS_UNAVAILABLE
        asking = api.GetPersonRequest(name=person.name)
        assert (await refusal(people("GetPerson", asking))).reason is Reason.NOT_FOUND

    async def done() -> bool:
        async with database.connection() as connection:
            cursor = await connection.execute("SELECT erase_time IS NOT NULL, blob_keys FROM erasures")
            return await cursor.fetchone() == (True, [])

    await until(done)
    assert (await people("DeletePerson", deleting)).erased_blobs == 1
