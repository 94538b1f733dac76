"""What arrived here: it waits through a restart, is known again, and leaves no value behind."""

import re
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from uuid import UUID

import pytest

from app.domain.changes import RecordType
from app.domain.device import DeviceIdentity, DeviceKind
from app.domain.ids import RecordId, VisitId, new_id
from app.domain.measurement import Measurement, QualityFlag, Quantity, VitalKind
from app.domain.reading import measurement_fields
from app.domain.tray import KnownBefore, Place, TrayItem, WhyAside
from offline_store import measurements
from offline_store.database import OfflineStore
from tests.fakes.keyring import KeyringInMemory
from tests.fakes.store import kept_store
from tests.store.conftest import raw_connection
from tests.store.given import NOON, VISIT, confirmed, page, reading_fields

MEMORY = frozenset({QualityFlag.FROM_MEMORY})

SYSTOLIC = re.compile(r"\b128\b")  # a word of its own: ids and digests have any digits


def measured(
    systolic: int = 128, *, minutes_ago: int | None = 90, visit: bool = False
) -> Measurement:
    """By the device's clock so long ago; None: it tells no time."""
    return Measurement(
        visit=VISIT if visit else None,
        quantities=(
            Quantity(VitalKind.SYSTOLIC_MMHG, Decimal(systolic)),
            Quantity(VitalKind.DIASTOLIC_MMHG, Decimal(76)),
        ),
        device=DeviceIdentity(
            DeviceKind.BLOOD_PRESSURE_CUFF, "Cuff", "/dev/ttyX", serial_number="SN-7"
        ),
        device_time=None if minutes_ago is None else NOON - timedelta(minutes=minutes_ago),
        received_at=NOON,
        frame_sha256="ab" * 32,
    )


def an_item(one: Measurement, why: WhyAside = WhyAside.NOBODY_ASKED) -> TrayItem:
    return TrayItem(RecordId(new_id()), one, why)


def found_in(folder: Path, words: bytes) -> list[str]:
    return [p.name for p in folder.rglob("*") if p.is_file() and words in p.read_bytes()]


async def put(store: OfflineStore, item: TrayItem, place: Place = Place.ASIDE) -> TrayItem:
    return await store.transaction(lambda unit: unit.measurements.put(item, place))


async def waiting(store: OfflineStore, place: Place = Place.ASIDE) -> list[TrayItem]:
    return await store.transaction(lambda unit: unit.measurements.waiting(place))


async def crowded(store: OfflineStore) -> RecordId | None:
    return await store.transaction(lambda unit: unit.measurements.crowded_out())


async def known(store: OfflineStore, one: Measurement) -> KnownBefore | None:
    return await store.transaction(lambda unit: unit.measurements.known(one))


async def test_it_is_there_after_a_restart_with_everything_that_was_known_of_it(
    folder: Path, ring: KeyringInMemory
) -> None:
    stored = replace(measured(minutes_ago=None), quality=MEMORY | {QualityFlag.UNDATED})
    items = [an_item(measured(visit=True), WhyAside.LATE), an_item(stored, WhyAside.FROM_MEMORY)]
    async with kept_store(folder, ring) as store:
        for item in items:
            await put(store, item)
    async with kept_store(folder, ring) as store:
        assert await waiting(store) == items


async def test_it_moves_from_place_to_place_under_one_name(either_store: OfflineStore) -> None:
    item = await put(either_store, an_item(measured()), Place.SHOWN)
    assert (await waiting(either_store, Place.SHOWN), await waiting(either_store)) == ([item], [])
    moved = replace(item, why=WhyAside.UNDECIDED)
    await put(either_store, moved)
    assert (await waiting(either_store, Place.SHOWN), await waiting(either_store)) == ([], [moved])


@pytest.mark.parametrize("place", [Place.KEPT, Place.ASSIGNED, Place.DISCARDED])
async def test_of_what_was_decided_upon_no_value_is_left_and_it_is_known_again(
    folder: Path, ring: KeyringInMemory, place: Place
) -> None:
    async with kept_store(folder, ring) as store:
        item = await put(store, an_item(measured()))
        connection = await raw_connection(folder, ring)
        assert SYSTOLIC.search(repr(connection.execute("SELECT * FROM measurements").fetchall()))
        connection.close()
        await put(store, item, place)
        assert await waiting(store) == []
        assert await known(store, measured()) == KnownBefore(item.id, place)
    connection = await raw_connection(folder, ring)
    [row] = connection.execute("SELECT * FROM measurements").fetchall()
    connection.close()
    assert not SYSTOLIC.search(repr([value for value in row if not isinstance(value, int)]))
    assert row[-1] is None


