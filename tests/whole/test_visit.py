"""One visit from start to finish, real programs and sockets, an outage in its middle.

Everything is read at the far end and from outside; the expected values are random in each run.
"""

import random
from pathlib import Path

import pytest

from demo.report import Report
from demo.sabotage import edit
from demo.stage import Stage
from demo.story import FAST, Story
from demo.visit import Facts, Visit
from demo.waiting import wait_for
from tests.whole.conftest import RECORDINGS, Held
from tests.whole.tampering import TAMPERINGS, Copy


def test_one_visit_from_start_to_finish(whole_visit: Held, heart_sound: Path | None) -> None:
    """Each step raised when it was not so; these are the checks at its end."""
    assert not whole_visit.failed
    assert len(whole_visit.facts.pressures) == 2
    assert len(whole_visit.facts.notes) == 3
    assert set(whole_visit.witnesses) == {"workstation", "cart"}
    if heart_sound is None:
        pytest.skip(f"all held, but with synthetic heart sounds: no folder {RECORDINGS}")


@pytest.mark.parametrize("name", TAMPERINGS)
def test_tampering_with_the_audit_is_seen(
    whole_stage: Stage, whole_visit: Held, tmp_path: Path, name: str
) -> None:
    """By our own walk along the chain and by the product's command, both with the witnesses."""
    copy = Copy(whole_stage, tmp_path / name, whole_visit.witnesses)
    edit(copy.database, TAMPERINGS[name])
    assert copy.own_verdict(whole_visit.witnesses)
    assert copy.product_verdict(whole_visit.witnesses)


def test_an_untouched_audit_is_sound(whole_stage: Stage, whole_visit: Held, tmp_path: Path) -> None:
    copy = Copy(whole_stage, tmp_path / "copy", whole_visit.witnesses)
    assert copy.own_verdict(whole_visit.witnesses) == ""
    assert copy.product_verdict(whole_visit.witnesses) == ""


def test_an_age_on_the_screen_goes_on_by_itself(stage: Stage, held: list[Facts]) -> None:
    """Waiting for the other side, when nothing else makes the screen draw anew."""
    visit = Visit(stage, stage.book())
    held.append(visit.facts)
    visit.check_in()
    age = stage.cart.user.read("visit.since-check-in").words
    wait_for(
        "the time since check-in goes on",
        lambda: stage.cart.user.read("visit.since-check-in").words != age,
        5.0,
    )


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
