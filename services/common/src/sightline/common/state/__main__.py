"""The schema, and what stands before it, from the command line: `python -m sightline.common.state upgrade`."""

from __future__ import annotations

from typing import Annotated

import typer
from pydantic_settings import SettingsConfigDict

from sightline.common.settings import PostgresSettings, ServiceSettings, load
from sightline.common.state import schema
from sightline.common.state.bouncer import BouncerSettings, Unsuitable, write_configuration

app = typer.Typer(help="Prepare the database of STATE_POSTGRES__URL.", no_args_is_help=True)


class Settings(ServiceSettings):
    """Settings of the migrations, and of a PgBouncer."""

    model_config = SettingsConfigDict(env_prefix="STATE_")

    postgres: PostgresSettings = PostgresSettings()
    bouncer: BouncerSettings = BouncerSettings()


def _url() -> str:
    return load(Settings, arguments=[]).postgres.url.get_secret_value()


@app.command()
def upgrade(revision: Annotated[str, typer.Argument()] = "head") -> None:
    """Apply the migrations up to a revision."""
    schema.upgrade(_url(), revision)


@app.command()
def downgrade(revision: Annotated[str, typer.Argument()]) -> None:
    """Take the migrations back to a revision; 'base' is the empty database."""
    schema.downgrade(_url(), revision)


@app.command()
def pgbouncer() -> None:
    """Write the configuration of a PgBouncer that suits the services into STATE_BOUNCER__FOLDER."""
    settings = load(Settings, arguments=[])
    try:
        write_configuration(settings.postgres, settings.bouncer)
    except (Unsuitable, OSError) as error:
        typer.echo(f"error: {error}", err=True)
        raise typer.Exit(2) from error


if __name__ == "__main__":
    app()
