"""One visit from sign-in to the verified audit, with an outage in its middle, told and proven."""

import json
import random
import time
from collections import Counter
from dataclasses import dataclass
from functools import partial

from demo.checks import Checks
from demo.cuff import Pressure, new_pressure
from demo.report import Report
from demo.sabotage import Sabotage
from demo.side import Side
from demo.stage import Stage
from demo.visit import CONFIRMED, SCREEN_LIMIT_S, WAITING_FOR_SERVER, Facts, Visit
from demo.waiting import NotSo

ARRIVE_LIMIT_S = 60.0
REJOIN_LIMIT_S = 60.0
# A machine with too much to do gives the voice gaps, and then pictures wait for ten good seconds.
PICTURE_AGAIN_LIMIT_S = 120.0
CUT_IN_A_MOMENT_S = 1.0  # what was on its way, and the last pictures painted
NOTES = (
    "Cough is better, sleeps through. Lungs to be listened to today.",
    "Written at the cart while the line was down: patient calm, no pain.",
    "Goes on with the same dose; next visit in four weeks.",
)


@dataclass(frozen=True, slots=True)
class Lengths:
    """How long things take; the fast form is for tests of the demonstration itself."""

    cut_s: float = 15.0
    heart_s: float = 5.0


FAST = Lengths(cut_s=7.0, heart_s=3.0)


