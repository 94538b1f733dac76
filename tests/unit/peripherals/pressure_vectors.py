"""The vectors of the blood-pressure monitors, and what a decoder says in their words."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from peripherals.decoders import DECODER_OF_NAME
from peripherals.drivers.decoded import Decoded

FOLDER = Path(__file__).parents[2] / "vectors"
NAMES = (
    "abaton_un300c",
    "ble_bp",
    "ble_bp_bm85",
    "bm58",
    "contec08a",
    "hbp9020",
    "hbp9030",
    "hem790it",
    "maibobo",
    "microlife",
    "terumo_bp500",
    "tm2655",
    "ua767pc",
    "visomat",
)


@dataclass(frozen=True, slots=True)
class Vector:
    device: str
    name: str
    is_from_device: bool
    raw: bytes
    expected: list[dict[str, Any]]

    def __str__(self) -> str:
        return f"{self.device}: {self.name}"


def vectors_of(device: str) -> list[Vector]:
    found = json.loads((FOLDER / f"{device}.json").read_text("utf-8"))["vectors"]
    return [
        Vector(
            device,
            one["name"],
            one["direction"] == "device-to-host",
            bytes.fromhex(one["hex"]),
            one["expected"],
        )
        for one in found
    ]


ALL = [vector for device in NAMES for vector in vectors_of(device)]


def decoded(vector: Vector) -> list[dict[str, Any]]:
    return told(DECODER_OF_NAME[vector.device](vector.raw))


def told(events: Iterable[Decoded]) -> list[dict[str, Any]]:
    return [_words_of(json.loads(event.line())) for event in events]


def _words_of(event: dict[str, Any]) -> dict[str, Any]:
    if values := event.pop("values", None):
        event["values"] = {name: [one["value"], one["unit"]] for name, one in values.items()}
    if event["kind"] == "fault":
        del event["reason"]
    return event


def agrees(event: dict[str, Any], expected: dict[str, Any]) -> bool:
    """The reason of a vector is how ours begins; all else is the same."""
    event, expected = dict(event), dict(expected)
    reason, wanted = event.pop("reason", ""), expected.pop("reason", "")
    return event == expected and reason.startswith(wanted) and bool(reason) == bool(wanted)
