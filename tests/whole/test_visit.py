"""One visit from start to finish, real programs and sockets, an outage in its middle.

Everything is read at the far end and from outside; the expected values are random in each run.
"""

import random
from pathlib import Path

import pytest

from demo.report import Report
from demo.sabotage import edit
from demo.stage import Stage
from demo.story import FAST, Lengths, Story
from demo.visit import Facts
from tests.whole.conftest import RECORDINGS
from tests.whole.tampering import TAMPERINGS, Copy


def test_one_visit_from_start_to_finish(
    stage: Stage, chance: random.Random, held: list[Facts], heart_sound: Path | None, tmp_path: Path
) -> None:
    """15 s of black hole inside; then the audit, and what somebody might do to it."""
    report = Report(None)
    story = Story(stage, report, chance, Lengths(), earlier=tuple(held))
    story.come_together()
    story.examine()
    story.outage()
    story.finish()
    held.append(story.visit.facts)
    witnesses = story.check()
    assert not report.failed
    for name, tamper in TAMPERINGS.items():
        copy = Copy(stage, tmp_path / name, witnesses)
        edit(copy.database, tamper)
        assert copy.own_verdict(witnesses), f"{name}: not seen by our own walk"
        assert copy.product_verdict(witnesses), f"{name}: not seen by verify-audit"
    whole = Copy(stage, tmp_path / "untouched", witnesses)
    assert not whole.own_verdict(witnesses)
    assert not whole.product_verdict(witnesses), "verify-audit refuses a sound chain"
    if heart_sound is None:
        pytest.skip(f"all held, but with synthetic heart sounds: no folder {RECORDINGS}")


def test_a_visit_whose_line_refuses_everything(
    stage: Stage, chance: random.Random, held: list[Facts]
) -> None:
    report = Report(None)
    story = Story(stage, report, chance, FAST, refuses=True, earlier=tuple(held))
    story.visit.check_in()
    story.visit.open_chart()
    story.visit.join()
    story.visit.is_live()
    story.outage()
    story.finish()
    held.append(story.visit.facts)
    assert not report.failed
