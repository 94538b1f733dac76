"""The ladder's rule by a clock of its own: down soon, up late, never up and down and up."""

import random
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.domain.ladder import (
    FALL_APART_S,
    FOUND_AFTER_S,
    HEADROOM,
    PROVEN_AFTER_S,
    STEPS,
    WAITS_S,
    Claims,
    LadderState,
    LineSeen,
    Matters,
    Reason,
    Step,
    Stream,
    advance,
    need_bit_s,
    voice_bit_s,
    why_not,
)

GOOD = LineSeen(True, 2_000_000, 0.0, 0.05, 0.0, 0.2)
POOR = replace(GOOD, target_bit_s=50_000)  # voice only
CLAIMS = Claims()
HELD = Claims(held_by=Reason.CHOSEN)
HEADERS = 18_000
WITH_SCOPE = frozenset({Stream.VOICE, Stream.CAMERA, Stream.STETHOSCOPE})

Seen = Callable[[int], LineSeen]


class Walk:
    """One ladder, looked at once a second; `moves` are (second, step, reason)."""

    def __init__(self, state: LadderState | None = None) -> None:
        self.state = state or LadderState()
        self.second = 0
        self.moves: list[tuple[int, Step, Reason]] = []

    def sees(self, seen: LineSeen | Seen, seconds: int, claims: Claims = CLAIMS) -> "Walk":
        for _ in range(seconds):
            now = seen if isinstance(seen, LineSeen) else seen(self.second)
            before, self.state = self.state, advance(self.state, now, claims, float(self.second))
            if self.state.step is not before.step:
                self.moves.append((self.second, self.state.step, self.state.reason))
            self.second += 1
        return self

    @property
    def steps(self) -> list[Step]:
        return [step for _, step, _ in self.moves]


def at(step: Step) -> LadderState:
    return LadderState(step=step, reason=Reason.SLOW, before=step)


def just_carrying(step: Step, factor: float = 1.0) -> LineSeen:
    return replace(GOOD, target_bit_s=round(need_bit_s(step, CLAIMS) * factor))


# --- stories -------------------------------------------------------------------------------------


def test_the_rate_falls_and_comes_back() -> None:
    walk = Walk().sees(GOOD, 15).sees(replace(GOOD, target_bit_s=170_000), 20).sees(GOOD, 30)
    [(down, lower, why), (up, higher, _)] = walk.moves
    assert (lower, why, higher) == (Step.SD, Reason.SLOW, Step.HD)
    assert down - 15 <= 2, "within three seconds of the fall, which may come just after a look"
    assert up - 35 == WAITS_S[0]


def test_the_picture_goes_and_the_voice_stays() -> None:
    walk = Walk().sees(POOR, 10)
    assert walk.moves == [(1, Step.VOICE, Reason.SLOW)]


def test_what_not_even_carries_a_voice_leaves_messages() -> None:
    walk = Walk().sees(replace(GOOD, target_bit_s=20_000), 10)
    assert walk.steps == [Step.MESSAGES]
    walk.sees(POOR, 20)
    assert walk.steps == [Step.MESSAGES, Step.VOICE]


def test_a_rate_that_is_still_being_looked_for_takes_no_full_picture() -> None:
    def growing(second: int) -> LineSeen:
        return replace(GOOD, target_bit_s=min(2_000_000, 150_000 * 2**second))

    assert Walk().sees(growing, 20).moves == []
    walk = Walk().sees(just_carrying(Step.SD, 1.5), 20)
    assert walk.moves == [(6, Step.SD, Reason.SLOW)]


def test_one_bad_second_takes_nothing() -> None:
    walk = Walk().sees(lambda second: POOR if second % 3 == 0 else GOOD, 120)
    assert walk.moves == []


@pytest.mark.parametrize("step", [Step.HD, Step.SD, Step.THUMBNAIL, Step.VOICE])
@pytest.mark.parametrize("seed", range(5))
def test_noise_around_a_threshold_does_not_flap(step: Step, seed: int) -> None:
    noise = random.Random(seed)  # weather, no secret
    threshold = need_bit_s(step, CLAIMS) * (1.0 if seed % 2 else HEADROOM)

    def seen(_: int) -> LineSeen:
        return replace(GOOD, target_bit_s=round(threshold * noise.uniform(0.8, 1.2)))

    assert len(Walk(at(step)).sees(seen, 600).moves) <= 2


