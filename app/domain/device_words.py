"""The device list as it is told to the far end of a visit, and read there. Nothing is guessed."""

from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum
from typing import TypeVar

from app.domain.changes import Json
from app.domain.device import (
    DeviceIdentity,
    DeviceKind,
    DeviceStatus,
    Evidence,
    Impairment,
    Presence,
)
from app.domain.failures import Code, Rejected

KIND = "devices"
MOST_DEVICES = 32
MOST_LETTERS = 200

EnumT = TypeVar("EnumT", bound=StrEnum)


def words_of(statuses: Iterable[DeviceStatus]) -> dict[str, Json]:
    """Not where the adapter is plugged in there: that means nothing here."""
    told: list[Json] = [_fields_of(status) for status in list(statuses)[:MOST_DEVICES]]
    return {"kind": KIND, "devices": told}


def statuses_from(payload: dict[str, Json]) -> tuple[DeviceStatus, ...]:
    """Rejected(FAR_UNREADABLE) for anything that `words_of` does not say."""
    told = payload.get("devices")
    if not isinstance(told, list) or len(told) > MOST_DEVICES:
        raise Rejected(Code.FAR_UNREADABLE, "devices")
    try:
        return tuple(_status_from(entry) for entry in told)
    except (KeyError, ValueError, TypeError) as error:
        raise Rejected(Code.FAR_UNREADABLE, "devices") from error


def _fields_of(status: DeviceStatus) -> dict[str, Json]:
    known = status.identity
    return {
        "kind": str(known.kind),
        "model": known.model[:MOST_LETTERS],
        "driver": known.driver_version[:MOST_LETTERS],
        "presence": str(status.presence),
        "since": status.since.isoformat(),
        "reason": _or_none(status.reason),
        "impairment": _or_none(status.impairment),
        "impaired_since": None
        if status.impaired_since is None
        else status.impaired_since.isoformat(),
        "evidence": _or_none(status.evidence),
        "firmware": status.firmware[:MOST_LETTERS],
    }


def _status_from(told: Json) -> DeviceStatus:
    if not isinstance(told, dict):
        raise TypeError("device")
    impaired = told["impaired_since"]
    return DeviceStatus(
        DeviceIdentity(
            DeviceKind(_text(told["kind"])),
            _text(told["model"]),
            port="",
            driver_version=_text(told["driver"]),
        ),
        Presence(_text(told["presence"])),
        _instant(told["since"]),
        _member(Code, told["reason"]),
        _member(Impairment, told["impairment"]),
        None if impaired is None else _instant(impaired),
        _member(Evidence, told["evidence"]),
        _text(told["firmware"]),
    )


def _or_none(member: StrEnum | None) -> str | None:
    return None if member is None else str(member)


def _member(kind: type[EnumT], told: Json) -> EnumT | None:
    return None if told is None else kind(_text(told))


def _text(told: Json) -> str:
    if not isinstance(told, str) or len(told) > MOST_LETTERS:
        raise TypeError("text")
    return told


def _instant(told: Json) -> datetime:
    at = datetime.fromisoformat(_text(told))
    if at.tzinfo is None:
        raise ValueError("a time without a zone")
    return at
