"""The vectors of tests/vectors/suntech.json, and what the codec says in their words."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from peripherals.drivers.fault import Fault
from peripherals.drivers.suntech.codec import Ack, CuffPressure, Frame, Other, Result

FILE = Path(__file__).parents[2] / "vectors" / "suntech.json"
VECTORS: list[dict[str, Any]] = json.loads(FILE.read_text("utf-8"))["vectors"]
FROM_DEVICE = [vector for vector in VECTORS if vector["direction"] == "device-to-host"]
TO_DEVICE = [vector for vector in VECTORS if vector["direction"] == "host-to-device"]


def told(found: Iterable[Frame | Fault]) -> list[dict[str, Any]]:
    return [_words_of(item) for item in found]


def _words_of(item: Frame | Fault) -> dict[str, Any]:
    match item:
        case Fault(why, byte_count):
            return {"fault": str(why), "byte_count": byte_count}
        case Ack(answer, _):
            return {"frame": "ack", "answer": str(answer)}
        case CuffPressure(mmhg, _):
            return {"frame": "cuff-pressure", "mmhg": mmhg}
        case Result():
            fields = ("systolic_mmhg", "diastolic_mmhg", "mean_mmhg", "pulse_per_minute")
            counts = ("beats", "status", "error")
            return {"frame": "result"} | {name: getattr(item, name) for name in fields + counts}
        case Other():
            return {"frame": "other"}
