"""Ladder, control of the line, voice and an encoder together, in virtual time: who decides what,
and that they do not drive each other up and down."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest

from app.domain.access import Role
from app.domain.ladder import Step, Stream
from media.audio.voice_shape import FIRST, MS, VoiceRule
from media.ladder_keeper import LadderKeeper
from tests.unit.media.quality.line_simulator import Line, Simulation

M, K = 1e6, 1e3
SEEDS = (1, 2, 3)
VOICE_HEADERS_BYTES = 64
# More than this the encoder cannot use in the sizes of the step.
MOST_BIT_S = {Step.HD: 1_600_000, Step.SD: 900_000, Step.THUMBNAIL: 150_000}
PICTURE_STEPS = tuple(MOST_BIT_S)


@dataclass
class Clock:
    simulation: Simulation

    def now(self) -> datetime:
        return datetime(2030, 1, 1, tzinfo=UTC) + timedelta(seconds=self.simulation.now_s)

    def monotonic(self) -> float:
        return self.simulation.now_s


class Call(Simulation):
    """One way of a call whose steps are told as they change."""

    def __init__(self, rate_bit_s: Callable[[float], float], seed: int, loss: float = 0.0) -> None:
        super().__init__(Line(rate_bit_s, loss=loss), seed)
        self.steps: list[tuple[float, Step]] = []
        self._rule, self._shape = VoiceRule(), FIRST
        self.keeper = LadderKeeper(
            Clock(self),
            line_state=self.sender.state,
            running=lambda: frozenset({Stream.VOICE, Stream.CAMERA}),
            tell=lambda told: None,
            say_far=lambda word: None,
            cpu_share=lambda: 0.1,
        )
        self.keeper.begin(Role.CLINICIAN)
        self.keeper.link_is_up()
        self.keeper.step.listen(lambda step: self.steps.append((self.now_s, step)))
        self.keeper.voice_line_bit_s.listen(self._voice_has)
        self.at(1.0, self._look)

    def _voice_has(self, line_bit_s: int | None) -> None:
        self._rule.carries(line_bit_s)

    def step_at(self, at_s: float) -> Step:
        return [step for since_s, step in self.steps if since_s <= at_s][-1]

    def first(self, steps: tuple[Step, ...], since_s: float) -> float:
        return next((at for at, step in self.steps if at >= since_s and step in steps), 1e9)

    def changes(self, since_s: float, until_s: float) -> int:
        return sum(since_s <= at < until_s for at, _ in self.steps)

    def _look(self) -> None:
        self.at(self.now_s + 1.0, self._look)
        self.keeper.look(is_up=True)
        self._shape = self._rule.loses(0.0, self.now_s)

    def _voice(self) -> None:
        length_s = self._shape.frame / MS / 1000
        self.at(self.now_s + length_s, self._voice)
        copies = 1 + self._shape.copies
        size = int(self._shape.bit_s / 8 * length_s) * copies + VOICE_HEADERS_BYTES
        self.seen.voice_sent += 1
        number = self.sender.voice_leaves(size, self.now_s)
        if not self._enter(size, number, None):
            self.seen.voice_lost.append(self.now_s)

    def key_frame_bytes(self, bit_s: float) -> float:
        """A small picture's where the rate makes one."""
        return super().key_frame_bytes(bit_s) * (1.0 if bit_s > 160 * K else 0.4)

    @property
    def most_picture_bit_s(self) -> float:
        return MOST_BIT_S.get(self.keeper.step.value, 0)


def narrow_for_a_while(now_s: float) -> float:
    return 60 * K if 15 <= now_s < 45 else 2 * M


@pytest.mark.parametrize(("seed", "loss"), [(1, 0.0), (2, 0.0), (1, 0.1)])
def test_the_picture_goes_with_the_line_and_comes_back_with_it(seed: int, loss: float) -> None:
    call = Call(narrow_for_a_while, seed, loss)
    seen = call.run(70.0)
    assert call.step_at(14.9) is Step.HD
    assert call.step_at(18.0) is Step.VOICE
    assert call.step_at(44.9) is Step.VOICE
    assert call.first(PICTURE_STEPS, 18.0) - 45.0 <= 15.0  # ten good seconds, and being asked
    assert call.step_at(70.0) is Step.HD
    assert call.changes(18.0, 70.0) <= 2
    lost = sum(18.0 <= at < 45.0 for at in seen.voice_lost)
    assert lost <= (0.01 + 1.5 * loss) * 27.0 / 0.04
    assert seen.queue_p95_s(18.0, 45.0) < 0.1


@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize(
    ("rate_bit_s", "step"),
    [
        pytest.param(60 * K, Step.VOICE, id="a voice alone shows little of its line"),
        pytest.param(90 * K, Step.THUMBNAIL, id="90 k"),
        pytest.param(160 * K, Step.SD, id="160 k"),
    ],
)
def test_on_a_line_that_stays_as_it_is_nothing_changes_after_the_start(
    rate_bit_s: float, step: Step, seed: int
) -> None:
    call = Call(lambda now_s: rate_bit_s, seed)
    call.run(60.0)
    assert call.step_at(60.0) is step
    assert call.changes(10.0, 60.0) == 0


def test_a_line_that_begins_narrow_and_widens_is_found_out() -> None:
    call = Call(lambda now_s: 60 * K if now_s < 30 else 2 * M, seed=1)
    call.run(50.0)
    assert call.step_at(29.9) is Step.VOICE
    assert call.first(PICTURE_STEPS, 10.0) - 30.0 <= 14.0
    assert call.step_at(50.0) is Step.HD
