"""Where a device stands in the feed, as a text that only this server can have written.

Each start of a server begins an epoch. A database that was put back from a backup lacks those that
began after it, and ends the one that was running when it was made: whoever has seen more is told.
A cursor marks the scopes, too, under which it was given: under others all is loaded anew.
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

    def at(self, connection: Connection, device: DeviceId, position: int, scope: str) -> Cursor:
        epoch = newest_epoch(connection)
        return Cursor(epoch, self._signed(FEED_PURPOSE, [epoch, position, str(device), scope]))

    def load_at(self, connection: Connection, device: DeviceId, load: Load, scope: str) -> str:
        epoch = newest_epoch(connection)
        place = [epoch, load.as_of, str(device), load.is_of_today, load.after, scope]
        return self._signed(LOAD_PURPOSE, place)

    def load_of(self, connection: Connection, text: str, device: DeviceId, scope: str) -> Load:
        """An empty text begins one. Rejected(CURSOR_REFUSED, SCOPE_CHANGED), as below."""
        if not text:
            return Load(as_of=feed_head(connection))
        epoch, as_of, whose, is_of_today, after, *under = self._read(LOAD_PURPOSE, text)
        if whose != str(device) or as_of > end_of_epoch(connection, epoch):
            raise Rejected(Code.CURSOR_REFUSED)
        _must_be_under(under, scope)
        return Load(as_of, is_of_today, after)

    def must_fit(
        self, connection: Connection, text: str, device: DeviceId, position: int, scope: str
    ) -> None:
        """Rejected(CURSOR_REFUSED): forged, another's, or of a history that is not ours;
        Rejected(SCOPE_CHANGED): given under other scopes."""
        epoch, at, whose, *under = self._read(FEED_PURPOSE, text)
        if (at, whose) != (position, str(device)) or at > end_of_epoch(connection, epoch):
            raise Rejected(Code.CURSOR_REFUSED)
        _must_be_under(under, scope)

    def position_of(self, text: str, device: DeviceId, scope: str) -> int | None:
        """Where it stands; None when it is not this device's, or was given under other scopes."""
        _, at, whose, *under = self._read(FEED_PURPOSE, text)
        return at if (whose, under) == (str(device), [scope]) else None

    def must_be_of_our_history(self, connection: Connection, text: str, device: DeviceId) -> None:
        """Wherever in it, under whatever scopes; else Rejected(CURSOR_REFUSED)."""
        epoch, at, whose, *_ = self._read(FEED_PURPOSE, text)
        if whose != str(device) or at > end_of_epoch(connection, epoch):
            raise Rejected(Code.CURSOR_REFUSED)

    def must_be_of_now(self, connection: Connection, text: str, device: DeviceId) -> None:
        """For a push: whoever stands in an earlier epoch looks first what has become of theirs."""
        self.must_be_of_our_history(connection, text, device)
        epoch, *_ = self._read(FEED_PURPOSE, text)
        if epoch != newest_epoch(connection):
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


def _must_be_under(under: list[str], scope: str) -> None:
    """One of before there were scopes says nothing of them: then, too, all is loaded anew."""
    if under != [scope]:
        raise Rejected(Code.SCOPE_CHANGED)


def _text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode()


def _bytes(text: str) -> bytes:
    return base64.b64decode(text, altchars=b"-_", validate=True)