def test_a_step_that_fails_soon_waits_longer_each_time() -> None:
    """A line that is good until it is used: each try up is punished at once."""
    walk = Walk(at(Step.SD))
    walk.state = replace(walk.state, reason=Reason.SLOW)

    def seen(_: int) -> LineSeen:
        return just_carrying(Step.SD) if walk.state.step is Step.HD else GOOD

    walk.sees(seen, 400)
    ups = [second for second, step, _ in walk.moves if step is Step.HD]
    downs = [second for second, step, _ in walk.moves if step is Step.SD]
    waits = [up - down - 1 for down, up in zip(downs, ups[1:], strict=False)]
    assert waits[:5] == [20, 40, 60, 60, 60]


def test_a_step_that_held_is_forgiven() -> None:
    walk = Walk(replace(at(Step.SD), wait_s=60.0)).sees(GOOD, 61 + int(PROVEN_AFTER_S))
    assert walk.steps == [Step.HD] and walk.state.wait_s == WAITS_S[0]


def test_several_steps_up_at_once_when_the_rate_justifies_them() -> None:
    assert Walk(at(Step.VOICE)).sees(GOOD, 12).steps == [Step.HD]
    assert Walk(at(Step.VOICE)).sees(just_carrying(Step.SD, 1.31), 12).steps == [Step.SD]


def test_where_the_rate_is_unknown_one_step_at_a_time() -> None:
    blind = LineSeen(True, None, 0.0, 0.05)
    assert Walk(at(Step.VOICE)).sees(blind, 35).steps == [Step.THUMBNAIL, Step.SD, Step.HD]
    assert Walk().sees(LineSeen(True), 100).moves == []


@pytest.mark.parametrize(
    ("seen", "step", "reason"),
    [
        (replace(GOOD, loss_share=0.2), Step.SD, Reason.LOSS),
        (replace(GOOD, loss_share=0.3), Step.THUMBNAIL, Reason.LOSS),
        (replace(GOOD, loss_share=0.5), Step.VOICE, Reason.LOSS),
        (replace(GOOD, loss_share=0.7), Step.MESSAGES, Reason.LOSS),
        (replace(GOOD, round_trip_s=1.8), Step.SD, Reason.ROUND_TRIP),
        (replace(GOOD, round_trip_s=4.0), Step.VOICE, Reason.ROUND_TRIP),
        (replace(GOOD, far_concealed_share=0.2), Step.THUMBNAIL, Reason.FAR_LINE),
        (replace(GOOD, far_concealed_share=0.9), Step.VOICE, Reason.FAR_LINE),
        (replace(GOOD, cpu_share=0.9), Step.SD, Reason.CPU),
        (replace(GOOD, cpu_share=1.0), Step.THUMBNAIL, Reason.CPU),
        (replace(GOOD, loss_share=0.1, round_trip_s=0.6), None, None),
    ],
)
def test_each_reason_has_its_bound(
    seen: LineSeen, step: Step | None, reason: Reason | None
) -> None:
    walk = Walk().sees(seen, 5)
    assert [(moved, why) for _, moved, why in walk.moves] == ([(step, reason)] if step else [])


# --- no line -------------------------------------------------------------------------------------


def test_a_line_that_is_gone_leaves_messages_and_comes_back_at_once() -> None:
    gone = LineSeen(False)
    walk = Walk().sees(GOOD, 5).sees(gone, 60).sees(GOOD, 1)
    assert [(step, why) for _, step, why in walk.moves] == [
        (Step.MESSAGES, Reason.NO_LINE),
        (Step.SD, Reason.CARRIED),
    ]
    assert walk.moves[0][0] - 5 <= 1
    walk.sees(GOOD, 11)
    assert walk.state.step is Step.HD


def test_a_short_gap_takes_nothing() -> None:
    assert Walk().sees(GOOD, 5).sees(LineSeen(False), 1).sees(GOOD, 30).moves == []


