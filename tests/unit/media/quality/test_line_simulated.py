"""The control of the line on lines of all kinds, in virtual time: how much of it is used, how long
its queue is, how soon it is down and up again. The bars are the issue's or stand above them.
"""

import pytest

from media.quality.congestion_control import MOST_BIT_S
from media.quality.repeat_budget import LEAST_BURST_BYTES, SHARE
from tests.unit.media.quality.line_simulator import Line, Seen, Simulation

M = 1e6
SEEDS = (1, 2, 3)
WARM_S = 5.0


def steady(rate_bit_s: float, **more: float) -> Line:
    return Line(lambda now_s: rate_bit_s, **more)  # type: ignore[arg-type]  # floats only


def dropping(now_s: float) -> float:
    return 2 * M if now_s < 10 or now_s >= 22 else 0.2 * M


@pytest.mark.parametrize(
    ("line", "least_used", "most_queue_s"),
    [
        pytest.param(steady(1 * M), 0.85, 0.1, id="1 M"),
        pytest.param(steady(0.3 * M), 0.85, 0.1, id="300 k"),
        pytest.param(steady(0.128 * M), 0.85, 0.1, id="128 k"),
        pytest.param(steady(0.064 * M), 0.85, 0.15, id="64 k"),
        pytest.param(steady(0.6 * M, loss=0.05), 0.8, 0.1, id="5 % of 600 k lost"),
        pytest.param(steady(1 * M, delay_s=0.3), 0.8, 0.15, id="RTT 600"),
        pytest.param(steady(1 * M, jitter_s=0.04), 0.7, 0.12, id="jitter +-40 ms"),
        pytest.param(steady(0.6 * M, back_loss=0.3), 0.8, 0.1, id="3 of 10 feedbacks lost"),
    ],
)
def test_the_line_is_used_and_its_queue_stays_short(
    line: Line, least_used: float, most_queue_s: float
) -> None:
    for seed in SEEDS:
        seen = Simulation(line, seed).run(18.0)
        used = seen.carried_bit_s(WARM_S, 18.0) / line.rate_bit_s(0.0)
        queue_s = seen.queue_p95_s(WARM_S)
        assert used >= least_used, f"seed {seed}: {used:.2f} of the line used"
        assert queue_s <= most_queue_s, f"seed {seed}: queue p95 {queue_s * 1000:.0f} ms"
        voice_lost = sum(at >= WARM_S for at in seen.voice_lost) / (50 * (18.0 - WARM_S))
        assert voice_lost <= line.loss * 2 + 0.005


@pytest.mark.parametrize("seed", SEEDS)
def test_a_clean_line_is_asked_at_once_what_it_carries(seed: int) -> None:
    seen = Simulation(steady(2 * M), seed).run(4.0)
    assert seen.reaches(1 * M) <= 2.0
    assert not seen.voice_lost
    assert seen.queue_p95_s(0.0) < 0.1


class VoiceOnly(Simulation):
    most_picture_bit_s = 0.0


@pytest.mark.parametrize("seed", SEEDS)
def test_a_line_taken_for_narrow_is_asked_without_any_picture_too(seed: int) -> None:
    """The link began with a voice alone and a bad second: nothing else would show its rate."""
    line = steady(2 * M)
    line.is_open = lambda now_s: not 1.0 <= now_s < 2.0
    simulation = VoiceOnly(line, seed)
    simulation.at(2.0, lambda: setattr(line, "delay_s", 0.3))
    simulation.at(3.0, lambda: setattr(line, "delay_s", 0.025))
    seen = simulation.run(12.0)
    assert min(target for at, target in seen.targets if at < 4.0) < 0.1 * M
    assert seen.reaches(0.16 * M, 3.0) <= 5.0  # a picture of middle size, and room to spare
    assert not [at for at in seen.voice_lost if at >= 2.0]


def test_over_a_long_way_too() -> None:
    assert Simulation(steady(2 * M, delay_s=0.3)).run(5.0).reaches(1 * M) <= 4.0


@pytest.mark.parametrize("seed", SEEDS)
def test_a_sudden_drop_and_the_way_back(seed: int) -> None:
    simulation = Simulation(Line(dropping), seed)
    seen = simulation.run(32.0)
    assert len(seen.voice_lost) / seen.voice_sent <= 0.01
    assert seen.queue_p95_s(WARM_S) < 0.15
    assert seen.queue_p95_s(11.5, 22.0) < 0.15  # the drop itself fills any queue
    assert seen.carried_bit_s(12.0, 22.0) >= 0.8 * 0.2 * M
    assert seen.longest_gap_s(9.0, 22.0) <= 3.0
    assert seen.reaches(1.3 * M, since_s=22.0) - 22.0 <= 6.0  # a full picture again
    lowest_bit_s = min(target for at, target in seen.targets if 10.4 <= at < 12.0)
    assert lowest_bit_s <= 0.2 * M


class Large(Simulation):
    """A picture that fills the line, and a key frame on its way when the line becomes narrow."""

    most_picture_bit_s = 2.4 * M

    def key_frame_bytes(self, bit_s: float) -> float:
        return 30_000 if bit_s > 1 * M else 5_000


