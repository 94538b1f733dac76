"""bench/results/call.json and call.md: rows of finished cells, kept from run to run."""

import json
import math
import os
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from app.domain.ladder import Step
from bench.call.cells import Aim, Cell
from bench.call.facts import MORE_IS_BETTER, OURS, PEER, STEP, Facts, Found
from bench.rows import Row, not_measured, percentile, rounded, spread_of, write

RESULT = Path(__file__).resolve().parent.parent / "results" / "call.json"
PEER_WORDS = "Chromium <-> Chromium"
FAR_OFF = 2.0
QUICK = "QUICK RUN"  # begins the note of a row that one seed made
WHY = "call_why.md"  # beside the results, written by hand: why a goal is missed, what was tried
ALWAYS = (
    "synthetic moving scene with camera noise, recorded speech of Debian's asterisk-core-sounds, "
    "both ways in turns (4 s of 10); "
    "echo control and noise suppression on at both, gain off, no device with an echo: after some "
    "seconds ours lets libwebrtc's parts rest, as with a headset; ours with its ladder; "
    "CPU: our media process, which draws no screen, and all processes of headless Chromium; "
    "signalling 0 ms"
)


@dataclass(slots=True)
class Results:
    """`finished`: by cell, for which commit and how thoroughly it was measured. A quick look at a
    cell never takes the place of a whole measurement.
    """

    rows: list[Row] = field(default_factory=list)
    finished: dict[str, dict[str, Any]] = field(default_factory=dict)
    peer_spread: dict[str, dict[str, float]] = field(default_factory=dict)

    def has(self, cell: Cell, mark: dict[str, Any]) -> bool:
        return self.finished.get(cell.name) == mark

    def put(self, cell: Cell, rows: Sequence[Row], mark: dict[str, Any]) -> None:
        before = [row for row in self.rows if cell_of(row) == cell.name]
        is_whole = any(row.value is not None and not is_quick(row) for row in before)
        if mark["is_quick"] and is_whole and cell.made_by is None:
            return
        self.rows = [row for row in self.rows if cell_of(row) != cell.name] + list(rows)
        self.finished[cell.name] = mark

    def is_far_off(self, measure: str, peer_value: float | None) -> bool:
        """More than twice beyond what the peer's figure ever was on this machine."""
        known = self.peer_spread.get(measure)
        if known is None or peer_value is None or not known["max"]:
            return False  # never seen, or of rare events, of which there was none yet
        least, most = known["min"], known["max"]
        return peer_value > most * FAR_OFF or peer_value < least / FAR_OFF

    def remember(self, measure: str, samples: Sequence[float]) -> None:
        if samples:
            self.peer_spread[measure] = spread_of(samples)


def read(path: Path = RESULT) -> Results:
    """Nothing where there is no file."""
    if not path.exists():
        return Results()
    told = json.loads(path.read_text(encoding="utf-8"))
    head = told["head"]
    names = ("measure", "unit", "value", "n", "spread", "note", "goal", "peer", "peer_value")
    rows = [Row(**{name: row[name] for name in names}) for row in told["rows"]]
    return Results(rows, head.get("finished", {}), head.get("peer_spread", {}))


def save(results: Results, head: dict[str, Any], path: Path = RESULT) -> None:
    whole = {**head, "finished": results.finished, "peer_spread": results.peer_spread}
    write(path, whole, results.rows)
    waiting = path.with_suffix(".md.new")
    why = path.with_name(WHY)
    reasons = "\n" + why.read_text(encoding="utf-8") if why.exists() else ""
    waiting.write_text(table(results.rows, head) + reasons, encoding="utf-8")
    os.replace(waiting, path.with_suffix(".md"))


def rows_of(cell: Cell, found: Found, note: str) -> list[Row]:
    if cell.situation is None:
        return [
            not_measured(name_of(cell, aim), aim.unit, aim.goal_with(None), cell.reason)
            for aim in cell.aims
        ]
    return [_row(cell, aim, found, note) for aim in cell.aims]


