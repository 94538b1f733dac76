"""Three days without a line, then a thin one: what was written meanwhile, and in which order.

A server of its own behind TLS and a real desk stand in two network namespaces; the kernel cuts and
narrows the line between them. Measured in a process of its own, which has no way back out of them.
"""

import asyncio
import hashlib
import json
import os
import random
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from pathlib import Path

from app.domain.access import Role
from app.domain.audit import Act
from app.domain.changes import CLINICAL_ORDER, Json, NewChange, RecordType
from app.domain.device import DeviceIdentity, DeviceKind
from app.domain.ids import PatientId, RecordId, VisitId, new_id
from app.domain.measurement import Measurement, Quantity, VitalKind
from app.domain.messages import Message, message_fields
from app.domain.reading import Reading
from app.domain.reading import fields_of as reading_fields
from app.domain.recordings import Recording
from app.domain.recordings import fields_of as recording_fields
from app.domain.stills import Still, still_fields
from app.remote.address import server_address
from app.services.ports import UnitOfWork
from bench.rows import Row, not_measured, rounded
from bench.sync.amount import Amount
from bench.sync.clinic import ROOT, Desk, desk_at
from demo.clinic import PRESENTER, Booked, Clinic
from demo.network import Network, as_root_of_our_own, open_network
from demo.programs import Programs
from demo.waiting import NotSo

VITALS = "3 days offline, then a thin line: last vital sign at the server after"
ALL = "3 days offline, then a thin line: all at the server after"
AMISS = "3 days offline, then a thin line: acts lost, doubled, refused or out of clinical order"
LINE_BIT_S, LOSS = 90_000, 0.05
OFFLINE = timedelta(days=3)
SEED = 11
SOUND_S, SOUND_RATE_HZ = 15, 4_000
STILL_BYTES = 60_000
LIMIT_S = 1_800.0
LOOK_EVERY_S = 0.5
WITH_FILES = (RecordType.RECORDING, RecordType.STILL)
SHARES = {
    RecordType.MESSAGE: 0.3,
    RecordType.READING: 0.34,
    RecordType.NOTE: 0.3,
    RecordType.RECORDING: 0.02,
    RecordType.STILL: 0.04,
}


def rows(amount: Amount) -> Iterator[Row]:
    command = [sys.executable, "-m", "bench.sync.thin_line", str(amount.acts_offline)]
    command = as_root_of_our_own(command) or command
    run = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, timeout=LIMIT_S + 600, check=False
    )
    if run.returncode:
        reason = (run.stderr.strip().splitlines() or ["it ended"])[-1]
        for measure, unit, goal in ((VITALS, "s", "<= 30"), (ALL, "s", None), (AMISS, "", "== 0")):
            yield not_measured(measure, unit, goal, reason)
        return
    found = json.loads(run.stdout.splitlines()[-1])
    note = (
        f"{found['acts']} acts ({found['kinds']}), {found['file_bytes']} bytes of files;"
        f" {LINE_BIT_S // 1000} kbit/s each way (tbf), {100 * LOSS:.0f} % of packets lost each way"
        " (nftables), TLS 1.3; the access token had ended; counted from the return of the line"
    )
    yield Row(VITALS, "s", rounded(found["vitals_s"]), found["vitals"], {}, note, "<= 30")
    yield Row(ALL, "s", rounded(found["all_s"]), found["acts"], {}, note)
    told = f"{note}; {', '.join(found['amiss']) or 'none'}"
    yield Row(AMISS, "acts", float(len(found["amiss"])), found["acts"], {}, told, "== 0")


class DaysAgo:
    """A machine's clock that stands so far back; `ago` is set to nothing when the days are over."""

    def __init__(self) -> None:
        self.ago = OFFLINE

    def now(self) -> datetime:
        return datetime.now(UTC) - self.ago

    def monotonic(self) -> float:
        return time.monotonic()


@dataclass(frozen=True, slots=True)
class Arrived:
    """A change as the server has it. `kind` None: it was refused, and nothing of it is kept."""

    record: str
    received_at: datetime
    kind: RecordType | None
    counter: int


