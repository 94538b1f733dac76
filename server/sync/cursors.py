"""Where a device stands in the feed, as a text that only this server can have written.

Each start of a server begins an epoch. A database that was put back from a backup lacks those that
began after it, and ends the one that was running when it was made: whoever has seen more is told.
"""

import base64
import binascii
import json
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from app.domain.failures import Code, Rejected
from app.domain.ids import DeviceId
from server.database import feed_head
from server.keys import ServerKeys
from server.sync.store import end_of_epoch, newest_epoch

# Signed in front of each cursor, so that no token can pose as one, nor either as the other.
FEED_PURPOSE, LOAD_PURPOSE = b"bedside cursor v1\n", b"bedside first load v1\n"


@dataclass(frozen=True, slots=True)
class Cursor:
    """`text` is what the device gives back; `epoch` lets it see that a new one has begun."""

    epoch: str
    text: str


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
        epoch = newest_epoch(connection)
        return Cursor(epoch, self._signed(FEED_PURPOSE, [epoch, position, str(device)]))

    def load_at(self, connection: Connection, device: DeviceId, load: Load) -> str:
        place = [newest_epoch(connection), load.as_of, str(device), load.is_of_today, load.after]
        return self._signed(LOAD_PURPOSE, place)

    def load_of(self, connection: Connection, text: str, device: DeviceId) -> Load:
        """An empty text begins one. Rejected(CURSOR_REFUSED), as below."""
        if not text:
            return Load(as_of=feed_head(connection))
        epoch, as_of, whose, is_of_today, after = self._read(LOAD_PURPOSE, text)
        if whose != str(device) or as_of > end_of_epoch(connection, epoch):
            raise Rejected(Code.CURSOR_REFUSED)
        return Load(as_of, is_of_today, after)

    def must_fit(self, connection: Connection, text: str, device: DeviceId, position: int) -> None:
        """Rejected(CURSOR_REFUSED): forged, another's, or of a history that is not ours."""
        epoch, at, whose = self._read(FEED_PURPOSE, text)
        if (at, whose) != (position, str(device)) or at > end_of_epoch(connection, epoch):
            raise Rejected(Code.CURSOR_REFUSED)

    def must_be_of_now(self, connection: Connection, text: str, device: DeviceId) -> None:
        """For a push: whoever stands in an earlier epoch looks first what has become of theirs."""
        epoch, at, whose = self._read(FEED_PURPOSE, text)
        is_ours = whose == str(device) and at <= end_of_epoch(connection, epoch)
        if not is_ours or epoch != newest_epoch(connection):
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


def _text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode()


def _bytes(text: str) -> bytes:
    return base64.b64decode(text, altchars=b"-_", validate=True)