def _row(cell: Cell, aim: Aim, found: Found, note: str) -> Row:
    ours = samples(found.samples[OURS], aim)
    peers = samples(found.samples[PEER], aim)
    peer_value = taken(peers, aim)
    words = [note, ALWAYS]
    if peers:
        words.insert(0, "Chromium " + _told(spread_of(peers)))
    if aim.needs_peer:
        words.insert(0, f"goal {aim.goal}")
    if aim.how == "sum" and ours and not any(ours):
        words.append(f"none of {len(ours)}: less than {_most_at_95(len(ours)):.2g} % at 95 %")
    if steps := _steps(found.samples[OURS]):
        words.append(f"our ladder: {steps}")
    if found.voids:
        words.append("void: " + "; ".join(found.voids))
    name = name_of(cell, aim)
    if not ours:
        return not_measured(name, aim.unit, aim.goal_with(peer_value), "; ".join(words))
    return Row(
        name,
        aim.unit,
        taken(ours, aim),
        len(ours),
        spread_of(ours),
        "; ".join(words),
        aim.goal_with(peer_value),
        PEER_WORDS if peers else None,
        peer_value,
    )


def _most_at_95(times: int) -> float:
    """Percent: a share above it would have shown itself in 95 of 100 such series."""
    return 100 * (1 - math.exp(math.log(0.05) / times))


def _steps(found: Sequence[Facts]) -> str:
    """Those that were seen, the mean share of the time in percent."""
    shares = (
        {
            step: sum(facts.get(f"{STEP}{step}", 0.0) for facts in found) / len(found)
            for step in Step
        }
        if found
        else {}
    )
    return ", ".join(f"{step} {share:.0%}" for step, share in shares.items() if share)


def name_of(cell: Cell, aim: Aim) -> str:
    """Cell, what, and which figure of many samples."""
    how = "" if aim.how == "median" else f" {aim.how}"
    return f"{cell.name}: {aim.fact}{how}" + (f" {aim.words}" if aim.words else "")


def cell_of(row: Row) -> str:
    return row.measure.partition(": ")[0]


def samples(found: Sequence[Facts], aim: Aim) -> list[float]:
    return [facts[aim.fact] for facts in found if aim.fact in facts]


def taken(values: Sequence[float], aim: Aim) -> float | None:
    if not values:
        return None
    if aim.how == "median":
        # Of an even number the worse of the two in the middle.
        ordered = sorted(values, reverse=aim.fact in MORE_IS_BETTER)
        return rounded(ordered[len(ordered) // 2])
    if aim.how == "p95":
        return rounded(percentile(values, 95))
    return rounded(max(values) if aim.how == "max" else sum(values))


def _told(spread: dict[str, float]) -> str:
    return ", ".join(f"{name} {value:g}" for name, value in spread.items())


def _missed_by(row: Row) -> float:
    """In the row's unit; 0 where there is nothing to miss."""
    limit = re.search(r"[-\d.e+]+$", row.goal or "")
    return abs(row.value - float(limit[0])) if limit and row.value is not None else 0.0


def _circumstances(rows: Sequence[Row], head: dict[str, Any]) -> list[str]:
    """How busy the machine was, and how much of the table is no more than a look."""
    words = []
    if (load := head.get("load")) is not None:
        words += [
            f"load {when} {load[when]['1_min']:g}, {load[when]['busy_share']:.0%} busy"
            for when in ("before", "after")
        ]
    if quick := sum(is_quick(row) for row in rows):
        words.append(f"{quick} of {len(rows)} rows are of a quick run: one seed, no verdict")
    return (
        ["; ".join(words) + ". The load while a cell ran stands in its notes.", ""] if words else []
    )


def is_quick(row: Row) -> bool:
    return QUICK in row.note


def table(rows: Sequence[Row], head: dict[str, Any]) -> str:
    """For a person."""
    lines = [
        "# Calls over a bad line, measured",
        "",
        f"Written by `make bench-call`; commit {head.get('commit', '-')}, "
        f"{head.get('measured_at', '-')}. Medians (least to most) of all samples, p95 where it "
        "says so; notes and settings stand in `call.json`.",
        "",
        *_circumstances(rows, head),
        "| cell | goal | ours | Chromium | holds |",
        "|---|---|---|---|---|",
    ]
    for row in rows:
        verdict = {True: "yes", False: f"**no**, by {_missed_by(row):.3g}", None: "-"}[row.holds]
        ours = "not measured" if row.value is None else f"{row.value:g} {row.unit}"
        if row.spread:
            ours += f" ({row.spread['min']:g} to {row.spread['max']:g}, n {row.n})"
        peer = "-" if row.peer_value is None else f"{row.peer_value:g}"
        measure = f"{row.measure} (quick)" if is_quick(row) else row.measure
        lines.append(f"| {measure} | {row.goal or '-'} | {ours} | {peer} | {verdict} |")
    return "\n".join(lines) + "\n"
