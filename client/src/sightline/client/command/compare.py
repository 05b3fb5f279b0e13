"""`sightline compare`: say whether two photos show the same person."""

from __future__ import annotations

from typing import Annotated

import typer

from sightline.client.command.complaints import Complaints
from sightline.client.command.exits import Exit
from sightline.client.command.output import AsJson, print_json
from sightline.client.command.session import session


def compare(
    context: typer.Context,
    first: Annotated[str, typer.Argument(metavar="A", help="A picture; its largest face counts.")],
    second: Annotated[str, typer.Argument(metavar="B", help="Another one.")],
    threshold: Annotated[
        float | None, typer.Option(min=-1, max=1, help="Least similarity of one person's faces; the model's own.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Say whether two photos show the same person.

    \b
    Examples:
      sightline compare passport.jpg selfie.jpg
      if sightline compare a.jpg b.jpg; then echo same; fi

    Exits with 1 if they do not.
    """
    complaints, same = Complaints(), False
    with session(context).connect() as sightline, complaints.about(f"{first}, {second}"):
        answer = sightline.faces.compare(first, second, threshold=threshold, timeout=session(context).timeout)
        same = answer.same_person
        if as_json:
            print_json(answer, firstPhoto=first, secondPhoto=second)
        else:
            verdict = "the same person" if same else "not the same person"
            typer.echo(f"{verdict}: similarity {answer.similarity:.3f}, threshold {answer.threshold:.3f}")
    complaints.end(otherwise=Exit.OK if same else Exit.ANSWER_IS_NO)
