"""The vectors shared between projects, run besides our own where the folder stands beside us."""

from typing import Any

import pytest

from peripherals.drivers.fault import Fault, Why
from peripherals.drivers.suntech.codec import (
    Ack,
    Command,
    CuffPressure,
    Result,
    SunTechCodec,
    encode,
    host_frame,
)
from tests.shared_vectors import shared_vectors

OFFERED = {
    "start_adult": Command.START_ADULT,
    "get_cuff": Command.CUFF_PRESSURE,
    "get_bp": Command.READ_RESULT,
    "abort": Command.ABORT,
}


@pytest.fixture(scope="module")
def vectors() -> list[dict[str, Any]]:
    return [one for one in shared_vectors() if one["device"] == "suntech_advantage"]


def test_what_the_device_says(vectors: list[dict[str, Any]]) -> None:
    checked = 0
    for vector in vectors:
        if vector["direction"] != "device->host":
            continue
        codec = SunTechCodec()
        (heard,) = codec.feed(bytes.fromhex(vector["hex"])) + codec.idle()
        expected = vector["expected"]
        match heard:
            case Result():
                assert (heard.systolic_mmhg, heard.diastolic_mmhg) == (
                    expected["sys"],
                    expected["dia"],
                )
                assert (heard.mean_mmhg, heard.pulse_per_minute) == (
                    expected["map"],
                    expected["pulse"],
                )
                assert (heard.beats, heard.status, heard.error) == (
                    expected["beats"],
                    expected["bp_status"],
                    expected["error"],
                )
            case CuffPressure(mmhg, _):
                assert mmhg == expected["cuff_mmHg"]
            case Ack(answer, _):
                assert answer == expected["ack"]
            case Fault(why, _):
                assert why is Why.BAD_LENGTH and expected["reject"] == "length"
            case _:
                pytest.fail(f"{vector['kind']} was not understood")
        checked += 1
    assert checked >= 10


def test_what_the_host_says(vectors: list[dict[str, Any]]) -> None:
    for vector in vectors:
        if vector["direction"] != "host->device":
            continue
        raw = bytes.fromhex(vector["hex"])
        assert host_frame(raw[1:-1]) == raw  # the rest: service commands, known by framing only
        if (command := OFFERED.get(vector["expected"]["command"])) is not None:
            assert encode(command) == raw
