"""The same questions to a store that grows a hundredfold: a chart, a name, one more record."""

import random
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

from app.domain.ids import PatientId, VisitId
from bench.rows import Row, p95_row, percentile, rounded, spread_of
from bench.store import made
from bench.store.amount import Amount
from bench.store.profile import Profile
from offline_store.database import OfflineStore, open_store
from offline_store.unit_of_work import UnitOfWork

NAMES_MOST = 20
FLAT = "<= 1.2"


async def rows(amount: Amount, folder: Path) -> list[Row]:
    profile, found, cost = Profile(folder / "growth"), [], []
    patients = 0
    for stage in amount.stages:
        until = stage // made.OF_PATIENT
        cost.append(await _grow(profile, patients, until))
        patients = until
        async with open_store(profile.folder, profile.vault()) as store:
            found += await _asked(store, profile, stage, patients, amount)
    found.append(_flat(amount, cost))
    return found


async def _grow(profile: Profile, first: int, last: int) -> list[float]:
    """Microseconds a record, page by page."""
    spent = []
    async with open_store(profile.folder, profile.vault()) as store:
        since = await store.look(lambda unit: unit.records.feed_position())
        for page in made.pages(first, last, since):
            began = time.perf_counter()
            await store.transaction(made.taken(page))
            if len(page.records) == made.PAGE:
                spent.append((time.perf_counter() - began) * 1e6 / made.PAGE)
    return spent


async def _asked(
    store: OfflineStore, profile: Profile, stage: int, patients: int, amount: Amount
) -> list[Row]:
    size = (profile.folder / "store.db").stat().st_size / 2**20
    note = f"{stage:,} observations of {patients:,} patients, {size:,.0f} MiB"
    chance = random.Random(stage)

    def chart() -> Awaitable[object]:
        number = chance.randrange(patients)
        return store.look(lambda unit: open_chart(unit, number))

    def name() -> Awaitable[object]:
        asked = made.name_of(chance.randrange(patients))[: chance.randrange(3, 7)]
        return store.look(lambda unit: unit.records.find_patients(asked, NAMES_MOST))

    charts = f"{note}; any patient: visit, notes, readings and all else of the chart, by a reader"
    names = f"{note}; three to six letters, at most {NAMES_MOST} patients"
    return [
        p95_row(f"open a chart, {stage:,}", "ms", await _times(chart, amount), charts, "<= 50"),
        p95_row(f"search by name, {stage:,}", "ms", await _times(name, amount), names, "<= 30"),
    ]


async def _times(ask: Callable[[], Awaitable[object]], amount: Amount) -> list[float]:
    found = []
    for _ in range(amount.charts):
        began = time.perf_counter()
        await ask()
        found.append((time.perf_counter() - began) * 1000)
    return found


def open_chart(unit: UnitOfWork, number: int) -> int:
    """What the chart's service reads when a visit is opened."""
    visit, patient = VisitId(made.visit_id(number)), PatientId(made.patient_id(number))
    row = unit.records.visit_row(visit)
    assert row is not None
    readings = unit.records.readings(patient)
    assert len(readings) == made.OF_PATIENT
    unit.records.notes(patient)
    unit.records.recordings(patient)
    unit.records.sound_labels(patient)
    unit.records.stills(patient)
    unit.records.still_marks(patient)
    unit.records.messages(visit)
    unit.records.ladder_steps(visit)
    return len(readings)


def _flat(amount: Amount, cost: list[list[float]]) -> Row:
    """The last stage's cost of a record over the first's."""
    middles = [percentile(part, 50) for part in cost if part]
    note = "median of pages of 500, us a record at each stage: " + ", ".join(
        f"{stage:,}: {middle:.0f}" for stage, middle in zip(amount.stages, middles, strict=False)
    )
    ratio = rounded(middles[-1] / middles[0])
    return Row(
        "cost of a record as the store grows",
        "x",
        ratio,
        sum(map(len, cost)),
        spread_of(middles),
        note,
        FLAT,
    )
