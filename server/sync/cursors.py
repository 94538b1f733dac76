"""Where a device stands in the feed, as a text that only this server can have written.

Each start of a server begins an epoch, which knows the feed's head at its beginning. A database
that was put back from a backup lacks the epochs that began after it, and ends the one that was
running where the backup was made: whoever has seen more than that is told so, and pushes what was
forgotten. Nobody has to remember to say that it was put back.
"""

import base64
import binascii
import json
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, func, insert, select

from app.domain.failures import Code, Rejected
from app.domain.ids import DeviceId, new_id
from server.database import feed_head
from server.keys import ServerKeys
from server.tables import epochs

# Signed in front of each cursor, so that no token can pose as one.
CURSOR_PURPOSE = b"bedside cursor v1\n"


@dataclass(frozen=True, slots=True)
class Cursor:
    """`text` is what the device gives back; `epoch` lets it see that a new one has begun."""

    epoch: str
    text: str


def begin_epoch(connection: Connection) -> None:
    last = connection.execute(select(func.max(epochs.c.number))).scalar() or 0
    values = {"number": last + 1, "id": str(new_id()), "began_at": feed_head(connection)}
    connection.execute(insert(epochs).values(values))


class Cursors:
    def __init__(self, keys: ServerKeys) -> None:
        self._keys = keys

    def at(self, connection: Connection, device: DeviceId, position: int) -> Cursor:
        epoch = _newest(connection)
        payload = json.dumps([epoch, position, str(device)], separators=(",", ":")).encode()
        signature = self._keys.sign(CURSOR_PURPOSE + payload)
        return Cursor(epoch, f"{_text(payload)}.{_text(signature)}")

    def must_fit(self, connection: Connection, text: str, device: DeviceId, position: int) -> None:
        """Rejected(CURSOR_REFUSED): forged, another's, or of a history that is not ours."""
        epoch, at, whose = self._read(text)
        if (at, whose) != (position, str(device)) or at > _end_of(connection, epoch):
            raise Rejected(Code.CURSOR_REFUSED)

    def must_be_of_now(self, connection: Connection, text: str, device: DeviceId) -> None:
        """For a push: whoever stands in an earlier epoch looks first what has become of theirs."""
        epoch, at, whose = self._read(text)
        is_ours = whose == str(device) and at <= _end_of(connection, epoch)
        if not is_ours or epoch != _newest(connection):
            raise Rejected(Code.CURSOR_REFUSED)

    def _read(self, text: str) -> Any:
        try:
            payload, signature = (_bytes(part) for part in text.split("."))
        except (ValueError, binascii.Error) as error:
            raise Rejected(Code.CURSOR_REFUSED) from error
        if not self._keys.has_signed(CURSOR_PURPOSE + payload, signature):
            raise Rejected(Code.CURSOR_REFUSED)
        return json.loads(payload)  # our own: the signature says so


def _newest(connection: Connection) -> str:
    newest = select(epochs.c.id).order_by(epochs.c.number.desc()).limit(1)
    return str(connection.execute(newest).scalar_one())


def _end_of(connection: Connection, epoch: str) -> int:
    """The last position that was given in this epoch; -1 of one that never was here."""
    number = connection.execute(select(epochs.c.number).where(epochs.c.id == epoch)).scalar()
    if number is None:
        return -1
    following = select(epochs.c.began_at).where(epochs.c.number == number + 1)
    end: int | None = connection.execute(following).scalar()
    return feed_head(connection) if end is None else end


def _text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode()


def _bytes(text: str) -> bytes:
    return base64.b64decode(text, altchars=b"-_", validate=True)
