"""One stage for all whole tests: real programs, a network of our own, private display and sound.

A test gets it with both users signed in and nothing open; what a test broke is mended before the
next one. Nothing here is skipped in silence: on a machine that refuses the tests fail and
say why.
"""

import random
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from demo.desk import ROOT
from demo.network import Network, open_network
from demo.report import Report
from demo.stage import Given, Stage
from demo.story import Lengths, Story
from demo.visit import Facts, Visit
from demo.waiting import NotSo
from tests.unproven import unproven
from tests.whole.held_again import TOLD, protocol

RECORDINGS = ROOT.parent / "shared" / "data" / "recordings"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent not in Path(item.path).parents:
            continue
        item.add_marker(pytest.mark.whole)
        if "network" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.timeout(300))


def pytest_runtest_protocol(item: pytest.Item, nextitem: pytest.Item | None) -> bool | None:
    is_ours = Path(__file__).parent in Path(item.path).parents
    return protocol(item, nextitem) if is_ours and isinstance(item, pytest.Function) else None


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    for told in TOLD:
        terminalreporter.write_line(f"HELD AGAIN {told}")


@pytest.fixture(scope="session")
def chance() -> random.Random:
    """Every random choice of a run follows from the number printed here."""
    seed = secrets.randbits(32)
    print(f"seed {seed}")
    return random.Random(seed)


@pytest.fixture(scope="session")
def network() -> Network:
    try:
        return open_network()
    except NotSo as error:
        unproven(error)


@pytest.fixture(scope="session")
def heart_sound(chance: random.Random) -> Path | None:
    """A real recording where there are some; None: synthetic heart sounds."""
    found = sorted(RECORDINGS.glob("*.wav")) if RECORDINGS.is_dir() else []
    return chance.choice(found) if found else None


@pytest.fixture(scope="session")
def whole_stage(
    network: Network,
    chance: random.Random,
    heart_sound: Path | None,
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Stage]:
    try:
        # A third less than a visit that is shown: what a slow machine's two cores carry.
        given = Given(sound=heart_sound, cuff_cycle_s=4.0, frames_per_second=10)
        stage = Stage(network, chance, given, always_private=True)
        with stage:
            stage.sign_in()
            yield stage
            if request.session.testsfailed:
                said = tmp_path_factory.mktemp("what-the-programs-said")
                stage.desk.keep_words(said)
                print(f"what the programs said: {said}")
    except NotSo as error:
        if "Debian packages are missing" in str(error):
            unproven(error)
        raise


@pytest.fixture(scope="session")
def held() -> list[Facts]:
    """The visits held so far on the stage; their records are looked up apart."""
    return []


@dataclass(frozen=True, slots=True)
class Held:
    """A visit that was held from its start to its finish, and what both profiles then knew."""

    facts: Facts
    failed: dict[str, str]
    witnesses: dict[str, str]
    earlier: tuple[Facts, ...]


@pytest.fixture(scope="session")
def whole_visit(whole_stage: Stage, chance: random.Random, held: list[Facts]) -> Held:
    """With 15 s of black hole inside. Both programs have ended afterwards."""
    whole_stage.make_ready()
    report = Report(None)
    earlier = tuple(held)
    story = Story(whole_stage, report, chance, Lengths(), earlier=earlier)
    story.come_together()
    story.examine()
    story.outage()
    story.finish()
    held.append(story.visit.facts)
    witnesses = story.check()
    return Held(story.visit.facts, report.failed, witnesses, earlier)


@pytest.fixture
def stage(whole_stage: Stage) -> Iterator[Stage]:
    """Both users signed in, no visit open, the line whole."""
    whole_stage.make_ready()
    yield whole_stage
    whole_stage.network.heal()
    whole_stage.desk.sound.silence("workstation", is_silent=False)


class RunningVisit:
    """The visit that goes on while programs are killed; a new one when a test left it in ruins."""

    def __init__(self, stage: Stage, held: list[Facts]) -> None:
        self._stage = stage
        self._held = held
        self._visit: Visit | None = None

    def get(self) -> Visit:
        if self._visit is None or not self._is_live(self._visit):
            self._stage.make_ready()
            self._visit = self._new()
        return self._visit

    @staticmethod
    def _is_live(visit: Visit) -> bool:
        try:
            visit.is_live(limit_s=2.0)
        except NotSo:
            return False
        return True

    def _new(self) -> Visit:
        new = Visit(self._stage, self._stage.book())
        self._held.append(new.facts)
        new.check_in()
        new.open_chart()
        new.join()
        new.is_live()
        return new


@pytest.fixture(scope="module")
def running(whole_stage: Stage, held: list[Facts]) -> RunningVisit:
    return RunningVisit(whole_stage, held)


@pytest.fixture
def visit(running: RunningVisit) -> Visit:
    """Picture and sound are up."""
    return running.get()
