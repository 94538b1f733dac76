"""A demonstration that cannot fail proves nothing: each of twelve ways to break it must be seen."""

import random
import subprocess
import sys
from pathlib import Path

import pytest

from demo.checks import Checks
from demo.database_view import DatabaseView
from demo.desk import ROOT
from demo.report import Report
from demo.sabotage import SABOTAGES, edit
from demo.stage import Stage
from demo.story import FAST, Story
from demo.waiting import NotSo
from tests.whole.conftest import Held
from tests.whole.tampering import Copy

LIMIT_S = 240
IN_DATABASE = [name for name, one in SABOTAGES.items() if one.in_database is not None]


def test_there_are_twelve() -> None:
    assert len(SABOTAGES) == 12


def test_a_frozen_picture_is_seen(stage: Stage, chance: random.Random) -> None:
    report = Report(None)
    story = Story(stage, report, chance, FAST, sabotage=SABOTAGES["frozen-picture"])
    with pytest.raises(NotSo):
        story.come_together()
    stage.end_sabotage()
    assert set(report.failed) == {"picture"}


def test_a_cut_that_was_not_made_is_seen(stage: Stage, chance: random.Random) -> None:
    report = Report(None)
    story = Story(stage, report, chance, FAST, sabotage=SABOTAGES["no-cut"])
    story.visit.check_in()
    story.visit.open_chart()
    story.visit.join()
    story.visit.is_live()
    with pytest.raises(NotSo):
        story.outage()
    assert set(report.failed) == {"cut"}


@pytest.fixture(scope="module")
def untouched(
    whole_stage: Stage, whole_visit: Held, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, str]:
    """What fails on a copy that nobody changed: the same for all of the changes."""
    folder = tmp_path_factory.mktemp("sabotage") / "untouched"
    return _checked(
        whole_stage, whole_visit, Copy(whole_stage, folder, whole_visit.witnesses).database
    )


@pytest.mark.parametrize("name", IN_DATABASE)
def test_what_was_changed_in_the_database_is_seen(
    whole_stage: Stage, whole_visit: Held, untouched: dict[str, str], tmp_path: Path, name: str
) -> None:
    """The same checks held a moment before, and hold on an untouched copy."""
    noticed_by, change = SABOTAGES[name].noticed_by, SABOTAGES[name].in_database
    assert noticed_by not in untouched
    copy = Copy(whole_stage, tmp_path / "broken", whole_visit.witnesses)
    assert change is not None
    edit(copy.database, change)
    assert noticed_by in _checked(whole_stage, whole_visit, copy.database)


def _checked(stage: Stage, visit: Held, database: Path) -> dict[str, str]:
    report = Report(None)
    view = DatabaseView(database, stage.clinic.data)
    for name, check in Checks(view, visit.facts, visit.witnesses, visit.earlier).all().items():
        report.check(name, check)
    return report.failed


@pytest.mark.long
@pytest.mark.usefixtures("network")
@pytest.mark.parametrize("name", sorted(SABOTAGES))
def test_the_demonstration_fails_when_broken(
    name: str, chance: random.Random, tmp_path: Path
) -> None:
    done = _run(["--sabotage", name], chance, tmp_path)
    assert done.returncode == 1, done.stdout[-2000:]
    failed = [line for line in done.stdout.splitlines() if " FAILED " in line]
    noticed_by = SABOTAGES[name].noticed_by
    assert any(f"FAILED {noticed_by}:" in line for line in failed), failed
    # What came before the sabotage held: it failed for this reason and no other.
    assert SABOTAGES[name].at == "before-checks" or f"FAILED {noticed_by}:" in failed[0], failed


@pytest.mark.long
@pytest.mark.usefixtures("network")
def test_the_demonstration_holds_when_nobody_breaks_it(
    chance: random.Random, tmp_path: Path
) -> None:
    """The second half: a run that fails at everything would notice every sabotage."""
    assert _run([], chance, tmp_path).returncode == 0


def _run(options: list[str], chance: random.Random, out: Path) -> subprocess.CompletedProcess[str]:
    seed = str(chance.getrandbits(32))
    return subprocess.run(
        [
            *(sys.executable, "-m", "demo", "--fast", "--private", "--seed", seed),
            *("--out", str(out / "out"), *options),
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=LIMIT_S,
        check=False,
    )
