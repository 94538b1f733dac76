"""What must be true after a visit, looked up in the server's database and files from outside.

Nothing of what the product says about itself is taken for granted here.
"""

import json
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path

from demo.cuff import Pressure
from demo.database_view import DatabaseView, Row, is_uuid7, sha256_of, walk_chain
from demo.visit import Facts
from demo.waiting import NotSo

KEPT_AT_DESK_AND_SERVER = 2
KINDS_OF_VISIT = ("note", "reading", "recording", "message")
Check = Callable[[], str]


class Checks:
    """Each returns what it found, in words with figures, or raises NotSo."""

    def __init__(
        self,
        database: DatabaseView,
        facts: Facts,
        witnesses: dict[str, str],
        others: Iterable[Facts],
    ) -> None:
        self._database = database
        self._facts = facts
        self._witnesses = witnesses
        # Several visits may have been held on one stage: records of those are not ours.
        self._other_visits = {str(other.booked.visit) for other in others}

    def all(self) -> dict[str, Check]:
        return {
            "one-visit": self.one_visit,
            "readings": self.readings,
            "notes": self.notes,
            "recordings": self.recordings,
            "kept-by-id": self.kept_by_id,
            "audit": self.audit,
        }

    def _ours(self, kind: str | None = None) -> list[Row]:
        return [
            row
            for row in self._database.records()
            if row.kind in KINDS_OF_VISIT
            and row.document["visit"] not in self._other_visits
            and kind in (None, row.kind)
        ]

    def one_visit(self) -> str:
        """Everything of the visit names this visit and this patient, in document and index."""
        booked = self._facts.booked
        wanted = (str(booked.visit), str(booked.patient))
        rows = self._ours()
        for row in rows:
            said = (row.document["visit"], row.document["patient"])
            if said != wanted or (row.visit, row.patient) != wanted:
                raise NotSo(f"a {row.kind} belongs to another visit or patient")
            if not is_uuid7(row.id):
                raise NotSo(f"the id of a {row.kind} was not made as ids are")
        states = [row for row in self._database.records_of("visit") if row.id == wanted[0]]
        if len(states) != 1 or states[0].document["patient"] != wanted[1]:
            raise NotSo("the visit is not there once, for its patient")
        return f"{len(rows)} records, one visit, one patient"

    def readings(self) -> str:
        found = Counter(pressure_of(row) for row in self._ours("reading"))
        wanted = Counter(self._facts.pressures)
        if found != wanted:
            raise NotSo(f"readings at the server {_told(found)}, measured {_told(wanted)}")
        return f"{_told(found)}, each once"

    def notes(self) -> str:
        found = Counter(row.document["text"] for row in self._ours("note"))
        wanted = Counter(self._facts.notes)
        if found != wanted:
            raise NotSo(
                f"{sum(found.values())} notes at the server, {sum(wanted.values())} written; "
                f"{len(wanted - found)} missing, {len(found - wanted)} too many"
            )
        return f"{len(found)} notes, each once"

    def recordings(self) -> str:
        """The hash of the sound is what both screens said; the file is what its name says."""
        rows = self._ours("recording")
        found = sorted(row.document["sha256"][:8] for row in rows)
        if found != sorted(self._facts.fingerprints):
            raise NotSo(f"hashes {found} at the server, {self._facts.fingerprints} on the screens")
        for row in rows:
            named = row.document["file_sha256"]
            file = self._database.file(named)
            if sha256_of(file) != named or file.stat().st_size != row.document["file_bytes"]:
                raise NotSo("the file of a recording is not what its name says")
        total = sum(row.document["samples"] for row in rows)
        return f"{len(rows)} recordings of {total} samples, hash {', '.join(found)}"

    def kept_by_id(self) -> str:
        """Each keeping stands in the audit as two events, by id: the desk's and the server's own.

        No value and no word of what was kept does.
        """
        acts = {"note": "note-kept", "reading": "reading-kept", "recording": "recording-kept"}
        rows = [row for row in self._ours() if row.kind in acts]
        for row in rows:
            times = len(self._database.acts_on(acts[row.kind], row.id))
            if times != KEPT_AT_DESK_AND_SERVER:
                raise NotSo(f"the keeping of a {row.kind} stands {times} times in the audit")
            changes = self._database.accepted_changes(row.id)
            if len(changes) != 1:
                raise NotSo(f"a {row.kind} was made by {len(changes)} changes")
        raw = b"\n".join(act.raw for act in self._database.acts())
        words = [*self._facts.notes, self._facts.booked.family, self._facts.booked.record_number]
        told = [word for word in words if json.dumps(word)[1:-1].encode() in raw]
        if told:
            raise NotSo("the audit tells what was written and not only that it was")
        return f"{len(rows)} keepings, each once at the desk and once at the server, by id"

    def audit(self) -> str:
        acts = self._database.acts()
        walk_chain(acts, self._witnesses)
        return f"{len(acts)} events, chain sound, {len(self._witnesses)} witnesses agree"


def pressure_of(row: Row) -> Pressure:
    values = {item["kind"]: int(float(item["value"])) for item in row.document["quantities"]}
    return Pressure(
        values["systolic-mmhg"], values["diastolic-mmhg"], values.get("pulse-per-minute", 0)
    )


def _told(pressures: Counter[Pressure]) -> str:
    return (
        ", ".join(f"{one} x{count}" for one, count in sorted(pressures.items(), key=str)) or "none"
    )


def copy_of(database: Path, folder: Path) -> Path:
    """The database with what is still in its journal, for whoever wants to change a copy."""
    for path in database.parent.glob(f"{database.name}*"):
        (folder / path.name).write_bytes(path.read_bytes())
    return folder / database.name
