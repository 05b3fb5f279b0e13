"""Alembic's entry: one connection, one transaction, and a lock so that two migrations never meet."""

from alembic import context
from sqlalchemy import create_engine, pool, text

# Any constant will do, as long as nobody else locks it.
MIGRATION_LOCK = 7_340_032

engine = create_engine(context.config.attributes["url"], poolclass=pool.NullPool)
with engine.connect() as connection:
    context.configure(connection=connection)
    with context.begin_transaction():
        # A role may have the timeout of the services' statements.
        connection.execute(text("SET LOCAL statement_timeout = 0"))
        connection.execute(text(f"SELECT pg_advisory_xact_lock({MIGRATION_LOCK})"))
        context.run_migrations()
