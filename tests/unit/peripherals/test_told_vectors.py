"""Bytes to events: every vector of oximeters, thermometer, scale, glucose meter and stethoscope."""

import json
from pathlib import Path
from typing import Any

import pytest

from peripherals.catalogue import DRIVERS
from peripherals.decoders import DECODER_OF_NAME
from tests.unit.peripherals.told_vectors import NAMES, fits, told, vectors_of

SHARED = Path(__file__).parents[4] / "shared" / "data" / "device_vectors.json"
FROM_DEVICE = [
    pytest.param(name, vector, id=f"{name}: {vector['name']}")
    for name in NAMES
    for vector in vectors_of(name)
    if vector["direction"] == "device-to-host"
]
TO_DEVICE = [
    pytest.param(name, vector, id=f"{name}: {vector['name']}")
    for name in NAMES
    for vector in vectors_of(name)
    if vector["direction"] == "host-to-device"
]


@pytest.mark.parametrize(("name", "vector"), FROM_DEVICE)
def test_a_vector_says_what_it_must(name: str, vector: dict[str, Any]) -> None:
    said = told(name, bytes.fromhex(vector["hex"]))
    assert fits(vector["expected"], said), said


@pytest.mark.parametrize(("name", "vector"), TO_DEVICE)
def test_a_command_is_known(name: str, vector: dict[str, Any]) -> None:
    (event,) = told(name, bytes.fromhex(vector["hex"]))
    assert (event["kind"], event["command"]) == ("command", vector["expected"]["command"])


@pytest.mark.parametrize("name", NAMES)
def test_every_vector_has_a_source_and_every_driver_says_how_it_is_known(name: str) -> None:
    assert all(vector["source"] and vector["evidence"] for vector in vectors_of(name))
    seen = {vector["evidence"].partition(":")[0] for vector in vectors_of(name)}
    best = {"vendor-document": "vendor document", "captured": "captured"}
    claimed = DRIVERS[name].evidence
    assert claimed not in best or best[claimed] in seen
    assert claimed != "other-project" or "published test" in seen


def test_what_fits_is_not_everything() -> None:
    one = [{"kind": "live", "values": {"spo2": 97}}]
    assert fits(one, [{"kind": "live", "values": {"spo2": 97.0, "hr": 72.0}, "beep": True}])
    assert not fits(one, [{"kind": "live", "values": {"spo2": 96.0}}])
    assert not fits(one, [{"kind": "live", "values": {}}])
    assert not fits(one, [{"kind": "no-value", "values": {"spo2": 97.0}}])
    assert not fits(one, [])


# --- the vectors shared between projects --------------------------------------------------------

WORDS = {
    "hr", "spo2", "srev", "spo2_d", "spo2_fast", "spo2_bb", "e_hr", "e_spo2", "hr_d", "e_hr_d",
    "pulse", "signal", "bargraph", "pleth", "pi_invalid", "beep", "spa", "time", "stable", "mode",
    "kg", "samples", "probe_K", "state", "error", "active", "final", "ok", "pi_supported", "type",
    "pi", "command",
}  # fmt: skip
REJECTED = {"checksum", "overload", "no reading", "as printed"}


@pytest.fixture(scope="module")
def shared() -> list[dict[str, Any]]:
    if not SHARED.exists():
        pytest.skip(f"no shared vectors at {SHARED}: only our own were run")
    found: list[dict[str, Any]] = json.loads(SHARED.read_text("utf-8"))["vectors"]
    return [vector for vector in found if vector["device"] in NAMES]


def test_the_shared_vectors_say_the_same(shared: list[dict[str, Any]]) -> None:
    checked = 0
    for vector in shared:
        events = told(vector["device"], bytes.fromhex(vector["hex"]))
        assert len(events) == 1, vector["kind"]
        if "reject" in vector["expected"]:
            assert "fault" in events[0] or events[0]["kind"] == "no-value", vector["kind"]
            continue
        flat = events[0] | events[0].get("values", {})
        for word, expected in vector["expected"].items():
            if word not in WORDS or (isinstance(expected, str) and expected not in flat.values()):
                continue
            found = flat[word]
            is_number = isinstance(expected, int | float) and not isinstance(expected, bool)
            same = abs(found - expected) < 1e-4 if is_number else found == expected
            assert same, (vector["kind"], word, found)
            checked += 1
    assert checked >= 40


def test_the_names_of_the_shared_vectors_are_decoders(shared: list[dict[str, Any]]) -> None:
    assert {vector["device"] for vector in shared} <= set(DECODER_OF_NAME)
