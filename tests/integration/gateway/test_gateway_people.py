"""People over a gateway with the real PostgreSQL, Valkey and files; the faces of pictures are what a test says."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlparse
from uuid import UUID, uuid4

import grpc
import numpy as np
import pytest
from opentelemetry.trace import NoOpTracerProvider

from sightline.common.blobs import open_blobs
from sightline.common.errors import Reason, SightlineError
from sightline.common.rpc import RpcServer, admit_forwarded, current_identity, from_rpc_error
from sightline.common.settings import RpcSettings
from sightline.common.state.database import Database
from sightline.common.telemetry import Metrics, Readiness
from sightline.gateway.settings import AnalysisServices, PeopleSettings, Settings
from sightline.v1 import (
    face_pb2,
    face_service_pb2,
    face_service_pb2_grpc,
    job_pb2,
    person_pb2,
    person_service_pb2 as api,
    person_service_pb2_grpc,
    usage_service_pb2,
)
from sightline.v1.face_pb2 import Face
from sightline.v1.geometry_pb2 import ImageSize, NormalizedBox
from sightline.v1.image_pb2 import ImageSource
from sightline.v1.model_pb2 import ModelInfo

MODEL = ModelInfo(name="embedder", version="1", sha256="ab" * 32)
NEWER = ModelInfo(name="embedder", version="2", sha256="cd" * 32)
WHERE = NormalizedBox(left=0.1, top=0.1, right=0.5, bottom=0.5)
Call = Callable[..., Awaitable[Any]]


def vector(seed: int, of: int | None = None, noise: float = 0.4) -> Any:
    """A random direction, or one that is near another."""
    own = np.random.default_rng(seed).standard_normal(512)
    own /= np.linalg.norm(own)
    both = own if of is None else vector(of) + noise * own
    return both / np.linalg.norm(both)


def a_face(values: Any, *, model: ModelInfo = MODEL, box: NormalizedBox = WHERE, **quality: float) -> Face:
    embedding = face_pb2.FaceEmbedding(values=values.tolist(), model=model, threshold=0.4)
    assessed = {"score": 0.9, "eye_distance_px": 60.0, "sharpness": 1.0, **quality}
    return Face(box=box, score=0.9, embedding=embedding, quality=face_pb2.FaceQuality(**assessed))


class Camera(face_service_pb2_grpc.FaceServiceServicer):
    """A face service that sees in each picture what a test has put there; a picture is its own name."""

    def __init__(self) -> None:
        self.pictures: dict[str, list[Face]] = {}
        self.asked: list[tuple[str, str]] = []

    async def EmbedFaces(self, request: Any, _context: Any) -> face_service_pb2.EmbedFacesResponse:  # noqa: N802
        name = request.image.media or request.image.content.decode()
        self.asked.append((current_identity().tenant, name))
        faces = self.pictures.get(name, [])[: request.options.max_faces or None]
        result = face_pb2.DetectFacesResult(faces=faces, image_size=ImageSize(width_px=640, height_px=480))
        return face_service_pb2.EmbedFacesResponse(result=result)


@pytest.fixture
async def camera() -> AsyncIterator[tuple[Camera, str]]:
    """The face service, and where it is."""
    service = Camera()
    server = RpcServer(
        RpcSettings(drain_seconds=0.2), Metrics(), NoOpTracerProvider(), Readiness({}), admit=admit_forwarded
    )
    server.add(face_service_pb2_grpc.add_FaceServiceServicer_to_server, service)
    async with server:
        yield service, f"127.0.0.1:{server.port}"


@pytest.fixture
def settings(settings: Settings, camera: tuple[Camera, str]) -> Settings:
    """A gateway before the face service of the test, which clears up without delay."""
    people = PeopleSettings(compact_seconds=0.1, faces_per_person_max=3)
    return settings.model_copy(update={"services": AnalysisServices(face=camera[1]), "people": people})


@pytest.fixture
def sees(camera: tuple[Camera, str]) -> Callable[..., ImageSource]:
    """Makes pictures with faces in them."""

    def put(*faces: Face, media: str = "") -> ImageSource:
        name = media or str(uuid4())
        camera[0].pictures[name] = list(faces)
        return ImageSource(media=media) if media else ImageSource(content=name.encode())

    return put


def caller(client: Any) -> Call:
    stub = person_service_pb2_grpc.PersonServiceStub(client.channel)

    async def call(method: str, request: Any) -> Any:
        return await getattr(stub, method)(request, metadata=client.metadata, timeout=30)

    return call


@pytest.fixture
def people(client: Any) -> Call:
    """Calls methods of PersonService."""
    return caller(client)


async def refusal(call: Awaitable[Any]) -> SightlineError:
    with pytest.raises(grpc.aio.AioRpcError) as raised:
        await call
    return from_rpc_error(raised.value)


def somebody(request_id: str = "", **changes: Any) -> api.CreatePersonRequest:
    fields = {"display_name": "Marie", "consent": "form 7", "purpose": "the door", **changes}
    return api.CreatePersonRequest(person=person_pb2.Person(**fields), request_id=request_id)


async def until(done: Callable[[], Awaitable[Any]], seconds: float = 15.0) -> None:
    async with asyncio.timeout(seconds):
        while not await done():
            await asyncio.sleep(0.05)


async def test_who_is_enrolled_is_found_again_and_a_stranger_is_not(people: Call, sees: Any) -> None:
    marie, albert = [await people("CreatePerson", somebody(display_name=name)) for name in ("Marie", "Albert")]
    for person, number in ((marie, 1), (albert, 2)):
        for shot in (10, 20):
            image = sees(a_face(vector(number + shot, of=number)))
            await people("AddFace", api.AddFaceRequest(person=person.name, image=image))
    group = sees(a_face(vector(31, of=1)), a_face(vector(32, of=2)), a_face(vector(33)))
    answer = await people("SearchFaces", api.SearchFacesRequest(image=group))
    named = [[one.display_name for one in match.candidates] for match in answer.matches]
    assert named == [["Marie"], ["Albert"], []]
    best = answer.matches[0].candidates[0]
    assert best.person == marie.name
    assert best.face.startswith(f"{marie.name}/faces/")
    assert best.similarity == pytest.approx(0.86, abs=0.1)
    assert best.min_similarity == pytest.approx(0.4)
    assert (answer.model.sha256, answer.outdated_face_count, answer.image_size.width_px) == (MODEL.sha256, 0, 640)
    assert not any(match.face.HasField("embedding") for match in answer.matches)
    assert (await people("GetPerson", api.GetPersonRequest(name=marie.name))).face_count == 2


async def test_the_least_similarity_and_the_number_of_people_are_what_the_client_says(people: Call, sees: Any) -> None:
    for number in range(6):
        person = await people("CreatePerson", somebody(display_name=str(number)))
        image = sees(a_face(vector(100 + number, of=1, noise=0.2 + 0.2 * number)))
        await people("AddFace", api.AddFaceRequest(person=person.name, image=image))
    asked = sees(a_face(vector(1)))

    async def found(**options: Any) -> list[str]:
        answer = await people("SearchFaces", api.SearchFacesRequest(image=asked, **options))
        return [one.display_name for one in answer.matches[0].candidates]

    assert await found() == ["0", "1", "2", "3", "4"]
    assert await found(max_matches=2) == ["0", "1"]
    assert await found(min_similarity=0.95) == ["0"]
    assert len(await found(max_matches=100, min_similarity=-1)) == 6


async def test_collections_and_tenants_know_nothing_of_each_other(
    start: Any, call: Any, people: Call, sees: Any
) -> None:
    staff = await people("CreatePerson", somebody(collection="staff"))
    face = a_face(vector(1))
    await people("AddFace", api.AddFaceRequest(person=staff.name, image=sees(face)))
    for collection, count in (("", 0), ("guests", 0), ("staff", 1)):
        answer = await people("SearchFaces", api.SearchFacesRequest(image=sees(face), collection=collection))
        assert len(answer.matches[0].candidates) == count
    other = caller(await call(await start(), "other"))
    answer = await other("SearchFaces", api.SearchFacesRequest(image=sees(face), collection="staff"))
    assert not answer.matches[0].candidates
    missing = staff.name[:-4] + "0000"
    for method, request in (
        ("GetPerson", lambda name: api.GetPersonRequest(name=name)),
        ("DeletePerson", lambda name: api.DeletePersonRequest(name=name)),
        ("ListFaces", lambda name: api.ListFacesRequest(parent=name)),
        ("AddFace", lambda name: api.AddFaceRequest(person=name, image=sees(face))),
        ("UpdatePerson", lambda name: api.UpdatePersonRequest(person=person_pb2.Person(name=name, purpose="x"))),
    ):
        theirs, nobodys = [await refusal(other(method, request(name))) for name in (staff.name, missing)]
        assert theirs.reason is nobodys.reason is Reason.NOT_FOUND
        assert theirs.message.replace(staff.name, "") == nobodys.message.replace(missing, "")


@pytest.mark.parametrize(
    ("faces", "reason"),
    [
        ([], Reason.FACE_NOT_FOUND),
        ([{"score": 0.1, "eye_distance_px": 9.0}], Reason.FACE_TOO_SMALL),
        ([{"score": 0.1, "sharpness": 0.1}], Reason.FACE_BLURRED),
        ([{"score": 0.1, "yaw_degrees": 66.0}], Reason.FACE_TURNED_AWAY),
        ([{}, {}], Reason.FACE_AMBIGUOUS),
    ],
)
async def test_a_face_by_which_nobody_could_be_told_is_refused_with_what_is_wrong(
    people: Call, sees: Any, faces: list[dict[str, float]], reason: Reason
) -> None:
    person = await people("CreatePerson", somebody())
    image = sees(*(a_face(vector(number), **quality) for number, quality in enumerate(faces)))
    error = await refusal(people("AddFace", api.AddFaceRequest(person=person.name, image=image)))
    assert error.reason is reason
    assert (await people("GetPerson", api.GetPersonRequest(name=person.name))).face_count == 0


async def test_of_several_faces_the_one_in_the_box_is_enrolled(people: Call, sees: Any) -> None:
    person = await people("CreatePerson", somebody())
    right = NormalizedBox(left=0.6, top=0.1, right=0.9, bottom=0.4)
    image = sees(a_face(vector(1)), a_face(vector(2), box=right))
    box = NormalizedBox(left=0.62, top=0.1, right=0.9, bottom=0.4)
    added = await people("AddFace", api.AddFaceRequest(person=person.name, image=image, box=box))
    assert added.face.face.box == right
    nowhere = NormalizedBox(left=0, top=0.9, right=0.05, bottom=1)
    error = await refusal(people("AddFace", api.AddFaceRequest(person=person.name, image=image, box=nowhere)))
    assert error.reason is Reason.FACE_NOT_FOUND


async def test_a_face_is_enrolled_once_however_often_the_call_is_repeated(
    people: Call, sees: Any, camera: tuple[Camera, str]
) -> None:
    person = await people("CreatePerson", somebody())
    image = sees(a_face(vector(1)))
    request = api.AddFaceRequest(person=person.name, image=image, request_id=str(uuid4()))
    first, again = [await people("AddFace", request) for _ in range(2)]
    assert first == again
    assert len(camera[0].asked) == 1
    request.image.CopyFrom(sees(a_face(vector(2))))
    assert (await refusal(people("AddFace", request))).reason is Reason.REQUEST_ID_REUSED


async def test_a_person_has_so_many_faces_and_each_can_be_erased(people: Call, sees: Any) -> None:
    person = await people("CreatePerson", somebody())
    adding = api.AddFaceRequest(person=person.name, image=sees(a_face(vector(1))))
    made = [(await people("AddFace", adding)).face.name for _ in range(3)]
    assert (await refusal(people("AddFace", adding))).reason is Reason.FACE_LIMIT_REACHED
    first = await people("ListFaces", api.ListFacesRequest(parent=person.name, page_size=2))
    last = await people("ListFaces", api.ListFacesRequest(parent=person.name, page_token=first.next_page_token))
    assert [face.name for face in [*first.faces, *last.faces]] == made[::-1]
    assert first.faces[0].model == MODEL
    await people("DeleteFace", api.DeleteFaceRequest(name=made[0]))
    assert (await refusal(people("DeleteFace", api.DeleteFaceRequest(name=made[0])))).reason is Reason.NOT_FOUND
    assert (await people("GetPerson", api.GetPersonRequest(name=person.name))).face_count == 2


async def test_faces_of_an_older_model_are_not_compared_but_told(people: Call, sees: Any) -> None:
    old = await people("CreatePerson", somebody(display_name="old"))
    await people("AddFace", api.AddFaceRequest(person=old.name, image=sees(a_face(vector(1)))))
    asked = sees(a_face(vector(1), model=NEWER))
    error = await refusal(people("SearchFaces", api.SearchFacesRequest(image=asked)))
    assert error.reason is Reason.FACES_OUTDATED
    new = await people("CreatePerson", somebody(display_name="new"))
    await people("AddFace", api.AddFaceRequest(person=new.name, image=asked))
    answer = await people("SearchFaces", api.SearchFacesRequest(image=asked))
    assert [one.display_name for one in answer.matches[0].candidates] == ["new"]
    assert (answer.model, answer.outdated_face_count) == (NEWER, 1)


async def test_people_are_listed_by_page_and_collection_and_changed(people: Call) -> None:
    made = [(await people("CreatePerson", somebody(collection="staff"))).name for _ in range(3)]
    guest = await people("CreatePerson", somebody())
    first = await people("ListPersons", api.ListPersonsRequest(page_size=2, collection="staff"))
    token = first.next_page_token
    second = await people("ListPersons", api.ListPersonsRequest(page_token=token, collection="staff"))
    assert [one.name for one in [*first.persons, *second.persons]] == made[::-1]
    assert [one.name for one in (await people("ListPersons", api.ListPersonsRequest())).persons] == [guest.name]
    assert len((await people("ListPersons", api.ListPersonsRequest(collection="-"))).persons) == 4
    error = await refusal(people("ListPersons", api.ListPersonsRequest(page_token=token)))
    assert error.reason is Reason.INVALID_PAGE_TOKEN
    change = api.UpdatePersonRequest(person=person_pb2.Person(name=guest.name, purpose="visits"))
    assert (await people("UpdatePerson", change)).purpose == "visits"
    change.update_mask.paths.append("collection")
    assert (await refusal(people("UpdatePerson", change))).reason is Reason.INVALID_ARGUMENT
    change.update_mask.paths[:] = ["consent"]
    assert (await refusal(people("UpdatePerson", change))).reason is Reason.INVALID_ARGUMENT


@pytest.mark.parametrize("missing", ["display_name", "consent", "purpose"])
async def test_nobody_is_kept_without_a_ground_and_a_purpose(people: Call, missing: str) -> None:
    error = await refusal(people("CreatePerson", somebody(**{missing: ""})))
    assert error.reason is Reason.INVALID_ARGUMENT


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


async def test_what_is_enrolled_and_searched_is_counted(people: Call, client: Any, sees: Any) -> None:
    person = await people("CreatePerson", somebody())
    await people("AddFace", api.AddFaceRequest(person=person.name, image=sees(a_face(vector(1)))))
    await people("SearchFaces", api.SearchFacesRequest(image=sees()))

    async def counted() -> bool:
        request = usage_service_pb2.GetUsageRequest()
        hours = (await client.usage.GetUsage(request, metadata=client.metadata, timeout=30)).hours
        return {"add_face", "search_faces"} <= {hour.kind for hour in hours}

    await until(counted, 20)


async def test_without_the_face_service_people_are_kept_but_not_seen(start: Any, call: Any, settings: Settings) -> None:
    alone = settings.model_copy(update={"services": AnalysisServices()})
    people = caller(await call(await start(alone)))
    person = await people("CreatePerson", somebody())
    image = ImageSource(content=b"x")
    error = await refusal(people("AddFace", api.AddFaceRequest(person=person.name, image=image)))
    assert error.reason is Reason.KIND_NOT_SERVED
