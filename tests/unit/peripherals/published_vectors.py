"""What the published vectors expect, and whether what a decoder says of one agrees with it."""

import io
import json
from collections.abc import Callable
from typing import Any

import pytest

from peripherals import decode

# Said of a vector for people: no decoder repeats it.
REMARKS = {"meaning", "note", "unit", "bcc", "checksum", "frame", "crc", "ack_", "would_be", "type"}
# Patient data: a decoder says nothing of it.
NEVER_TOLD = {"subject_id"}
# Undocumented bytes, as text in the file and as numbers here.
TEXTS_OF_NUMBERS = {"last_field", "byte5", "pulse_range", "status"}
TIMES = {"time", "device_time"}


def told(device: str, text: str) -> list[dict[str, Any]]:
    out = io.StringIO()
    assert decode.decode_text(device, text.encode(), out) == 0
    return [json.loads(line) for line in out.getvalue().splitlines()]


def said_of(name: str, events: list[dict[str, Any]]) -> list[Any]:
    """All that the events say under that name."""
    values = [event["values"][name]["value"] for event in events if name in event.get("values", {})]
    return values + [event[name] for event in events if name in event]


def is_record(event: dict[str, Any]) -> bool:
    return bool(event["kind"] == "record")


def is_record_of(user: int) -> Callable[[dict[str, Any]], bool]:
    return lambda event: is_record(event) and said_of("user", [event]) == [user]


# Which events each list of records speaks of.
RECORDS = {"records": is_record, "user1": is_record_of(1), "user2": is_record_of(2)}


def assert_agrees(expected: dict[str, Any], events: list[dict[str, Any]]) -> None:
    for name, value in expected.items():
        if name in REMARKS | NEVER_TOLD | {"reject"}:
            continue
        if name in TIMES:
            (at,) = said_of("device_time", events)
            assert (at is None) if value is None else str(at).startswith(value)
        elif name == "status" and isinstance(value, list):
            assert said_of("quality", events) == ([["moved"]] if value else [])
        elif name == "records":
            records = [event for event in events if event["kind"] == "record"]
            assert len(records) == len(value)
            for one, record in zip(value, records, strict=True):
                assert_agrees(one, [record])
        elif name.startswith("user") and isinstance(value, list):
            records = [
                e
                for e in events
                if e["kind"] == "record" and said_of("user", [e]) == [int(name[4:])]
            ]
            assert len(records) == len(value)
            for one, record in zip(value, records, strict=True):
                assert_agrees(one, [record])
        elif name in TEXTS_OF_NUMBERS and isinstance(value, str):
            (said,) = said_of(name, events)
            assert str(said) in value
        elif isinstance(value, float):
            assert said_of(name, events) == [pytest.approx(value, rel=1e-4)]
        else:
            assert value in said_of(name, events), f"{name}: {value} is not in {events}"


def assert_read_as_published(vector: dict[str, Any]) -> None:
    """Of one vector, whichever side says it; AssertionError where anything is read otherwise."""
    events = told(vector["device"], vector["hex"])
    assert events
    if vector["direction"] == "host->device":
        assert [event["kind"] for event in events] == ["command"]
        assert vector["expected"]["command"] in said_of("command", events)
        return
    if "reject" in vector["expected"]:
        assert all(event["reason"] for event in events if event["kind"] != "live")
        assert any(event.get("reason") for event in events)
        assert not any(event.get("values") for event in events)
        return
    assert_agrees(vector["expected"], events)
    for event in events:
        for value in event.get("values", {}).values():
            assert isinstance(value["value"], int | float) and value["unit"]
