"""`sightline people`: enrol people by their faces, find them in photos, and erase them."""

from __future__ import annotations

import datetime
from itertools import islice
from typing import TYPE_CHECKING, Annotated, TypeAlias

import typer

from sightline.client.command.complaints import Complaints, note
from sightline.client.command.exits import Exit
from sightline.client.command.output import AsJson, print_facts, print_json, print_table, when
from sightline.client.command.progress import bar
from sightline.client.command.session import session
from sightline.client.command.wording import counted

if TYPE_CHECKING:
    from sightline.v1.person_pb2 import EnrolledFace, ErasureReceipt, Person
    from sightline.v1.person_service_pb2 import SearchFacesResponse

app = typer.Typer(help="People who are known by their faces.", rich_markup_mode=None, no_args_is_help=True)

Name: TypeAlias = Annotated[str, typer.Argument(metavar="PERSON", help="persons/ID, or the ID alone.")]
Photos: TypeAlias = Annotated[
    list[str], typer.Argument(metavar="PHOTO...", help="Pictures, or names of uploaded media.")
]
Collection: TypeAlias = Annotated[
    str, typer.Option(metavar="NAME", help="Which people are searched together; the default collection if not given.")
]
Sources: TypeAlias = Annotated[
    bool | None,
    typer.Option(
        "--erase-sources/--keep-sources", help="Whether media that faces came from are erased with the person."
    ),
]


@app.command()
def create(
    context: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME", help="What to call the person.")],
    *,
    consent: Annotated[str, typer.Option(metavar="TEXT", help="On what ground the faces are kept.")],
    purpose: Annotated[str, typer.Option(metavar="TEXT", help="What they are kept for.")],
    collection: Collection = "",
    expires: Annotated[
        datetime.datetime | None, typer.Option(metavar="TIME", help="When the person is erased, in local time.")
    ] = None,
    erase_sources: Sources = None,
    as_json: AsJson = False,
) -> None:
    """Create a person, without a face at first.

    \b
    Examples:
      sightline people create "Marie Curie" --consent "form 7" --purpose "the door"
      sightline people create Guest --consent form-9 --purpose visit --expires 2027-01-31
    """
    with session(context).connect() as sightline:
        made = sightline.people.create(
            name,
            consent=consent,
            purpose=purpose,
            collection=collection,
            expires=expires,
            erase_sources=bool(erase_sources),
            timeout=session(context).timeout,
        )
        print_json(made) if as_json else typer.echo(made.name)


@app.command()
def add(context: typer.Context, person: Name, photos: Photos, as_json: AsJson = False) -> None:
    """Enrol the largest face of each photo.

    \b
    Example:
      sightline people add persons/0192f0c1-2a3b-7c4d-8e5f-60718293a4b5 portrait.jpg
    """
    complaints = Complaints()
    with session(context).connect() as sightline:
        for photo in photos:
            with complaints.about(photo), bar(photo):
                face = sightline.people.add_face(person, photo, timeout=session(context).timeout)
                print_json(face, photo=photo) if as_json else typer.echo(_enrolled(photo, face))
    complaints.end()


