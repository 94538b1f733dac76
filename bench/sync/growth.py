"""A desk that grows: what a record costs to take in, and what a chart costs to open, then."""

import asyncio
import json
import random
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from app.domain.changes import ConfirmedRecord, FeedPage, RecordType
from app.domain.ids import PatientId, RecordId, new_id
from bench.rows import Row, p95_row, rounded
from bench.sync.amount import Amount
from offline_store.database import OfflineStore, open_store
from offline_store.key_vault import KeyVault
from offline_store.unit_of_work import UnitOfWork
from tests.fakes.keyring import KeyringInMemory
from tests.store.given import reading_fields

PAGE = 500
OF_EACH_PATIENT = 100
CHART = "open a chart among {size} observations"
FLATNESS = "cost of taking in a record, {size} observations by {first}"


def rows(amount: Amount) -> Iterator[Row]:
    return iter(asyncio.run(_all(amount)))


async def _all(amount: Amount) -> list[Row]:
    found, costs, here = [], [], 0
    with tempfile.TemporaryDirectory(prefix="bedside-bench-growth-") as name:
        folder, ring = Path(name), KeyringInMemory()
        vault = KeyVault(folder, choose_backend=lambda: ring)
        async with open_store(folder, vault) as store:
            patients: list[PatientId] = []
            for size in amount.growth:
                costs.append(await _take_in(store, patients, here, size))
                here = size
                samples = await _looks(store, patients, amount.growth_looks)
                note = f"readings and notes of one of {len(patients)} patients, encrypted store"
                found.append(p95_row(CHART.format(size=size), "ms", samples, note, "<= 50"))
    for size, cost in zip(amount.growth[1:], costs[1:], strict=True):
        measure = FLATNESS.format(size=size, first=amount.growth[0])
        note = f"pages of {PAGE} applied with their cursor; {1e6 * cost:.0f} us a record"
        found.append(Row(measure, "", rounded(cost / costs[0]), 1, {}, note, "<= 1.2"))
    return found


async def _take_in(store: OfflineStore, patients: list[PatientId], here: int, size: int) -> float:
    """Seconds a record, over those that were added."""
    spent = 0.0
    for since in range(here, size, PAGE):
        if since % (OF_EACH_PATIENT * PAGE) == 0:
            patients += [PatientId(new_id()) for _ in range(PAGE)]
        page = _page(patients[-PAGE:], since, min(PAGE, size - since))
        began = time.perf_counter()
        await store.transaction(_applying(page))
        spent += time.perf_counter() - began
    return spent / (size - here)


def _page(patients: list[PatientId], since: int, count: int) -> FeedPage:
    records = tuple(
        ConfirmedRecord(
            record_type=RecordType.READING,
            record=RecordId(new_id()),
            version=1,
            position=since + number + 1,
            schema=1,
            body=_body(patients[number % len(patients)]),
            patient=patients[number % len(patients)],
        )
        for number in range(count)
    )
    return FeedPage(since, since + count, records, has_more=True)


def _body(patient: PatientId) -> bytes:
    return json.dumps({**reading_fields(), "patient": str(patient)}).encode()


async def _looks(store: OfflineStore, patients: list[PatientId], count: int) -> list[float]:
    dice, samples = random.Random(1), []
    for _ in range(count):
        patient = dice.choice(patients)
        began = time.perf_counter()
        await store.transaction(_opening(patient))
        samples.append(1000 * (time.perf_counter() - began))
    return samples


def _applying(page: FeedPage) -> Callable[[UnitOfWork], None]:
    return lambda unit: unit.records.apply(page)


def _opening(patient: PatientId) -> Callable[[UnitOfWork], object]:
    return lambda unit: (unit.records.readings(patient), unit.records.notes(patient))
