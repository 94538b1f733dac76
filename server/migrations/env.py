"""Alembic's way in: uses the connection that server/database.py hands over, or `-x data=FOLDER`."""

from pathlib import Path

from alembic import context
from sqlalchemy import Connection, create_engine
from sqlalchemy.pool import NullPool

from server.tables import metadata


def migrate(connection: Connection) -> None:
    context.configure(
        connection=connection,
        target_metadata=metadata,
        render_as_batch=True,  # SQLite alters a table by making it anew
        compare_type=True,
    )
    with context.begin_transaction():
        context.run_migrations()


given = context.config.attributes.get("connection")
if given is not None:
    migrate(given)
else:
    folder = Path(context.get_x_argument(as_dictionary=True)["data"])
    engine = create_engine(f"sqlite:///{folder / 'bedside.db'}", poolclass=NullPool)
    with engine.connect() as own:
        migrate(own)
        own.commit()