class Nurse:
    """Writes at the desk, each act in a transaction of its own, as the services do."""

    def __init__(self, desk: Desk, visits: list[Booked], dice: random.Random) -> None:
        self._desk = desk
        self._visits = visits
        self._dice = dice
        self.written: dict[str, RecordType] = {}
        self.file_bytes = 0

    async def writes(self, kind: RecordType) -> None:
        booked = self._dice.choice(self._visits)
        visit, patient, record = (
            VisitId(booked.visit),
            PatientId(booked.patient),
            RecordId(new_id()),
        )
        fields, file = await self._fields(kind, record, visit, patient)
        acts = self._desk.acts
        change = NewChange(
            kind, record, 0, fields, acts.person.id, acts.stamp(), patient=patient, visit=visit
        )
        event = acts.event(ACT_OF[kind], patient=patient, visit=visit, subject=record)

        def write(unit: UnitOfWork) -> None:
            if file is not None:
                unit.attachments.add(*file)
            unit.outbox.add(change)
            unit.audit.add(event)

        await acts.do(write)
        self.written[str(record)] = kind

    async def _fields(
        self, kind: RecordType, record: RecordId, visit: VisitId, patient: PatientId
    ) -> tuple[dict[str, Json], tuple[str, int] | None]:
        person, now = self._desk.acts.person, self._desk.acts.clock.now()
        if kind is RecordType.MESSAGE:
            text = self._words(12)
            return message_fields(
                Message(record, visit, patient, text, person.id, person.name, now, turn=1)
            ), None
        if kind is RecordType.NOTE:
            return {
                "visit": str(visit),
                "patient": str(patient),
                "text": self._words(60),
                "author": str(person.id),
                "author_name": person.name,
                "written_at": now.isoformat(),
            }, None
        if kind is RecordType.READING:
            measured = self._measured(visit, now)
            return reading_fields(Reading(record, visit, patient, measured, now, person.id)), None
        data = self._dice.randbytes(
            STILL_BYTES if kind is RecordType.STILL else 2 * SOUND_S * SOUND_RATE_HZ
        )
        name, key, count = await self._desk.store.recordings.save(data)
        self.file_bytes += count
        digest = hashlib.sha256(data).hexdigest()
        if kind is RecordType.STILL:
            still = Still(
                *(record, visit, patient, 640, 480, digest, digest, now, person.id),
                *(Role.PRESENTER, "bench", "MJPG", name, key, count),
            )
            return still_fields(still), (name, count)
        recording = Recording(
            *(record, visit, patient, "mitral", SOUND_RATE_HZ, SOUND_S * SOUND_RATE_HZ, digest),
            *(now, person.id, "bench", name, key, count),
        )
        return recording_fields(recording), (name, count)

    def _measured(self, visit: VisitId, now: datetime) -> Measurement:
        systolic = self._dice.randint(90, 180)
        values = {
            VitalKind.SYSTOLIC_MMHG: systolic,
            # Nearer to each other than this, none of them is a reading (PULSE_PRESSURE_MIN_MMHG).
            VitalKind.DIASTOLIC_MMHG: self._dice.randint(50, min(89, systolic - 20)),
            VitalKind.PULSE_PER_MINUTE: self._dice.randint(50, 120),
        }
        quantities = tuple(Quantity(kind, Decimal(value)) for kind, value in values.items())
        cuff = DeviceIdentity(DeviceKind.BLOOD_PRESSURE_CUFF, "bench", "bench")
        return Measurement(visit, quantities, cuff, None, now, hashlib.sha256(b"").hexdigest())

    def _words(self, count: int) -> str:
        """Not the same twice: what is packed must not pack better than what people write."""
        return " ".join(self._dice.choice(WORDS) for _ in range(count))


async def _until_nothing_waits(desk: Desk) -> None:
    async with asyncio.timeout(LIMIT_S):
        while True:
            # What was refused waits for a person; it is told as amiss.
            if not await desk.store.transaction(_has_waiting):
                return
            await asyncio.sleep(LOOK_EVERY_S)


def _has_waiting(unit: UnitOfWork) -> bool:
    return any(change.refused is None for change in unit.outbox.all())


def _drawn(acts: int, dice: random.Random) -> list[RecordType]:
    """So many of each kind, in the order of three days of work, which is none."""
    kinds = [kind for kind, share in SHARES.items() for _ in range(round(share * acts))]
    kinds += [RecordType.NOTE] * (acts - len(kinds))
    dice.shuffle(kinds)
    return kinds