@pytest.mark.parametrize("seed", SEEDS)
def test_what_waits_for_a_line_that_became_narrow_gives_way_to_the_voice(seed: int) -> None:
    simulation = Large(Line(dropping), seed)
    control = simulation.sender.control
    simulation.at(9.97, simulation.lose_picture)
    paces: list[tuple[float, float]] = []
    while_draining: list[float] = []  # shares of the target

    def look() -> None:
        paces.append((simulation.now_s, control.pace_bit_s))
        if control.soon_bit_s > control.target_bit_s:
            while_draining.append(control.pace_bit_s / control.target_bit_s)

    for tick in range(200, 440):
        simulation.at(tick / 20, look)
    seen = simulation.run(22.0)
    assert seen.thrown == 1
    assert not [at for at in seen.voice_lost if at > 10.4]
    assert min(pace for at, pace in paces if 10.2 < at < 11.0) < 0.1 * M  # until the queue is short
    assert max(pace for at, pace in paces if at > 12.0) < 0.25 * M  # no queue of our own making
    assert while_draining
    assert max(while_draining) < 0.8


class KeyFrames(Simulation):
    """A picture that leaves a third of the line unused, and a large key frame now and then."""

    most_picture_bit_s = 0.1 * M

    def key_frame_bytes(self, bit_s: float) -> float:
        return 6_000


@pytest.mark.parametrize("seed", SEEDS)
def test_a_key_frame_on_a_line_that_is_not_full_takes_little_of_its_rate_and_not_for_long(
    seed: int,
) -> None:
    """While its queue is there the line is full: what arrives then is what it carries."""
    simulation = KeyFrames(steady(0.3 * M), seed)
    for at_s in (9.0, 12.0, 15.0):
        simulation.at(at_s, simulation.lose_picture)
    seen = simulation.run(18.0)
    for at_s in (9.0, 12.0, 15.0):
        before = max(target for at, target in seen.targets if at_s - 1 < at <= at_s)
        after = max(target for at, target in seen.targets if at_s + 1.2 < at <= at_s + 1.6)
        assert after > 0.8 * before


@pytest.mark.parametrize("seed", SEEDS)
def test_near_what_a_line_carries_its_rate_does_not_swing(seed: int) -> None:
    seen = Simulation(steady(0.3 * M), seed).run(25.0)
    targets = [target for at, target in seen.targets if at > 6.0]
    assert min(targets) > 0.6 * 0.3 * M
    assert max(targets) < 1.2 * 0.3 * M


@pytest.mark.parametrize("longer_s", [0.03, 0.06])
@pytest.mark.parametrize("seed", SEEDS)
def test_a_way_that_became_longer_with_the_drop_slows_no_picture_for_long(
    seed: int, longer_s: float
) -> None:
    """It looks like a queue that does not go away."""
    line = Line(lambda now_s: 2 * M if now_s < 10 else 1 * M)
    simulation = Large(line, seed)
    simulation.at(10.25, lambda: setattr(line, "delay_s", line.delay_s + longer_s))
    seen = simulation.run(20.0)
    assert sum(at >= 12.0 for at in seen.frames) / 8 > 28


@pytest.mark.parametrize("seed", SEEDS)
def test_repeats_keep_to_their_share_in_a_drop(seed: int) -> None:
    seen = Simulation(Line(dropping), seed).run(22.0)
    assert seen.repeats
    for since_s in range(12, 22):
        repeated = sum(size for at, size in seen.repeats if since_s <= at < since_s + 1)
        assert repeated <= SHARE * 0.3 * M / 8 + LEAST_BURST_BYTES


def test_five_dead_seconds_are_forgotten_soon() -> None:
    line = Line(lambda now_s: 2 * M, is_open=lambda now_s: not 8.0 <= now_s < 13.0)
    seen = Simulation(line).run(16.0)
    assert min(target for at, target in seen.targets if 11.0 < at < 13.0) < 0.2 * M
    assert seen.reaches(0.5 * M, since_s=13.0) <= 13.6
    assert seen.reaches(1.3 * M, since_s=13.0) <= 15.0


def test_the_picture_is_not_taken_away_by_loss_alone() -> None:
    seen = Simulation(steady(1 * M, loss=0.2)).run(15.0)
    assert sum(5.0 <= at < 15.0 for at in seen.frames) >= 15 * 10


def test_nothing_leaves_the_bounds() -> None:
    seen = Simulation(steady(50 * M)).run(6.0)
    assert max(target for _, target in seen.targets) == MOST_BIT_S


class FullFromTheFirst(Simulation):
    """What came before any feedback, a handshake and a key frame, filled the queue already."""

    def run(self, seconds: float) -> Seen:
        self._free_s = 0.3
        return super().run(seconds)


@pytest.mark.parametrize("rate_bit_s", [80_000, 96_000])
@pytest.mark.parametrize("seed", SEEDS)
def test_a_queue_that_was_never_seen_empty_is_found_by_its_loss(rate_bit_s: int, seed: int) -> None:
    seen = FullFromTheFirst(steady(rate_bit_s), seed).run(10.0)
    assert max(at for at, target in seen.targets if target > 1.2 * rate_bit_s) <= 2.5
    assert not [at for at in seen.voice_lost if at >= 4.0]
