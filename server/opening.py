"""What happens to a data folder before it serves: made, migrated, marked, its key opened."""

from dataclasses import dataclass

from sqlalchemy import Connection

from server.accounts.setup_code import new_setup_code
from server.database import migrate, prepare_folder, write_once
from server.facts import mark_demonstration
from server.keys import ServerKeys, open_keys
from server.settings import ServerSettings


@dataclass(frozen=True, slots=True)
class Opened:
    """`setup_code` is there, and nowhere else, when the server has no account yet."""

    keys: ServerKeys
    setup_code: str | None


def open_folder(settings: ServerSettings) -> Opened:
    prepare_folder(settings.data)
    migrate(settings.database)

    def open_database(connection: Connection) -> Opened:
        if settings.is_demonstration:
            mark_demonstration(connection)
        keys = open_keys(settings.data, connection)
        return Opened(keys, new_setup_code(connection))

    return write_once(settings.database, open_database)