@app.command()
def search(
    context: typer.Context,
    photos: Photos,
    *,
    collection: Collection = "",
    max_matches: Annotated[int, typer.Option(min=0, max=100, help="Most people named for a face; 0 means 5.")] = 0,
    min_similarity: Annotated[
        float | None, typer.Option(min=-1, max=1, help="Least similarity of who is named; the model's own.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Find the people in photos among those who are enrolled.

    \b
    Examples:
      sightline people search group.jpg
      sightline people search door.jpg --json | jq -r '.matches[].candidates[0].displayName'

    Exits with 1 if nobody is found.
    """
    complaints, found = Complaints(), False
    with session(context).connect() as sightline:
        for photo in photos:
            with complaints.about(photo):
                with bar(photo):
                    answer = sightline.people.search(
                        photo,
                        collection,
                        max_matches=max_matches,
                        min_similarity=min_similarity,
                        timeout=session(context).timeout,
                    )
                found = found or any(match.candidates for match in answer.matches)
                print_json(answer, photo=photo) if as_json else _show_found(photo, answer)
    complaints.end(otherwise=Exit.OK if found else Exit.ANSWER_IS_NO)


@app.command("list")
def list_people(
    context: typer.Context,
    collection: Annotated[str, typer.Argument(metavar="[COLLECTION]", help="Which one, - for all of them.")] = "",
    limit: Annotated[int, typer.Option(min=0, help="Most to list; 0 means all.")] = 50,
    as_json: AsJson = False,
) -> None:
    """List the people of a collection, the newest first."""
    with session(context).connect() as sightline:
        found = sightline.people.list(collection, page_size=min(limit, 1000), timeout=session(context).timeout)
        listed = islice(found, limit or None)
        if as_json:
            for person in listed:
                print_json(person)
        else:
            columns = ["PERSON", " FACES", "COLLECTION", "CREATED", "EXPIRES", "NAME"]
            print_table(columns, [_row(person) for person in listed])


@app.command()
def show(context: typer.Context, person: Name, as_json: AsJson = False) -> None:
    """Show a person with the enrolled faces."""
    with session(context).connect() as sightline:
        found = sightline.people.get(person, timeout=session(context).timeout)
        if as_json:
            print_json(found)
            return
        print_facts(_facts(found))
        faces = list(sightline.people.faces(person, timeout=session(context).timeout))
        if faces:
            print_table(["FACE", " QUALITY", "MODEL", "ENROLLED", "FROM"], [_face_row(face) for face in faces])


@app.command()
def delete(
    context: typer.Context,
    persons: Annotated[list[str], typer.Argument(metavar="PERSON...", help="persons/ID, or the IDs alone.")],
    erase_sources: Sources = None,
    as_json: AsJson = False,
) -> None:
    """Erase people, and show the receipts."""
    complaints = Complaints()
    with session(context).connect() as sightline:
        for person in persons:
            with complaints.about(person):
                receipt = sightline.people.delete(person, erase_sources=erase_sources, timeout=session(context).timeout)
                print_json(receipt) if as_json else print_facts(_receipt(receipt))
    complaints.end()


@app.command()
def receipt(context: typer.Context, person: Name, as_json: AsJson = False) -> None:
    """Show the receipt of an erasure again."""
    with session(context).connect() as sightline:
        kept = sightline.people.receipt(person, timeout=session(context).timeout)
        print_json(kept) if as_json else print_facts(_receipt(kept))


def _enrolled(photo: str, face: EnrolledFace) -> str:
    return f"{photo}: {face.name}, quality {face.face.quality.score:.2f}"


def _show_found(photo: str, answer: SearchFacesResponse) -> None:
    typer.echo(f"{photo}: {counted(len(answer.matches), 'face')}")
    rows = [
        [str(number), f"{one.similarity:.3f}", one.person, one.display_name]
        for number, match in enumerate(answer.matches, start=1)
        for one in match.candidates
    ]
    if rows:
        print_table([" #", " similarity", "person", "name"], rows)
    if answer.outdated_face_count:
        note(f"{answer.outdated_face_count} faces of an older model were not searched: enrol them again")


def _row(person: Person) -> list[str]:
    return [
        person.name, str(person.face_count), person.collection, when(person.create_time), when(person.expire_time),
        person.display_name,
    ]  # fmt: skip


def _facts(person: Person) -> dict[str, str]:
    return {
        "name": person.display_name,
        "consent": person.consent,
        "purpose": person.purpose,
        "collection": person.collection,
        "created": when(person.create_time),
        "expires": when(person.expire_time),
        "sources": "erased with the person" if person.erase_sources else "",
        "faces": str(person.face_count),
    }


def _face_row(face: EnrolledFace) -> list[str]:
    return [face.name, f"{face.face.quality.score:.2f}", face.model.name, when(face.create_time), face.media]


def _receipt(receipt: ErasureReceipt) -> dict[str, str]:
    return {
        "erased": receipt.person,
        "vectors": str(receipt.erased_vectors),
        "files": str(receipt.erased_blobs),
        "results": str(receipt.erased_results),
        "complete": when(receipt.erase_time),
        "space cleared": when(receipt.compact_time),
    }
