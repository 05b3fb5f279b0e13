"""The schema from the command line: `python -m sightline.common.state upgrade`."""

from __future__ import annotations

from typing import Annotated

import typer
from pydantic_settings import SettingsConfigDict

from sightline.common.settings import PostgresSettings, ServiceSettings, load
from sightline.common.state import schema

app = typer.Typer(help="Bring the database of STATE_POSTGRES__URL to a revision of the schema.", no_args_is_help=True)


class Settings(ServiceSettings):
    """Settings of the migrations."""

    model_config = SettingsConfigDict(env_prefix="STATE_")

    postgres: PostgresSettings = PostgresSettings()


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


if __name__ == "__main__":
    app()
