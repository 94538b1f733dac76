"""Bytes to events: every vector of oximeters, thermometer, scale, glucose meter and stethoscope."""

from typing import Any

import pytest

from peripherals.catalogue import DRIVERS
from tests.unit.peripherals.told_vectors import NAMES, fits, told, vectors_of

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