def _arrived(database: Path) -> list[Arrived]:
    """In the order in which the server took them."""
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
        rows = connection.execute(
            "SELECT record, received_at, change FROM ops ORDER BY rowid"
        ).fetchall()
    found = []
    for record, received_at, change in rows:
        told = json.loads(change or "{}")
        kind = RecordType(told["record_type"]) if told else None
        at = datetime.fromisoformat(received_at)
        found.append(Arrived(record, at, kind, told.get("counter", 0)))
    return found


def _amiss(written: Mapping[str, RecordType], arrived: list[Arrived]) -> list[str]:
    """What went otherwise than it should, in words, one for each act."""
    taken = [one for one in arrived if one.kind is not None]
    times = Counter(one.record for one in taken)
    amiss = [f"refused: {one.record}" for one in arrived if one.kind is None]
    amiss += [f"lost: {kind} {record}" for record, kind in written.items() if not times[record]]
    amiss += [f"doubled: {record}" for record, count in times.items() if count > 1]
    for kinds in (set(RecordType) - set(WITH_FILES), set(WITH_FILES)):
        places = [
            (CLINICAL_ORDER.index(one.kind), one.counter)
            for one in taken
            if one.kind is not None and one.kind in kinds
        ]
        amiss += [
            f"too late: {CLINICAL_ORDER[later[0]]} {later[1]}"
            for sooner, later in pairwise(places)
            if later < sooner
        ]
    return amiss


ACT_OF = {
    RecordType.MESSAGE: Act.MESSAGE_WRITTEN,
    RecordType.NOTE: Act.NOTE_KEPT,
    RecordType.READING: Act.READING_KEPT,
    RecordType.RECORDING: Act.RECORDING_KEPT,
    RecordType.STILL: Act.STILL_KEPT,
}
TEXT = (
    "breath sounds equal on both sides no wheeze slight swelling of the left ankle since Tuesday"
    " takes the tablets with food denies chest pain sleeps on two pillows wound clean and dry"
    " changed dressing advised to call if fever returns appetite good walked to the gate and back"
)
WORDS = TEXT.split()


def main() -> int:
    acts = int(sys.argv[1])
    try:
        network = open_network()
    except NotSo as no:
        print(no, file=sys.stderr)
        return 1
    with tempfile.TemporaryDirectory(prefix="bedside-bench-thin-") as name:
        programs = Programs(Path(name))
        try:
            clinic = Clinic(programs, Path(name) / "clinic", os.environ)
            clinic.start_server()
            clinic.add_account(PRESENTER)
            visits = [
                clinic.book("Doe", f"Ann {number}", reason="", allergies="none known")
                for number in range(max(2, acts // 50))
            ]
            with network.at_cart():
                found = asyncio.run(_measured(network, clinic, visits, acts, Path(name)))
        finally:
            programs.close()
    print(json.dumps(found))
    return 0


async def _measured(
    network: Network, clinic: Clinic, visits: list[Booked], acts: int, folder: Path
) -> Mapping[str, object]:
    dice, clock = random.Random(SEED), DaysAgo()
    address = server_address(clinic.url, clinic.certificates.authority)
    account = (PRESENTER.username, PRESENTER.password, Role.PRESENTER)
    async with desk_at(address, folder / "desk", account=account, clock=clock) as desk:
        await desk.exchange()
        desk.tokens.keep("an access token that has ended", 600)
        await asyncio.to_thread(network.black_hole)
        nurse = Nurse(desk, visits, dice)
        for kind in _drawn(acts, dice):
            await nurse.writes(kind)
        clock.ago = timedelta(0)
        desk.start()
        await asyncio.sleep(3)  # it finds out that the line is gone
        await asyncio.to_thread(network.narrow, LINE_BIT_S, LOSS)
        healed_at, healed_s = datetime.now(UTC), time.monotonic()
        await _until_nothing_waits(desk)  # all is there, and the desk has heard it
        all_s = time.monotonic() - healed_s
    arrived = _arrived(clinic.database)
    vitals = [one.received_at for one in arrived if one.kind is RecordType.READING]
    kinds = Counter(nurse.written.values())
    return {
        "acts": acts,
        "kinds": ", ".join(f"{count} {kind}" for kind, count in sorted(kinds.items())),
        "file_bytes": nurse.file_bytes,
        "vitals": len(vitals),
        "vitals_s": (max(vitals) - healed_at) / timedelta(seconds=1),
        "all_s": all_s,
        "amiss": _amiss(nurse.written, arrived),
    }


if __name__ == "__main__":
    sys.exit(main())