def test_a_line_that_comes_back_poor_is_not_overrun() -> None:
    walk = Walk().sees(GOOD, 5).sees(LineSeen(False), 10).sees(POOR, 1)
    assert walk.state.step is Step.VOICE and walk.state.reason is Reason.SLOW


def test_a_line_that_comes_back_gives_the_picture_back_as_soon_as_its_rate_is_found() -> None:
    """Its rate begins low: the picture does not wait for ten good seconds, twice."""
    walk = Walk().sees(GOOD, 5).sees(LineSeen(False), 15)
    walk.sees(replace(GOOD, target_bit_s=40_000), 1).sees(replace(GOOD, target_bit_s=90_000), 1)
    walk.sees(GOOD, 1)
    assert walk.state.step is Step.SD
    assert walk.moves[-1][0] - 20 <= 2


def test_a_first_guess_that_was_too_low_is_taken_back_at_once() -> None:
    walk = Walk().sees(POOR, 3).sees(GOOD, 2)
    assert walk.steps == [Step.VOICE, Step.SD]


def test_later_than_that_it_is_a_step_like_any_other() -> None:
    walk = Walk().sees(GOOD, 5).sees(LineSeen(False), 15).sees(POOR, 9).sees(GOOD, 9)
    assert walk.state.step is Step.VOICE
    assert walk.sees(GOOD, 3).state.step is Step.HD


# --- a person chooses ----------------------------------------------------------------------------


def test_a_picture_held_off_goes_at_once_and_comes_back_at_once() -> None:
    walk = Walk().sees(GOOD, 5).sees(GOOD, 100, HELD).sees(GOOD, 1)
    assert walk.moves == [(5, Step.VOICE, Reason.CHOSEN), (105, Step.HD, Reason.CARRIED)]


def test_a_picture_let_go_comes_only_as_far_as_it_is_carried() -> None:
    walk = Walk().sees(GOOD, 5).sees(GOOD, 10, HELD).sees(just_carrying(Step.SD), 1)
    assert (walk.state.step, walk.state.reason) == (Step.SD, Reason.SLOW)


def test_held_off_by_the_far_side_says_so() -> None:
    walk = Walk().sees(GOOD, 3, Claims(held_by=Reason.CHOSEN_BY_FAR))
    assert walk.moves == [(0, Step.VOICE, Reason.CHOSEN_BY_FAR)]
    walk.sees(GOOD, 3, HELD)
    assert walk.state.reason is Reason.CHOSEN


def test_a_held_picture_stays_off_over_a_gap() -> None:
    walk = Walk().sees(GOOD, 5).sees(GOOD, 5, HELD).sees(LineSeen(False), 9).sees(GOOD, 9, HELD)
    walk.sees(replace(GOOD, target_bit_s=20_000), 3, HELD)
    assert walk.steps[-3:] == [Step.MESSAGES, Step.VOICE, Step.MESSAGES]


# --- what matters --------------------------------------------------------------------------------


def test_the_scope_claims_its_share_before_the_picture() -> None:
    tight = replace(GOOD, target_bit_s=150_000)
    for matters, step in (
        (Matters.PICTURE, Step.SD),
        (Matters.SOUND, Step.THUMBNAIL),
        (Matters.SCOPE, Step.THUMBNAIL),
    ):
        walk = Walk(at(Step.SD)).sees(tight, 5, Claims(matters, WITH_SCOPE))
        assert walk.state.step is step, matters
    without = Walk(at(Step.SD)).sees(tight, 5, Claims(Matters.SCOPE))
    assert without.state.step is Step.SD, "a scope that does not run claims nothing"


def test_a_second_camera_claims_a_small_picture_beside() -> None:
    both = Claims(running=frozenset({Stream.VOICE, Stream.CAMERA, Stream.EXAM_CAMERA}))
    beside = need_bit_s(Step.SD, both) - need_bit_s(Step.SD, CLAIMS)
    assert beside == need_bit_s(Step.THUMBNAIL, CLAIMS) - HEADERS - 16_000
    assert need_bit_s(Step.VOICE, both) == need_bit_s(Step.VOICE, CLAIMS)


