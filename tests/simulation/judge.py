"""The invariants of DATA.md 3.8, asked of the files and not of the code that wrote them."""

import json
from collections import Counter, defaultdict
from collections.abc import Callable
from typing import Any

from app.domain.audit import ChainRow, Witness, verify_chain
from app.domain.changes import Outcome
from tests.simulation.desk_end import DeskEnd
from tests.simulation.intents import Memory
from tests.simulation.operator import SEEN

Rows = list[tuple[Any, ...]]
CONFLICT_TYPE = "conflict"


class Judge:
    """Each finding is a sentence; none means that all held."""

    def __init__(
        self, desks: list[DeskEnd], memory: Memory, server_rows: Callable[[str], Rows]
    ) -> None:
        self._desks = desks
        self._memory = memory
        self._server_rows = server_rows
        self._versions: dict[tuple[int, str], int] = {}
        self._went_back = False
        # Patients who left a desk, be it for a while: what was there of them may be there no more.
        self._gone_from: dict[int, set[str]] = defaultdict(set)
        self._patient_of: dict[str, str] = {}
        self._looked_until = 0  # in the server's feed
        self._was_well: dict[int, tuple[int, int, frozenset[str]]] = {}

    def _patients(self) -> set[str]:
        rows = self._server_rows(
            "SELECT id, patient, position FROM records"
            f" WHERE patient IS NOT NULL AND position > {self._looked_until}"
        )
        self._patient_of.update((record, patient) for record, patient, _ in rows)
        self._looked_until = max((at for _, _, at in rows), default=self._looked_until)
        return set(self._patient_of.values())

    def server_went_back(self) -> None:
        """From now on the audit must alarm, and the server's older word may be shown again."""
        self._went_back = True
        self._looked_until = 0

    # --- while it runs ---------------------------------------------------------------------

    def after_a_step(self) -> list[str]:
        """Of those that live: what a dead one had begun to write is not there for anybody."""
        living = [desk for desk in self._desks if desk.is_running and not desk.fuse.is_dead]
        patients = self._patients()
        return [found for desk in living for found in self._of_desk(desk, patients)]

    def _of_desk(self, desk: DeskEnd, patients: set[str]) -> list[str]:
        """What a screen showed as confirmed never goes back; no alarm of the audit.

        A store in which nothing was written since it was last found well is not read again.
        """
        found = []
        if desk.sync.state.value.audit_alarm is not None and not self._went_back:
            found.append(f"desk {desk.number} does not trust the server's audit")
        stand = desk.life, desk.rows_written, frozenset(patients)
        if self._was_well.get(desk.number) == stand:
            return found
        for record, version in desk.rows("SELECT record, version FROM records"):
            before = self._versions.get((desk.number, record), 0)
            if version < before and not self._went_back:
                found.append(f"desk {desk.number} shows {record} at {version} after {before}")
            self._versions[(desk.number, record)] = version
        found += self._rolled_back(desk, patients) + self._shown_twice(desk)
        if not found:
            self._was_well[desk.number] = stand
        return found

    def _shown_twice(self, desk: DeskEnd) -> list[str]:
        """What another desk told is shown until the server's own copy is here, not beside it."""
        beside = desk.rows(
            "SELECT record FROM heard_directly JOIN records USING (record, record_type)"
        )
        doubled = desk.rows("SELECT record FROM notes_shown GROUP BY record HAVING count(*) > 1")
        found = [
            f"desk {desk.number} keeps {record} as told and as confirmed" for (record,) in beside
        ]
        return found + [f"desk {desk.number} shows {record} twice" for (record,) in doubled]

    def _rolled_back(self, desk: DeskEnd, patients: set[str]) -> list[str]:
        """What the server took from this desk is shown here until something newer is."""
        waiting = {body for (body,) in desk.rows("SELECT body FROM outbox")}
        texts = " ".join(body.decode() for body in waiting)
        shown = dict(desk.rows("SELECT record, body FROM records"))
        self._gone_from[desk.number] |= {patient for patient in patients if patient not in shown}
        gone = self._gone_from[desk.number]
        found = []
        for intent in self._memory.intents:
            is_ours = intent.is_recorded and intent.desk == desk.number
            is_here = str(intent.record) in shown or f'"{intent.value}"' in texts
            is_here = is_here or self._patient_of.get(str(intent.record)) in gone
            if is_ours and not is_here and intent.value not in self._memory.given_up:
                found.append(f"{intent.value} was taken and is not shown at its own desk")
        return found

    # --- when all is quiet -----------------------------------------------------------------

    def is_quiet(self) -> bool:
        return all(self.is_done(desk) for desk in self._desks)

    def is_done(self, desk: DeskEnd) -> bool:
        """Nothing to send, nothing to fetch."""
        [(head,)] = self._server_rows(
            "SELECT coalesce(max(position), 0) FROM"
            " (SELECT position FROM records UNION ALL SELECT position FROM departures)"
        )
        [(leaving,)] = desk.rows(
            "SELECT count(*) FROM departures d WHERE NOT EXISTS"
            " (SELECT 1 FROM outbox o WHERE d.patient IN (o.patient, o.record))"
        )
        [(waiting,)] = desk.rows(
            "SELECT count(*) FROM outbox o WHERE NOT EXISTS (SELECT 1 FROM outbox e"
            " WHERE e.record = o.record AND e.counter <= o.counter AND e.refused IS NOT NULL)"
        )
        rows = desk.rows("SELECT value FROM counters WHERE name = 'feed-position'")
        events = desk.rows("SELECT coalesce(max(number), 0) FROM audit_log")
        told = desk.rows("SELECT value FROM counters WHERE name = 'events-acknowledged'")
        is_sent = waiting == 0 and (told or [(0,)]) == events
        return is_sent and leaving == 0 and rows == [(head,)]

    def at_the_end(self) -> list[str]:
        if not self.is_quiet():
            return ["it never grows quiet"]
        checks = (
            self._lost,
            self._applied_twice,
            self._overwritten,
            self._conflicts_not_kept,
            self._conflicts_with_oneself,
            self._not_alike,
            self._told_of_who_left,
            self._unfit_history,
            self._written_unseen,
            self._audit_faults,
        )
        return [found for check in checks for found in check()]

    def _ops(self, outcome: Outcome) -> list[dict[str, Any]]:
        rows = self._server_rows(
            f"SELECT change FROM ops WHERE outcome = '{outcome}' AND change <> '' ORDER BY rowid"
        )
        return [json.loads(change) for (change,) in rows]

    def _kept_in_conflicts(self) -> set[str]:
        rows = self._server_rows(
            f"SELECT document FROM simulation_log WHERE record_type = '{CONFLICT_TYPE}'"
        )
        return {
            str(value) for (text,) in rows for value in json.loads(text)["mine"]["fields"].values()
        }

    def _refused_here(self) -> dict[str, str]:
        """Values that a desk shows as refused, or holds back behind one, and the code."""
        found = {}
        for desk in self._desks:
            rows = desk.rows("SELECT body, refused FROM outbox")
            for body, refused in rows:
                for value in json.loads(body)["fields_set"].values():
                    found[str(value)] = refused or "held back"
        return found

    def _lost(self) -> list[str]:
        """What a screen called kept is in the history, in a conflict, or shown as refused."""
        applied = {str(new) for _, _, _, new in self._moves()}
        somewhere = applied | self._kept_in_conflicts() | set(self._refused_here())
        # Who takes both joins two with a line's end: none is found across two of these.
        words = "\0".join(somewhere | self._memory.given_up)
        return [
            f"lost: {intent.value}"
            for intent in self._memory.intents
            if intent.is_recorded and str(intent.value) not in words
        ]

    def _moves(self) -> list[tuple[str, str, Any, Any]]:
        """Each (record, field, old, new) in the order in which the server wrote them."""
        stands: dict[str, dict[str, Any]] = defaultdict(dict)
        found = []
        rows = self._server_rows(
            "SELECT record, document FROM simulation_log"
            f" WHERE record_type <> '{CONFLICT_TYPE}' ORDER BY number"
        )
        for record, text in rows:
            document = json.loads(text)
            for name, value in document.items():
                old = stands[record].get(name)
                if old != value:
                    found.append((record, name, old, value))
            stands[record] = document
        return found

    def _applied_twice(self) -> list[str]:
        found = []
        ids = [change["id"] for change in self._ops(Outcome.ACCEPTED)]
        conflicts = self._server_rows(
            f"SELECT id FROM records WHERE record_type = '{CONFLICT_TYPE}'"
        )
        both = set(ids) & {record for (record,) in conflicts}
        found += [f"change {change} was applied and is a conflict" for change in both]
        times = Counter(new for _, _, _, new in self._moves() if str(new).startswith("value "))
        carriers = Counter(
            str(value)
            for change in self._ops(Outcome.ACCEPTED)
            for value in change["fields_set"].values()
        )
        found += [
            f"applied twice: {value}" for value, n in times.items() if n > carriers[str(value)]
        ]
        return found

    def _overwritten(self) -> list[str]:
        """Whoever set a value had seen the one that it took the place of."""
        found = []
        for _, name, old, new in self._moves():
            seen = self._memory.seen_before(new)
            if old is not None and seen and repr(old) not in seen:
                found.append(f"{name}: {old} was overwritten unseen by {new}")
        return found

    def _conflicts_not_kept(self) -> list[str]:
        kept = self._kept_in_conflicts()
        refused = self._refused_here()
        found = []
        for change in self._ops(Outcome.CONFLICT):
            for value in change["fields_set"].values():
                is_ours = str(value).startswith("value ")
                if is_ours and str(value) not in kept and str(value) not in refused:
                    found.append(f"a conflict was not kept: {value}")
        return found

    def _conflicts_with_oneself(self) -> list[str]:
        """Of a server that forgot, a person may be asked once more."""
        if self._went_back:
            return []
        rows = self._server_rows(
            f"SELECT document FROM records WHERE record_type = '{CONFLICT_TYPE}'"
        )
        found = []
        for (text,) in rows:
            document = json.loads(text)
            for name, mine in document["mine"]["fields"].items():
                theirs = document["theirs"]["fields"].get(name)
                is_contested = theirs != document["base"].get(name)
                desk = self._desk_with(document["mine"]["device"])
                if is_contested and self._is_of(desk, theirs) and not self._is_behind(mine):
                    found.append(f"a conflict with oneself: {mine} and {theirs}")
        return found

    def _desk_with(self, device: str) -> int:
        [number] = [desk.number for desk in self._desks if str(desk.device) == device]
        return number

    def _is_of(self, desk: int, value: Any) -> bool:
        """Nobody but this desk ever wrote that value."""
        return self._memory.desks_of(value) == {desk}

    def _is_behind(self, mine: Any) -> bool:
        """Its author built upon what was given up, or lies in a conflict, since then."""
        put_aside = self._memory.given_up | self._kept_in_conflicts()
        return not self._memory.seen_before(mine).isdisjoint(map(repr, put_aside))

    def _not_alike(self) -> list[str]:
        """Each desk has all of the patients whom its person sees, and nothing of others but of
        whom something waits there."""
        rows = self._server_rows("SELECT id, patient, version, document FROM records")
        found = []
        for desk in self._desks:
            seen = {patient for (patient,) in self._server_rows(SEEN.format(desk.person.id))}
            waits = {one for (one,) in desk.rows("SELECT patient FROM outbox")}
            stands = {
                record: (version, json.loads(document))
                for record, patient, version, document in rows
                if patient in seen
            }
            here = {
                record: (version, json.loads(body))
                for record, version, body, patient in desk.rows(
                    "SELECT record, version, body, patient FROM records"
                )
                if patient in seen or not (patient in waits or self._went_back)
            }
            only_here = here.keys() - stands.keys() if self._went_back else set()
            for record in (stands.keys() | here.keys()) - (only_here & self._forgotten(desk)):
                if stands.get(record) != here.get(record):
                    found.append(f"desk {desk.number} and the server differ in {record}")
        return found

    def _told_of_who_left(self) -> list[str]:
        found = []
        for desk in self._desks:
            seen = {patient for (patient,) in self._server_rows(SEEN.format(desk.person.id))}
            waits = {one for (one,) in desk.rows("SELECT patient FROM outbox")}
            told = {patient for (patient,) in desk.rows("SELECT patient FROM heard_directly")}
            told -= self._forgotten(desk)  # who may be shown, too: left or forgotten, nobody knows
            found += [
                f"desk {desk.number} still shows what it was told of {patient}, who left"
                for patient in sorted(told - seen - waits)
            ]
        return found

    def _forgotten(self, desk: DeskEnd) -> set[str]:
        """A server forgot it, and who could send it again gave it up: here it is not confirmed."""
        rows = desk.rows(
            "SELECT record FROM shown JOIN records USING (record_type, record)"
            " WHERE standing > 1 AND is_pending"
        )
        return {record for (record,) in rows}

    def _unfit_history(self) -> list[str]:
        """Each accepted change made one version, and the versions have no gap."""
        versions: dict[str, list[int]] = defaultdict(list)
        for record, version in self._server_rows(
            "SELECT record, version FROM simulation_log ORDER BY number"
        ):
            versions[record].append(version)
        found = [
            f"the versions of {record} are {seen}"
            for record, seen in versions.items()
            if seen != list(range(1, len(seen) + 1))
        ]
        made = Counter(change["record"] for change in self._ops(Outcome.ACCEPTED))
        for record, seen in versions.items():
            if len(seen) - made[record] not in (0, 1):
                found.append(f"{record} has {len(seen)} versions of {made[record]} changes")
        return found

    def _written_unseen(self) -> list[str]:
        """Nobody writes about a patient who is in no scope of theirs at that moment."""
        seen = set(self._server_rows("SELECT change, person FROM simulation_seen"))
        return [
            f"{change['record']} was written by who does not see the patient"
            for change in self._ops(Outcome.ACCEPTED)
            if (change["id"], change["author"]) not in seen
        ]

    def _audit_faults(self) -> list[str]:
        rows = self._server_rows("SELECT number, event, digest FROM audit_log ORDER BY number")
        witnesses = [
            Witness(count, digest)
            for desk in self._desks
            for count, digest in desk.rows("SELECT count, digest FROM server_witness")
        ]
        _, fault = verify_chain((ChainRow(*row) for row in rows), witnesses)
        alarms = [row for row in rows if json.loads(row[1])["act"] == "audit-alarm"]
        if self._went_back:
            return []
        found = [] if fault is None else [f"the audit: {fault.what} at {fault.number}"]
        return found + [f"{len(alarms)} alarms of the audit" for _ in alarms[:1]]
