"""What a person said about ports and instruments, kept in a small file of the profile.

No patient data. Written whole or not at all; a file that cannot be read is put aside, not lost.
"""

import json
import logging
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from app.domain.device import DeviceKind
from app.domain.device_binding import Binding, PortIdentity
from app.domain.failures import Code, Unavailable

log = logging.getLogger(__name__)

VERSION = 1
MOST_BYTES = 64 * 1024
MOST_BINDINGS = 64
MOST_LETTERS = 400
PRIVATE = 0o600


class BindingFile:
    """Both methods block; for a thread."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def load(self) -> tuple[Binding, ...]:
        """Unavailable(BINDINGS_UNREADABLE) when there is something that is none of ours."""
        try:
            with self._path.open("rb") as file:
                data = file.read(MOST_BYTES + 1)
        except FileNotFoundError:
            return ()
        except OSError as error:
            raise Unavailable(Code.BINDINGS_UNREADABLE) from error
        try:
            return _bindings_of(data)
        except (ValueError, KeyError, TypeError) as error:
            self._put_aside()
            raise Unavailable(Code.BINDINGS_UNREADABLE) from error

    def save(self, bindings: Iterable[Binding]) -> None:
        """Unavailable(BINDINGS_NOT_KEPT) when it cannot be written; the earlier file stays."""
        told = {"version": VERSION, "bindings": [_plain(binding) for binding in bindings]}
        waiting = self._path.with_name(f"{self._path.name}.new")
        try:
            waiting.unlink(missing_ok=True)
            handle = os.open(waiting, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE)
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                json.dump(told, file, indent=1)
                file.write("\n")
                file.flush()
                os.fsync(file.fileno())
            os.replace(waiting, self._path)
        except OSError as error:
            raise Unavailable(Code.BINDINGS_NOT_KEPT) from error

    def _put_aside(self) -> None:
        try:
            os.replace(self._path, self._path.with_name(f"{self._path.name}.unreadable"))
        except OSError:
            log.info("a file of bindings that cannot be read stays where it is")


def _bindings_of(data: bytes) -> tuple[Binding, ...]:
    if len(data) > MOST_BYTES:
        raise ValueError("size")
    told = json.loads(data)
    if told["version"] != VERSION or not isinstance(told["bindings"], list):
        raise ValueError("version")
    found = tuple(_binding_of(entry) for entry in told["bindings"])
    if len(found) > MOST_BINDINGS or len({one.kind for one in found}) != len(found):
        raise ValueError("bindings")
    return found


def _binding_of(entry: dict[str, Any]) -> Binding:
    identity = PortIdentity(
        _number(entry["vendor_id"]),
        _number(entry["product_id"]),
        _text(entry["serial_number"]),
        _text(entry["place"]),
    )
    kind = DeviceKind(_text(entry["kind"]))
    return Binding(kind, _text(entry["driver"]), identity, _text(entry["path"]))


def _number(value: object) -> int | None:
    if value is None:
        return None
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= 0xFFFF:
        raise ValueError("number")
    return value


def _text(value: object) -> str:
    if not isinstance(value, str) or len(value) > MOST_LETTERS or not value.isprintable():
        raise ValueError("text")
    return value


def _plain(binding: Binding) -> dict[str, str | int | None]:
    return {
        "kind": str(binding.kind),
        "driver": binding.driver,
        "path": binding.path,
        "vendor_id": binding.identity.vendor_id,
        "product_id": binding.identity.product_id,
        "serial_number": binding.identity.serial_number,
        "place": binding.identity.place,
    }