def test_a_voice_is_always_within_what_the_encoder_speaks() -> None:
    for matters in Matters:
        assert all(12_000 <= voice_bit_s(step, matters) <= 32_000 for step in STEPS)


# --- for every line ------------------------------------------------------------------------------

SHARES = st.one_of(st.none(), st.floats(0, 1))
LINES = st.builds(
    LineSeen,
    st.sampled_from([True, True, True, False]),
    st.one_of(st.none(), st.integers(0, 3_000_000)),
    SHARES,
    st.one_of(st.none(), st.floats(0, 8)),
    SHARES,
    SHARES,
)
ALL_CLAIMS = st.builds(
    Claims,
    st.sampled_from(Matters),
    st.frozensets(st.sampled_from(Stream)),
    st.sampled_from([None, None, Reason.CHOSEN, Reason.CHOSEN_BY_FAR]),
)
STRETCHES = st.lists(st.tuples(LINES, ALL_CLAIMS, st.integers(1, 25)), min_size=1, max_size=8)


@settings(max_examples=60, deadline=None)
@given(STRETCHES)
def test_on_every_line_the_bounds_hold(
    stretches: list[tuple[LineSeen, Claims, int]],
) -> None:
    state, now_s = LadderState(), 0.0
    for seen, claims, seconds in stretches:
        for second in range(seconds):
            before = state
            state = advance(state, seen, claims, now_s)
            now_s += 1
            if second >= 3:
                stays = why_not(state.step, seen, claims) is None or not seen.is_up or now_s <= 8
                assert stays, "a step that is not carried is left within three seconds"
            if second >= 3 and not seen.is_up:
                assert state.step is Step.MESSAGES
            if claims.held_by is not None and seen.is_up:
                assert STEPS.index(state.step) >= STEPS.index(Step.VOICE)
            went_up = STEPS.index(state.step) < STEPS.index(before.step)
            if went_up and claims.held_by is None:
                assert why_not(state.step, seen, claims) is None, "up only where it is carried"
            assert WAITS_S[0] <= state.wait_s <= WAITS_S[-1]
            if state.step is not Step.HD and state.reason is Reason.NO_LINE:
                assert state.step is Step.MESSAGES


@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers(0, 1_500_000), min_size=60, max_size=120))
def test_up_only_after_ten_good_seconds(rates: list[int]) -> None:
    # Later than the start, in which a rate is only being found.
    state = LadderState(began_s=-60.0)
    moved_at: list[int] = []
    deep_falls: list[float] = []
    for second, rate in enumerate(rates):
        seen = replace(GOOD, target_bit_s=rate)
        before, state = state, advance(state, seen, CLAIMS, float(second))
        if STEPS.index(state.step) >= STEPS.index(before.step):
            continue
        if before.back_s is not None and state.raised_at_s is None:  # a fall is put right
            assert second - before.back_s < FOUND_AFTER_S
            assert STEPS.index(state.step) >= STEPS.index(before.before)
            deep_falls.append(before.back_s)
            continue
        moved_at.append(second)
        assert min(rates[second - 10 : second + 1]) >= need_bit_s(before.step, CLAIMS)
    assert all(later - earlier > 10 for earlier, later in pairwise(moved_at))
    falls = sorted(set(deep_falls))
    assert all(later - earlier >= FALL_APART_S for earlier, later in pairwise(falls))


def test_a_deep_fall_is_given_back_as_far_as_the_line_turns_out_to_carry() -> None:
    """A rate that drops fills a queue, and for two seconds everything is short."""
    walk = Walk().sees(GOOD, 15).sees(POOR, 2).sees(replace(GOOD, target_bit_s=180_000), 20)
    assert walk.moves == [(16, Step.VOICE, Reason.SLOW), (17, Step.SD, Reason.SLOW)]
    walk.sees(GOOD, 20)
    assert walk.moves[2:] == [(47, Step.HD, Reason.CARRIED)]


def test_a_second_deep_fall_is_believed() -> None:
    walk = Walk().sees(GOOD, 15).sees(POOR, 2).sees(GOOD, 3).sees(POOR, 2).sees(GOOD, 8)
    assert walk.steps == [Step.VOICE, Step.SD, Step.VOICE]
