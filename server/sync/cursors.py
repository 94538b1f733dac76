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

# Signed in front of each cursor, so that no token can pose as one, nor either as the other.
FEED_PURPOSE, LOAD_PURPOSE = b"bedside cursor v1\n", b"bedside first load v1\n"


@dataclass(frozen=True, slots=True)
class Cursor:
    """`text` is what the device gives back; `epoch` lets it see that a new one has begun."""

    epoch: str
    text: str


def begin_epoch(connection: Connection) -> None:
    last = connection.execute(select(func.max(epochs.c.number))).scalar() or 0
    values = {"number": last + 1, "id": str(new_id()), "began_at": feed_head(connection)}
    connection.execute(insert(epochs).values(values))


@dataclass(frozen=True, slots=True)
class Load:
    """How far a first load has come: after which id, of today's patients or of all.

    `as_of` is the feed's head when it began; from there on the feed tells what changed meanwhile.
    """

    as_of: int
    is_of_today: bool = True
    after: str = ""


class Cursors:
    def __init__(self, keys: ServerKeys) -> None:
        self._keys = keys

    def at(self, connection: Connection, device: DeviceId, position: int) -> Cursor:
        epoch = _newest(connection)
        return Cursor(epoch, self._signed(FEED_PURPOSE, [epoch, position, str(device)]))

    def load_at(self, connection: Connection, device: DeviceId, load: Load) -> str:
        place = [_newest(connection), load.as_of, str(device), load.is_of_today, load.after]
        return self._signed(LOAD_PURPOSE, place)

    def load_of(self, connection: Connection, text: str, device: DeviceId) -> Load:
        """An empty text begins one. Rejected(CURSOR_REFUSED), as below."""
        if not text:
            return Load(as_of=feed_head(connection))
        epoch, as_of, whose, is_of_today, after = self._read(LOAD_PURPOSE, text)
        if whose != str(device) or as_of > _end_of(connection, epoch):
            raise Rejected(Code.CURSOR_REFUSED)
        return Load(as_of, is_of_today, after)

    def must_fit(self, connection: Connection, text: str, device: DeviceId, position: int) -> None:
        """Rejected(CURSOR_REFUSED): forged, another's, or of a history that is not ours."""
        epoch, at, whose = self._read(FEED_PURPOSE, text)
        if (at, whose) != (position, str(device)) or at > _end_of(connection, epoch):
            raise Rejected(Code.CURSOR_REFUSED)

    def must_be_of_now(self, connection: Connection, text: str, device: DeviceId) -> None:
        """For a push: whoever stands in an earlier epoch looks first what has become of theirs."""
        epoch, at, whose = self._read(FEED_PURPOSE, text)
        is_ours = whose == str(device) and at <= _end_of(connection, epoch)
        if not is_ours or epoch != _newest(connection):
            raise Rejected(Code.CURSOR_REFUSED)

    def _signed(self, purpose: bytes, place: list[Any]) -> str:
        payload = json.dumps(place, separators=(",", ":")).encode()
        return f"{_text(payload)}.{_text(self._keys.sign(purpose + payload))}"

    def _read(self, purpose: bytes, text: str) -> Any:
        try:
            payload, signature = (_bytes(part) for part in text.split("."))
        except (ValueError, binascii.Error) as error:
            raise Rejected(Code.CURSOR_REFUSED) from error
        if not self._keys.has_signed(purpose + payload, signature):
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
