"""Which of two tellings are one measurement: by serial number, device time and values."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

import pytest

from app.domain.device import DeviceIdentity, DeviceKind
from app.domain.ids import VisitId, new_id
from app.domain.measurement import Measurement, QualityFlag, Quantity, VitalKind
from app.domain.tray import WhyAside, like_key, same_key, why_unasked

NINE = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
SYS, DIA = VitalKind.SYSTOLIC_MMHG, VitalKind.DIASTOLIC_MMHG
TOLD = Measurement(
    visit=None,
    quantities=(Quantity(SYS, Decimal(128)), Quantity(DIA, Decimal(76))),
    device=DeviceIdentity(DeviceKind.BLOOD_PRESSURE_CUFF, "Cuff", "/dev/ttyX", "SN-7", "1"),
    device_time=NINE - timedelta(hours=3),
    received_at=NINE,
    frame_sha256="ab" * 32,
)
MEMORY = frozenset({QualityFlag.FROM_MEMORY})
UNDATED = replace(TOLD, device_time=None, quality=MEMORY | {QualityFlag.UNDATED})


@pytest.mark.parametrize(
    "again",
    [
        replace(TOLD, visit=VisitId(new_id())),
        replace(TOLD, received_at=NINE + timedelta(days=9)),
        replace(TOLD, frame_sha256="cd" * 32),
        replace(TOLD, quality=MEMORY),
        replace(TOLD, device=replace(TOLD.device, port="/dev/ttyY", driver_version="2")),
        replace(TOLD, quantities=TOLD.quantities[::-1]),
        replace(TOLD, quantities=(Quantity(SYS, Decimal("128.0")), TOLD.quantities[1])),
        replace(
            TOLD, device_time=(NINE - timedelta(hours=3)).astimezone(timezone(timedelta(hours=5)))
        ),
    ],
)
def test_the_same_one_is_known_however_it_comes(again: Measurement) -> None:
    assert same_key(again) == same_key(TOLD) is not None


@pytest.mark.parametrize(
    "other",
    [
        replace(TOLD, device=replace(TOLD.device, serial_number="SN-8")),
        replace(TOLD, device_time=NINE - timedelta(hours=3, seconds=1)),
        replace(TOLD, quantities=(Quantity(SYS, Decimal(129)), TOLD.quantities[1])),
        replace(TOLD, quantities=TOLD.quantities[:1]),
        replace(TOLD, device=replace(TOLD.device, kind=DeviceKind.OXIMETER)),
    ],
)
def test_another_one_is_another_one(other: Measurement) -> None:
    assert same_key(other) != same_key(TOLD)


def test_without_a_time_of_the_devices_nothing_tells_one_from_the_next() -> None:
    plain = replace(TOLD, device_time=None)
    assert same_key(plain) is None
    assert like_key(plain) == like_key(TOLD)
    assert like_key(plain) != like_key(replace(plain, quantities=TOLD.quantities[:1]))


def test_a_memory_that_is_read_again_tells_its_undated_records_again() -> None:
    assert same_key(UNDATED) is not None
    assert same_key(UNDATED) == same_key(replace(UNDATED, received_at=NINE + timedelta(days=1)))
    assert same_key(UNDATED) != same_key(TOLD)


def test_an_instrument_without_a_serial_number_goes_by_its_model() -> None:
    nameless = replace(TOLD, device=replace(TOLD.device, serial_number=""))
    other = replace(nameless, device=replace(nameless.device, model="Other cuff"))
    assert same_key(nameless) not in (same_key(other), same_key(TOLD))


def test_why_it_lies_there() -> None:
    assert why_unasked(TOLD) is WhyAside.NOBODY_ASKED
    assert why_unasked(UNDATED) is WhyAside.FROM_MEMORY
