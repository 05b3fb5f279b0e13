"""People and their faces in the real PostgreSQL: search by index and one by one, erasure, no pgvector."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID, uuid4

import numpy as np
import psycopg
import pytest
from pydantic import SecretStr

from sightline.common.errors import NotFound, Reason, SightlineError
from sightline.common.settings import PostgresSettings
from sightline.common.state import schema
from sightline.common.state.database import Database
from sightline.common.state.erasures import Cause, Erasures, Whom
from sightline.common.state.faces import Faces, NewFace, Sizes, Space
from sightline.common.state.identifiers import uuid7
from sightline.common.state.people import NewPerson, People
from sightline.common.state.statements import statement
from sightline.common.telemetry import Metrics

TENANT = "acme"
MODEL = b"m" * 32


def unit(rows: Any) -> Any:
    return rows / np.linalg.norm(rows, axis=-1, keepdims=True)


def vectors(count: int, seed: int = 1, dimensions: int = 512) -> Any:
    return unit(np.random.default_rng(seed).standard_normal((count, dimensions)))


def new_person(**changes: Any) -> NewPerson:
    fields: dict[str, Any] = {
        "tenant": TENANT, "person_id": uuid7(), "collection": "", "display_name": "Marie", "consent": "form 7",
        "purpose": "door", "erase_sources": False, "expire_time": None, "request_id": None, "body_sha256": b"",
    }  # fmt: skip
    return NewPerson(**{**fields, **changes})


def new_face(person_id: UUID, embedding: Any, **changes: Any) -> NewFace:
    fields: dict[str, Any] = {
        "tenant": TENANT, "person_id": person_id, "face_id": uuid7(), "model_sha256": MODEL, "model_name": "m",
        "model_version": "1", "embedding": [float(one) for one in embedding], "threshold": 0.4, "face": b"face",
        "width_px": 64, "height_px": 48, "media_id": None, "request_id": None, "body_sha256": b"",
    }  # fmt: skip
    return NewFace(**{**fields, **changes})


@asynccontextmanager
async def opened(url: str) -> AsyncIterator[Database]:
    database = Database(PostgresSettings(url=SecretStr(url)), Metrics(), "tests")
    await database.open()
    yield database
    await database.close()


@pytest.fixture
def people(database: Database) -> People:
    return People(database)


@pytest.fixture
def faces(database: Database) -> Faces:
    return Faces(database)


async def test_a_repeated_creation_gives_the_first_person_and_a_reused_id_is_refused(people: People) -> None:
    request_id = uuid4()
    first = await people.add(new_person(request_id=request_id, body_sha256=b"1"))
    again = await people.add(new_person(request_id=request_id, body_sha256=b"1"))
    assert again == first
    with pytest.raises(SightlineError) as refused:
        await people.add(new_person(request_id=request_id, body_sha256=b"2"))
    assert refused.value.reason is Reason.REQUEST_ID_REUSED


async def test_a_person_has_so_many_faces_and_no_more(people: People, faces: Faces) -> None:
    person = await people.add(new_person())
    (one,) = vectors(1)
    assert await faces.add(new_face(person.person_id, one), count_max=1)
    assert await faces.add(new_face(person.person_id, one), count_max=1) is None
    assert (await people.get(TENANT, person.person_id)).face_count == 1


async def test_vectors_of_two_models_collections_and_tenants_are_never_compared(people: People, faces: Faces) -> None:
    (one,) = vectors(1)
    for tenant, collection, model in (("acme", "", b"o" * 32), ("acme", "staff", MODEL), ("other", "", MODEL)):
        person = await people.add(new_person(tenant=tenant, collection=collection))
        await faces.add(new_face(person.person_id, one, tenant=tenant, model_sha256=model), count_max=9)
    space = Space(TENANT, "", MODEL)
    for ef_search in (None, 100):
        assert await faces.near(space, list(one), count=10, ef_search=ef_search) == []
    assert (await faces.sizes(space)).own == 0
    assert await faces.outdated(space) == 1


async def test_vectors_of_other_dimensions_are_compared_one_by_one(people: People, faces: Faces) -> None:
    person = await people.add(new_person())
    (one,) = vectors(1, dimensions=128)
    await faces.add(new_face(person.person_id, one), count_max=9)
    (found,) = await faces.near(Space(TENANT, "", MODEL), list(one), count=10, ef_search=None)
    assert found.similarity == pytest.approx(1, abs=1e-3)


CENTRES, OF_EACH = vectors(400), 5


@pytest.fixture(scope="module")
def filled(module_postgres_url: str) -> tuple[str, list[UUID]]:
    """A database with 2,000 faces of 400 people, and the people."""
    noise = vectors(len(CENTRES) * OF_EACH, seed=2) * 0.577
    owners = [uuid7() for _ in CENTRES]
    columns = "tenant, collection, person_id, face_id, model_sha256, model_name, model_version, dimensions, embedding"
    copy = f"COPY faces ({columns}, threshold, face, width_px, height_px) FROM STDIN"
    with psycopg.connect(module_postgres_url, autocommit=True) as connection:
        with connection.cursor().copy(copy) as rows:
            for number, vector in enumerate(unit(np.repeat(CENTRES, OF_EACH, axis=0) + noise)):
                text = json.dumps([round(float(one), 6) for one in vector])
                rows.write_row(
                    (TENANT, "", owners[number // OF_EACH], uuid7(), MODEL, "m", "1", 512, text, 0.4, b"", 1, 1)
                )
        connection.execute("ANALYZE faces")
    return module_postgres_url, owners


async def test_the_index_finds_who_an_exact_search_finds(filled: tuple[str, list[UUID]]) -> None:
    url, owners = filled
    space, asked = Space(TENANT, "", MODEL), unit(CENTRES[:40] + vectors(40, seed=3) * 0.577)
    agreed = 0
    async with opened(url) as database:
        faces = Faces(database)
        assert await faces.sizes(space) == Sizes(2000, 2000)
        for number, vector in enumerate(asked.tolist()):
            exact = await faces.near(space, vector, count=5, ef_search=None)
            near = await faces.near(space, vector, count=5, ef_search=200)
            assert exact[0].person_id == owners[number]
            agreed += len({one.face_id for one in exact} & {one.face_id for one in near})
    assert agreed / (40 * 5) >= 0.98


def plan_of(url: str, name: str) -> list[dict[str, Any]]:
    with psycopg.connect(url, cursor_factory=psycopg.ClientCursor) as connection:
        if name == "faces.near":
            connection.execute(statement("faces.prepare"), {"ef_search": 200})
        connection.execute("SET enable_seqscan = off")
        given = {
            "tenant": TENANT,
            "collection": "",
            "model_sha256": MODEL,
            "embedding": [1.0] + [0.0] * 511,
            "count": 9,
        }
        row = connection.execute(f"EXPLAIN (FORMAT JSON) {statement(name)}", given).fetchone()
        assert row is not None
        return list(nodes(row[0][0]["Plan"]))


def nodes(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield node
    for child in node.get("Plans", ()):
        yield from nodes(child)


def test_a_near_search_reads_the_vector_index_of_one_part_and_an_exact_one_the_faces_of_its_model(
    filled: tuple[str, list[UUID]],
) -> None:
    indexes = [node["Index Name"] for node in plan_of(filled[0], "faces.near") if "Index Name" in node]
    assert len(indexes) == 1
    assert indexes[0].endswith("_embedding_idx")
    with_exact = plan_of(filled[0], "faces.exact")
    assert len({node["Relation Name"] for node in with_exact if "Relation Name" in node}) == 1
    assert not any("embedding" in node.get("Index Name", "") for node in with_exact)


async def test_the_vectors_of_the_erased_are_in_no_file_of_table_or_index(
    people: People, faces: Faces, database: Database
) -> None:
    gone, stays = [await people.add(new_person()) for _ in range(2)]
    for person, vector in zip((gone, stays), vectors(2), strict=True):
        await faces.add(new_face(person.person_id, vector), count_max=9)
    before = await looked_for(database, [one.astype(np.float16).tobytes() for one in vectors(2)])
    assert min(before) >= 2  # in the table and in the index
    erasures, whom = Erasures(database), Whom(TENANT, gone.person_id)
    await erasures.begin(whom, Cause.REQUEST, sources=None)
    await erasures.complete(whom)
    receipt = await erasures.get(whom)
    assert receipt.erased_vectors == 1
    assert receipt.erase_time
    assert receipt.compact_time is None
    assert await erasures.compact() == 1
    assert (await erasures.get(whom)).compact_time
    erased, kept = await looked_for(database, [one.astype(np.float16).tobytes() for one in vectors(2)])
    assert kept >= 2
    assert erased == 0
    assert await erasures.compact() == 0


async def looked_for(database: Database, needles: list[bytes]) -> list[int]:
    """Count the files of faces and their indexes in which each of the byte strings lies."""
    sql = """
        SELECT pg_read_binary_file(pg_relation_filepath(oid)) FROM pg_class
        WHERE relname LIKE 'faces%' AND relkind IN ('r', 'i') AND pg_relation_size(oid) > 0"""
    async with database.connection() as connection:
        await connection.execute("CHECKPOINT")
        cursor = await connection.execute(sql)
        files = [bytes(row[0]) for row in await cursor.fetchall()]
    return [sum(needle[:900] in file for file in files) for needle in needles]


async def test_erasing_twice_gives_one_receipt_and_a_stranger_none(people: People, database: Database) -> None:
    person = await people.add(new_person())
    erasures, whom = Erasures(database), Whom(TENANT, person.person_id)
    for _ in range(2):
        await erasures.begin(whom, Cause.REQUEST, sources=None)
        await erasures.complete(whom)
    assert (await erasures.get(whom)).erased_vectors == 0
    with pytest.raises(NotFound):
        await erasures.begin(Whom("other", person.person_id), Cause.REQUEST, sources=None)


async def test_without_pgvector_everything_else_works_and_people_say_what_is_missing(
    empty_postgres_url: str,
) -> None:
    hide_pgvector(empty_postgres_url, hidden=True)
    schema.upgrade(empty_postgres_url)
    async with opened(empty_postgres_url) as database:
        for missed in (People(database).add(new_person()), Faces(database).sizes(Space(TENANT, "", MODEL))):
            with pytest.raises(SightlineError) as refused:
                await missed
            assert refused.value.reason is Reason.KIND_NOT_SERVED
        assert await Erasures(database).expired(10) == []
        hide_pgvector(empty_postgres_url, hidden=False)
        schema.upgrade(empty_postgres_url)
        assert (await People(database).add(new_person())).face_count == 0


def hide_pgvector(url: str, *, hidden: bool) -> None:
    """Make a database look as if the extension were not installed on its server, for the function that looks for it."""
    with psycopg.connect(url, autocommit=True) as connection:
        if hidden:
            connection.execute(
                "CREATE VIEW pg_available_extension_versions AS"
                " SELECT name, version FROM pg_catalog.pg_available_extension_versions WHERE name <> 'vector'"
            )
            connection.execute("ALTER DATABASE {} SET search_path = public, pg_catalog".format(url.rsplit("/", 1)[1]))
        else:
            connection.execute("DROP VIEW public.pg_available_extension_versions")