async def test_it_is_known_by_serial_number_time_and_values(either_store: OfflineStore) -> None:
    item = await put(either_store, an_item(measured()))
    again = replace(measured(), received_at=NOON + timedelta(days=1), frame_sha256="cd" * 32)
    assert await known(either_store, again) == KnownBefore(item.id, Place.ASIDE)
    other = replace(again, device=replace(again.device, serial_number="SN-8"))
    for another in (measured(129), measured(minutes_ago=91), other, measured(minutes_ago=None)):
        assert await known(either_store, another) is None
    await either_store.transaction(lambda unit: unit.measurements.told_again(item.id))
    [shown] = await waiting(either_store)
    assert shown.times == 2


async def test_equal_values_without_a_time_are_marked_and_not_merged(
    either_store: OfflineStore,
) -> None:
    first = await put(either_store, an_item(measured(minutes_ago=None)))
    near = replace(measured(minutes_ago=None), received_at=NOON + timedelta(minutes=9))
    late = replace(measured(minutes_ago=None), received_at=NOON + timedelta(minutes=30))
    other = measured(129, minutes_ago=None)
    put_there = [await put(either_store, an_item(one)) for one in (near, late, other)]
    assert [one.is_like_another for one in (first, *put_there)] == [False, True, False, False]
    assert len(await waiting(either_store)) == 4


async def test_what_was_kept_at_another_desk_is_known_by_what_the_server_told(
    either_store: OfflineStore,
) -> None:
    one = measured()
    fields = reading_fields() | measurement_fields(one)
    record = UUID(int=0x77)
    told = confirmed(RecordType.READING, fields, record)
    await either_store.transaction(lambda unit: unit.records.apply(page(told)))
    assert await known(either_store, one) == KnownBefore(RecordId(record), Place.KEPT)
    assert await known(either_store, measured(minutes_ago=91)) is None
    assert await known(either_store, measured(129)) is None


async def test_when_too_many_wait_what_a_device_holds_itself_gives_way_and_comes_again(
    either_store: OfflineStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(measurements, "WAITING_MOST", 3)
    unasked = [await put(either_store, an_item(measured(n))) for n in (100, 101)]
    assert await crowded(either_store) is None
    stored = replace(measured(102), quality=MEMORY)
    from_memory = await put(either_store, an_item(stored, WhyAside.FROM_MEMORY))
    assert await crowded(either_store) == from_memory.id
    assert await waiting(either_store) == unasked
    assert await known(either_store, stored) is None  # nobody decided upon it
    await put(either_store, an_item(stored, WhyAside.FROM_MEMORY))
    assert len(await waiting(either_store)) == 3


async def test_what_is_known_again_is_bounded_too(
    either_store: OfflineStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(measurements, "KNOWN_MOST", 5)
    for systolic in range(100, 110):
        await put(either_store, an_item(measured(systolic)), Place.DISCARDED)
    kept = [await known(either_store, measured(systolic)) for systolic in range(100, 110)]
    assert [one is not None for one in kept] == [False] * 5 + [True] * 5


async def test_a_row_of_a_later_release_is_left_for_that_release(
    folder: Path, ring: KeyringInMemory
) -> None:
    async with kept_store(folder, ring) as store:
        await put(store, an_item(measured(100)))
        kept = await put(store, an_item(measured(101)))
    connection = await raw_connection(folder, ring)
    connection.execute("UPDATE measurements SET why = 'of a later one' WHERE number = 1")
    connection.close()
    async with kept_store(folder, ring) as store:
        assert await waiting(store) == [kept]


async def test_it_lies_in_no_file_in_the_clear(folder: Path, ring: KeyringInMemory) -> None:
    one = replace(measured(), device=replace(measured().device, serial_number="SERIAL-9173"))
    async with kept_store(folder, ring) as store:
        await put(store, an_item(one, WhyAside.LATE))
        await put(store, an_item(replace(one, visit=VisitId(UUID(int=0xABCDEF)))))
        assert found_in(folder, b"SERIAL-9173") == []
