"""When a device that is there is degraded, and when no longer."""

from datetime import UTC, datetime, timedelta

import pytest

from app.domain.device import (
    DeviceIdentity,
    DeviceKind,
    DeviceStatus,
    Impairment,
    Presence,
    Standing,
)
from app.domain.device_health import BUCKETS, clipped_samples, impairment_of, line_faults
from app.domain.failures import Code
from app.domain.measurement import QualityFlag

NINE = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
SCALE = DeviceIdentity(DeviceKind.SCALE, "Scale", "/dev/ttyS0")


def test_a_quiet_line_and_two_slips_are_no_fault() -> None:
    line = line_faults()
    assert not line.is_too_much(0.0)
    line.heard(0, 2, 1.0)
    assert not line.is_too_much(1.0)


def test_faults_above_their_share_degrade_a_line_until_they_are_past() -> None:
    line = line_faults()
    line.heard(20, 3, 1.0)
    assert line.is_too_much(1.0)
    assert line.is_too_much(29.0)
    assert not line.is_too_much(32.0)


def test_a_stream_with_a_slip_now_and_then_is_sound() -> None:
    line = line_faults()
    for second in range(120):
        line.heard(60, 2, float(second))
        assert not line.is_too_much(float(second))
    line.heard(0, 200, 120.0)
    assert line.is_too_much(120.0)


def test_what_is_held_is_bounded() -> None:
    line = line_faults()
    for tick in range(100_000):
        line.heard(1, 0, tick * 0.01)
    assert len(line._counts) <= BUCKETS


def test_a_sound_at_its_limit_on_every_beat_is_clipped_and_one_beat_is_not() -> None:
    one_beat, every_beat = clipped_samples(), clipped_samples()
    for block in range(60):  # 50 ms each at 4 kHz
        now_s = block * 0.05
        one_beat.heard(200, 20 if block == 30 else 0, now_s)
        every_beat.heard(160, 40 if block % 16 == 0 else 0, now_s)
    assert not one_beat.is_too_much(3.0)
    assert every_beat.is_too_much(3.0)


@pytest.mark.parametrize(
    ("flags", "expected"),
    [
        (set(), None),
        ({QualityFlag.MOVED}, None),
        ({QualityFlag.LOW_BATTERY}, Impairment.LOW_BATTERY),
        ({QualityFlag.LOW_PERFUSION}, Impairment.WEAK_SIGNAL),
        ({QualityFlag.LOW_PERFUSION, QualityFlag.LOW_BATTERY}, Impairment.LOW_BATTERY),
    ],
)
def test_what_the_device_says_of_itself(
    flags: set[QualityFlag], expected: Impairment | None
) -> None:
    assert impairment_of(flags) is expected


def test_a_status_is_connected_degraded_or_lost_since_its_own_time() -> None:
    later = NINE + timedelta(minutes=5)
    found = DeviceStatus(SCALE, Presence.FOUND, NINE)
    assert (found.standing, found.standing_since) == (Standing.CONNECTED, NINE)
    weak = DeviceStatus(
        SCALE, Presence.FOUND, NINE, None, Impairment.LOW_BATTERY, impaired_since=later
    )
    assert (weak.standing, weak.standing_since) == (Standing.DEGRADED, later)
    gone = DeviceStatus(
        SCALE, Presence.MISSING, NINE, Code.DEVICE_PULLED, Impairment.LOW_BATTERY, later
    )
    assert (gone.standing, gone.standing_since) == (Standing.LOST, NINE)
