"""How connections are opened, straight to PostgreSQL or through a pooler, and what their sessions are set to."""

from __future__ import annotations

from typing import Any

from psycopg.conninfo import conninfo_to_dict

from sightline.common.settings import PostgresSettings
from sightline.common.state.arrays import adapters

# What a pooler without a word of its own on them takes over from the URL of the database.
_IDENTITY = ("user", "password", "dbname")


def session_settings(settings: PostgresSettings) -> dict[str, str]:
    """Name the parameters of PostgreSQL that every session has, whoever opens it: a process of ours, or a pooler.

    Nobody sets them later: behind a pooler the next transaction may meet another session.
    """
    return {
        # A lock that a vanished client held, such as the leader's, is free in seconds.
        "tcp_keepalives_idle": "5",
        "tcp_keepalives_interval": "2",
        "tcp_keepalives_count": "3",
        "statement_timeout": str(int(settings.statement_timeout_seconds * 1000)),
        # Every statement of ours finds its rows by an index. A plan that was made while a table was nearly empty would
        # read all of it, and the checks of foreign keys keep their plans until the table is analysed: too long for a
        # burst.
        "enable_seqscan": "off",
    }


def straight(settings: PostgresSettings, application: str) -> dict[str, Any]:
    """Give the parameters of a connection to PostgreSQL itself, which keeps its session."""
    options = " ".join(f"-c {name}={value}" for name, value in session_settings(settings).items())
    return {**conninfo_to_dict(settings.url.get_secret_value()), **_common(settings, application), "options": options}


def pooled(settings: PostgresSettings, application: str) -> dict[str, Any]:
    """Give the parameters of a connection for single transactions: through the pooler, if there is one.

    A pooler refuses `options`: it sets the same on the sessions that it opens itself.
    """
    if settings.pooler is None:
        return straight(settings, application)
    database = conninfo_to_dict(settings.url.get_secret_value())
    identity = {name: database[name] for name in _IDENTITY if name in database}
    return {**identity, **conninfo_to_dict(settings.pooler.get_secret_value()), **_common(settings, application)}


def _common(settings: PostgresSettings, application: str) -> dict[str, Any]:
    made: dict[str, Any] = {
        "autocommit": True,
        "context": adapters(),
        "application_name": application,
        "connect_timeout": 5,
        # A server that vanished without a word is noticed in seconds, not in the hours of TCP's default.
        "keepalives_idle": 5,
        "keepalives_interval": 2,
        "keepalives_count": 3,
        "tcp_user_timeout": 15_000,
    }
    return made if settings.prepared_statements else {**made, "prepare_threshold": None}
