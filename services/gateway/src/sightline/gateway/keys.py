"""Keys from the command line: `python -m sightline.gateway.keys create --tenant T --name N`."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Annotated, TypeVar
from uuid import UUID

import typer
from pydantic_settings import SettingsConfigDict

from sightline.common.errors import SightlineError
from sightline.common.settings import PostgresSettings, ServiceSettings
from sightline.common.state.database import Database
from sightline.common.state.keys import Keys
from sightline.common.telemetry import Metrics

T = TypeVar("T")

app = typer.Typer(
    help="Make, list and revoke the keys in the database of GATEWAY_POSTGRES__URL.",
    no_args_is_help=True,
    add_completion=False,
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
) -> None:
    """Make a key and print it, which is possible only now."""
    typer.echo(_run(lambda keys: keys.create(tenant, name, scope or [])))


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
        typer.echo(f"error: {error.message}", err=True)
        raise typer.Exit(1) from None


if __name__ == "__main__":
    app()