class Story:
    def __init__(
        self,
        stage: Stage,
        report: Report,
        chance: random.Random,
        lengths: Lengths,
        *,
        sabotage: Sabotage | None = None,
        refuses: bool = False,
        earlier: tuple[Facts, ...] = (),
    ) -> None:
        self._stage = stage
        self._report = report
        self._chance = chance
        self._lengths = lengths
        self._sabotage = sabotage
        self._refuses = refuses
        self._earlier = earlier
        self.visit = Visit(stage, stage.book())

    def _is_struck(self, moment: str) -> bool:
        """The moment of a sabotage: it acts now, or the story leaves out what it would do."""
        if self._sabotage is None or self._sabotage.at != moment:
            return False
        self._report.fact("SABOTAGE: this run must fail")
        self._sabotage.strike(self._stage)
        return True

    def whole(self) -> None:
        self.sign_in()
        self.come_together()
        self.examine()
        self.outage()
        self.finish()
        self.check()

    # --- the parts -----------------------------------------------------------------------------

    def sign_in(self) -> None:
        with self._report.step("sign-in", "Both sides sign in"):
            begun = time.monotonic()
            self._stage.sign_in()
            self._report.fact(f"both signed in after {time.monotonic() - begun:.2f} s")

    def come_together(self) -> None:
        visit, report = self.visit, self._report
        with report.step("check-in", "The nurse chooses the patient: checked in, waiting"):
            visit.check_in()
        with report.step("join", "The clinician opens the chart and joins"):
            visit.open_chart()
            report.fact(f"click to first far picture painted: {visit.join():.3f} s")
            visit.is_live()
        self._is_struck("before-picture")
        with report.step("picture", "Each sees the other: the number drawn into the picture"):
            self._see_each_other()
        self._is_struck("before-sound")
        with report.step("sound", "Each hears the other: a random sequence of tones"):
            for side in self._stage.sides:
                times = visit.prove_sound(side)
                report.fact(f"{side.name} was given {visit.far_of(side).tones} {times} times")

    def _see_each_other(self) -> None:
        for side in self._stage.sides:
            count = self.visit.prove_picture(side)
            proof = self.visit.proof_of(self.visit.far_of(side))
            self._report.fact(f"{side.name} shows {proof}, {count} pictures seen")

    def examine(self) -> None:
        visit, report = self.visit, self._report
        with report.step("cuff", "Blood pressure: measured at the cart, read at the workstation"):
            pressure = self._measure()
            begun = visit.keep_result(pressure)
            visit.sees_reading(self._stage.workstation, pressure, "", SCREEN_LIMIT_S)
            report.fact(f"{pressure} kept, far screen {time.monotonic() - begun:.2f} s later")
            visit.sees_reading(self._stage.workstation, pressure, CONFIRMED, SCREEN_LIMIT_S)
            report.fact(f"confirmed by the server after {time.monotonic() - begun:.2f} s")
        with report.step("note", "The clinician writes a note"):
            visit.write_note(self._stage.workstation, NOTES[0])
            visit.sees_note(self._stage.cart, NOTES[0], CONFIRMED, SCREEN_LIMIT_S)
        with report.step("stethoscope", "Heart sounds, with the same hash at both ends"):
            found = visit.record_heart(self._lengths.heart_s)
            report.fact(f"both screens: same hash at both ends, {found}")

    def _measure(self) -> Pressure:
        """A fresh pressure told to the cuff; with a real cuff, what it says is what is true."""
        pressure = new_pressure(self._chance)
        cuff = self._stage.cuff
        if cuff is not None and not self._is_struck("instead-of-telling-the-cuff"):
            cuff.will_measure(pressure)
        self.visit.start_cuff()
        if not self._stage.network.is_cut:
            early, high = self.visit.sees_cuff_pressure()
            self._report.fact(f"far screen: {early}, then {high}")
            self._report.keep_pictures("cuff-runs")
        return self.visit.reads_result() if cuff is None else pressure

    def outage(self) -> None:
        visit, report, network = self.visit, self._report, self._stage.network
        with report.step("cut", self._words_of_cut()):
            begun = time.monotonic()
            if not self._is_struck("instead-of-cut"):
                network.refuse() if self._refuses else network.black_hole()
            time.sleep(CUT_IN_A_MOMENT_S)
            before = network.traffic()
            time.sleep(CUT_IN_A_MOMENT_S)
            if passed := network.traffic().since(before).passed:
                raise NotSo(f"there was no cut: {passed} packets passed in {CUT_IN_A_MOMENT_S} s")
            pressure = self._measure()
            self._sees_outage()
            visit.write_note(self._stage.cart, NOTES[1])
            visit.keep_result(pressure)
            visit.sees_reading(self._stage.cart, pressure, WAITING_FOR_SERVER, SCREEN_LIMIT_S)
            report.fact(f"note and reading {pressure} kept at the cart inside the cut")
            self._wait_until(begun + self._lengths.cut_s)
            count = visit.pictures_seen(self._stage.workstation, 0.7)
            seen = network.traffic().since(before)
            report.fact(
                f"{seen.passed} packets passed, {seen.dropped_udp} media and "
                f"{seen.dropped_tcp} other packets did not, {count} picture on the screen"
            )
            if seen.passed or not (seen.dropped_tcp and seen.dropped_udp) or count > 1:
                raise NotSo("there was no cut")
        report.keep_pictures("cut-end")
        with report.step("rejoin", "The line is back: the same visit goes on by itself"):
            healed = time.monotonic()
            network.heal()
            self._is_struck("after-healing")
            visit.is_live(REJOIN_LIMIT_S)
            for side in self._stage.sides:
                visit.prove_picture(side, PICTURE_AGAIN_LIMIT_S)
            report.fact(f"live, pictures moving {time.monotonic() - healed:.1f} s after")
        with report.step("arrival", "Everything arrives, once, although sent twice"):
            visit.everything_is_sent(ARRIVE_LIMIT_S)
            visit.sees_reading(self._stage.workstation, pressure, CONFIRMED, SCREEN_LIMIT_S)
            visit.sees_note(self._stage.workstation, NOTES[1], CONFIRMED, SCREEN_LIMIT_S)
            report.fact(f"nothing unsent {time.monotonic() - healed:.1f} s after")
            self._repeat_last_request()

    def _words_of_cut(self) -> str:
        how = "every packet is refused" if self._refuses else "packets of all kinds vanish"
        return f"The cart's line dies for {self._lengths.cut_s:.0f} s: {how}"

    def _sees_outage(self) -> None:
        for side in self._stage.sides:
            words = side.user.sees("visit.outage", "not reachable since", limit_s=15.0).words
            self._report.fact(f"{side.name} says: {words.splitlines()[0]}")

    @staticmethod
    def _wait_until(moment: float) -> None:
        time.sleep(max(0.0, moment - time.monotonic()))

    def _repeat_last_request(self) -> None:
        answer = self._stage.clinic.repeat_last_push()
        _, status, body = answer.split(" ", 2)
        outcomes = [result["outcome"] for result in json.loads(body)["results"]]
        self._report.fact(f"last request repeated: {status}, {', '.join(outcomes)}")
        if status != "200" or set(outcomes) != {"already-there"}:
            raise NotSo("the server took a repeated request for a new one")

    def finish(self) -> None:
        """The server is asked before both hang up: their leaving is the last act in its audit."""
        visit, report = self.visit, self._report
        with report.step("finish", "The clinician writes the last note, finishes, signs"):
            visit.write_note(self._stage.workstation, NOTES[2])
            visit.finish()
            visit.sign()
            visit.everything_is_sent(ARRIVE_LIMIT_S)
        with report.step("server", "The server is asked over HTTP"):
            self._look_at_server()
        with report.step("hang-up", "Both hang up"):
            visit.leave()
            visit.everything_is_sent(ARRIVE_LIMIT_S)

    # --- the end -------------------------------------------------------------------------------

    def _look_at_server(self) -> None:
        """What anybody with an account is told over HTTP, against what the screens said."""
        booked, facts = self.visit.booked, self.visit.facts
        records = self._stage.server.records(booked.visit)
        kinds = Counter(str(record.record_type) for record in records)
        wanted = {
            "note": len(facts.notes),
            "reading": len(facts.pressures),
            "recording": len(facts.fingerprints),
        }
        self._report.fact(", ".join(f"{kinds[kind]} {kind}s" for kind in wanted))
        if {kind: kinds[kind] for kind in wanted} != wanted:
            raise NotSo(f"kept at the screens: {wanted}")
        events = [row.event for row in self._stage.server.audit_of(booked.patient)]
        kept = {event.subject for event in events if str(event.act) == "reading-kept"}
        self._report.fact(f"audit of the patient: {len(events)} events")
        if kept != {record.record for record in records if record.record_type == "reading"}:
            raise NotSo("the audit does not have each reading's keeping")

    def check(self) -> dict[str, str]:
        """Both programs end; what their profiles hold must be on the way of the server's audit."""
        self._report.say("Looked up from outside, in the server's tables and files:")
        for side in self._stage.sides:
            side.close()
        self._is_struck("before-checks")
        witnesses: dict[str, str] = {}
        for side in self._stage.sides:
            self._report.check(f"witness-{side.name}", partial(self._witness, side, witnesses))
        checks = Checks(self._stage.database, self.visit.facts, witnesses, self._earlier)
        for name, question in checks.all().items():
            self._report.check(name, question)
        clinic = self._stage.clinic
        self._report.check(
            "verify-audit", lambda: _told(clinic.verify_audit(clinic.data, witnesses))
        )
        return witnesses

    @staticmethod
    def _witness(side: Side, witnesses: dict[str, str]) -> str:
        witnesses[side.name] = side.witness()
        return f"holds the digest of event {witnesses[side.name].partition(':')[0]}"


def _told(lines: str) -> str:
    return ", ".join(lines.split("\n")).rstrip(", ")
