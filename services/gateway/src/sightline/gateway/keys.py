"""Keys from the command line: `python -m sightline.gateway.keys create --tenant T --name N`."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Annotated, TypeVar
from uuid import UUID

import typer
from pydantic_settings import SettingsConfigDict

from sightline.common.errors import SightlineError, TemporarilyAway
from sightline.common.settings import PostgresSettings, ServiceSettings
from sightline.common.state.database import Database
from sightline.common.state.keys import Keys
from sightline.common.telemetry import Metrics
from sightline.gateway.quotas.limits import NAMES

T = TypeVar("T")
Limits = Annotated[
    list[str] | None, typer.Option("--limit", help="name=value, or name= for none of its own; may be given again")
]

_TENANT = "tenant:"

app = typer.Typer(
    help="Make, list and revoke the keys in the database of GATEWAY_POSTGRES__URL.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
)


class KeyCommandSettings(ServiceSettings):
    """What the command needs of the gateway's settings; it runs in the gateway's environment."""

    model_config = SettingsConfigDict(env_prefix="GATEWAY_", extra="ignore")

    postgres: PostgresSettings = PostgresSettings()


@app.command()
def create(
    tenant: Annotated[str, typer.Option(help="whose resources the key sees")],
    name: Annotated[str, typer.Option(help="what people call it")],
    scope: Annotated[list[str] | None, typer.Option(help="what the key may do; may be given again")] = None,
    limit: Limits = None,
) -> None:
    """Make a key and print it, which is possible only now."""
    limits = _limits(limit)

    async def make(keys: Keys) -> str:
        return await keys.create(tenant, name, scope or [], limits=limits)

    typer.echo(_run(make))


@app.command()
def limits(
    subject: Annotated[str, typer.Argument(help="the id of a key as listed, or tenant:NAME for all keys of one")],
    limit: Limits = None,
) -> None:
    """Change limits and print those that the key or tenant has; for all others the gateway's settings hold."""
    changes = _limits(limit)
    key_id = None if subject.startswith(_TENANT) else _key_id(subject)

    async def change(keys: Keys) -> dict[str, int]:
        if key_id is None:
            return await keys.limit_tenant(subject.removeprefix(_TENANT), changes)
        return await keys.limit_key(key_id, changes)

    for name, value in sorted(_run(change).items()):
        typer.echo(f"{name}={value}")


@app.command(name="list")
def list_all() -> None:
    """List all keys, the oldest first; the keys themselves are stored nowhere."""
    for key in _run(lambda keys: keys.list_all()):
        state = f"revoked {key.revoke_time:%Y-%m-%d %H:%M}" if key.revoke_time else "valid"
        typer.echo(f"{key.key_id}  {key.create_time:%Y-%m-%d %H:%M}  {key.tenant}  {state}  {key.display_name}")


@app.command()
def revoke(key_id: Annotated[UUID, typer.Argument(help="as listed")]) -> None:
    """Refuse a key from now on; gateways that have just seen it take some seconds to know."""
    _run(lambda keys: keys.revoke(key_id))


def _key_id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise typer.BadParameter(f"{text} is neither the id of a key nor {_TENANT}NAME") from None


def _limits(given: list[str] | None) -> dict[str, int | None]:
    """Read `name=value` pairs."""
    changes: dict[str, int | None] = {}
    for text in given or []:
        name, _, value = text.partition("=")
        if name not in NAMES:
            raise typer.BadParameter(f"there is no limit {name}; there are {', '.join(NAMES)}")
        if value and not value.isdecimal():
            raise typer.BadParameter(f"{text}: the value must be a whole number, 0 or more")
        changes[name] = int(value) if value else None
    return changes


def _run(work: Callable[[Keys], Awaitable[T]]) -> T:
    """Do the work on the database, or say in one sentence what went wrong."""

    async def connected() -> T:
        database = Database(KeyCommandSettings().postgres, Metrics(), "keys")
        await database.open()
        try:
            return await work(Keys(database))
        finally:
            await database.close()

    try:
        return asyncio.run(connected())
    except SightlineError as error:
        where = "; GATEWAY_POSTGRES__URL says where it is" if isinstance(error, TemporarilyAway) else ""
        typer.echo(f"error: {error.message}{where}", err=True)
        raise typer.Exit(1) from None


if __name__ == "__main__":
    app()
