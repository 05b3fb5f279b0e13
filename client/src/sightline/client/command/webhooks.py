"""`sightline webhooks`: addresses that are told when jobs end."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Annotated, TypeAlias

import typer

from sightline.client.command.complaints import Complaints, note
from sightline.client.command.output import AsJson, print_facts, print_json, print_table, when
from sightline.client.command.session import session

if TYPE_CHECKING:
    from sightline.v1.job_pb2 import Job
    from sightline.v1.webhook_pb2 import Webhook, WebhookDelivery

app = typer.Typer(help="Be told when jobs end.", rich_markup_mode=None, no_args_is_help=True)

Name: TypeAlias = Annotated[str, typer.Argument(metavar="WEBHOOK", help="webhooks/ID, or the ID alone.")]
Names: TypeAlias = Annotated[list[str], typer.Argument(metavar="WEBHOOK...", help="webhooks/ID, or the IDs alone.")]
_ENDS = ("SUCCEEDED", "FAILED", "CANCELLED")
_STATES = ("PENDING", "DELIVERED", "DEAD")


@app.command()
def create(
    context: typer.Context,
    uri: Annotated[str, typer.Argument(metavar="ADDRESS", help="An https address of a public host.")],
    *,
    states: Annotated[str, typer.Option(metavar="A,B", help=f"Which ends: {', '.join(_ENDS)}; all if not given.")] = "",
    kinds: Annotated[
        str, typer.Option(metavar="A,B", help="Which kinds, such as detect_faces; all if not given.")
    ] = "",
    label: Annotated[
        list[str] | None, typer.Option(metavar="KEY=VALUE", help="Only jobs with this label; may be repeated.")
    ] = None,
    name: Annotated[str, typer.Option(metavar="NAME", help="What to call it.")] = "",
    as_json: AsJson = False,
) -> None:
    """Register an address, and print the secret that calls of it are signed with: it is shown this once.

    \b
    Examples:
      sightline webhooks create https://example.com/sightline
      sightline webhooks create https://example.com/failed --states FAILED --label film=solvay
    """
    ends, labels = _ends(states), dict(map(_pair, label or ()))
    with session(context).connect() as sightline:
        made = sightline.webhooks.create(
            uri, states=ends, kinds=_words(kinds), labels=labels, name=name, timeout=session(context).timeout
        )
        print_json(made) if as_json else print_facts({"name": made.name, "secret": made.secret})
        if not as_json:
            note("keep the secret: it can't be read again")


@app.command("list")
def list_webhooks(
    context: typer.Context,
    limit: Annotated[int, typer.Option(min=0, help="Most to list; 0 means all.")] = 50,
    as_json: AsJson = False,
) -> None:
    """List webhooks, the newest first."""
    with session(context).connect() as sightline:
        found = sightline.webhooks.list(page_size=min(limit, 1000), timeout=session(context).timeout)
        listed = islice(found, limit or None)
        if as_json:
            for webhook in listed:
                print_json(webhook)
        else:
            print_table(["WEBHOOK", "ADDRESS", "TOLD", "CREATED", "NAME"], [_row(webhook) for webhook in listed])


@app.command()
def disable(context: typer.Context, webhooks: Names) -> None:
    """Tell webhooks nothing from now on; what waits is given up."""
    _switch(context, webhooks, disabled=True)


@app.command()
def enable(context: typer.Context, webhooks: Names) -> None:
    """Tell webhooks again of jobs that end from now on."""
    _switch(context, webhooks, disabled=False)


@app.command()
def delete(context: typer.Context, webhooks: Names) -> None:
    """Delete webhooks with their deliveries."""
    complaints = Complaints()
    with session(context).connect() as sightline:
        for webhook in webhooks:
            with complaints.about(webhook):
                sightline.webhooks.delete(webhook, timeout=session(context).timeout)
    complaints.end()


@app.command()
def test(context: typer.Context, webhook: Name, as_json: AsJson = False) -> None:
    """Send a webhook a test event; `sightline webhooks deliveries` shows what became of it."""
    with session(context).connect() as sightline:
        sent = sightline.webhooks.test(webhook, timeout=session(context).timeout)
        print_json(sent) if as_json else typer.echo(sent.name)


@app.command()
def deliveries(
    context: typer.Context,
    webhook: Annotated[str, typer.Argument(metavar="[WEBHOOK]", help="Whose; those of all if not given.")] = "-",
    state: Annotated[str, typer.Option(metavar="STATE", help=f"One of {', '.join(_STATES)}; all if not given.")] = "",
    limit: Annotated[int, typer.Option(min=0, help="Most to list; 0 means all.")] = 50,
    as_json: AsJson = False,
) -> None:
    """List what was sent or waits to be sent, the newest first.

    \b
    Examples:
      sightline webhooks deliveries
      sightline webhooks deliveries --state DEAD --json | jq -r .name | xargs sightline webhooks redeliver
    """
    wanted = _STATES.index(_one_of(state.upper(), _STATES)) + 1 if state else 0
    with session(context).connect() as sightline:
        found = sightline.webhooks.deliveries(
            webhook,
            state=wanted,  # type: ignore[arg-type] # the numbers of the contract; its enum would load gRPC for --help
            page_size=min(limit, 1000),
            timeout=session(context).timeout,
        )
        listed = islice(found, limit or None)
        if as_json:
            for delivery in listed:
                print_json(delivery)
        else:
            columns = ["DELIVERY", "EVENT", "STATE", " ATTEMPTS", "HAPPENED", "LAST ANSWER"]
            print_table(columns, [_delivery_row(delivery) for delivery in listed])


@app.command()
def redeliver(
    context: typer.Context,
    deliveries: Annotated[list[str], typer.Argument(metavar="DELIVERY...", help="webhooks/ID/deliveries/ID.")],
    as_json: AsJson = False,
) -> None:
    """Send deliveries again, whatever became of them."""
    complaints = Complaints()
    with session(context).connect() as sightline:
        for delivery in deliveries:
            with complaints.about(delivery):
                sent = sightline.webhooks.redeliver(delivery, timeout=session(context).timeout)
                print_json(sent) if as_json else typer.echo(sent.name)
    complaints.end()


def _switch(context: typer.Context, webhooks: list[str], *, disabled: bool) -> None:
    complaints = Complaints()
    with session(context).connect() as sightline:
        for webhook in webhooks:
            with complaints.about(webhook):
                sightline.webhooks.update(webhook, disabled=disabled, timeout=session(context).timeout)
    complaints.end()


def _words(text: str) -> list[str]:
    return [word.strip() for word in text.split(",") if word.strip()]


def _ends(text: str) -> list[Job.State.ValueType]:
    words = [_one_of(word.upper(), _ENDS) for word in _words(text)]
    from sightline.v1.job_pb2 import Job  # noqa: PLC0415 - gRPC takes longer to load than --help may

    return [Job.State.Value(f"STATE_{word}") for word in words]


def _one_of(word: str, known: tuple[str, ...]) -> str:
    if word not in known:
        raise typer.BadParameter(f"{word} is none of {', '.join(known)}")
    return word


def _pair(text: str) -> tuple[str, str]:
    key, separator, value = text.partition("=")
    if not separator:
        raise typer.BadParameter(f"--label wants KEY=VALUE, not {text}")
    return key, value


def _row(webhook: Webhook) -> list[str]:
    told = "nothing" if webhook.disabled else ", ".join([*_state_names(webhook), *webhook.kinds, *_labels(webhook)])
    return [webhook.name, webhook.uri, told or "everything", when(webhook.create_time), webhook.display_name]


def _state_names(webhook: Webhook) -> list[str]:
    from sightline.v1.job_pb2 import Job  # noqa: PLC0415 - gRPC takes longer to load than --help may

    return [Job.State.Name(state).removeprefix("STATE_") for state in webhook.states]


def _labels(webhook: Webhook) -> list[str]:
    return [f"{key}={value}" for key, value in sorted(webhook.labels.items())]


def _delivery_row(delivery: WebhookDelivery) -> list[str]:
    state = delivery.State.Name(delivery.state).removeprefix("STATE_")
    answer = delivery.error_message or (str(delivery.status_code) if delivery.status_code else "")
    return [
        delivery.name, delivery.event, state, str(delivery.attempt_count), when(delivery.create_time), answer,
    ]  # fmt: skip
