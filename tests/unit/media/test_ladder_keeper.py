"""The ladder where it is kept: what the line shows becomes steps, and both ends hear of them."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from app.domain.access import Role
from app.domain.engine import LadderTold, Measures
from app.domain.ladder import Matters, Reason, Step, Stream, Wants
from media.ladder_keeper import FRESH_S, LadderKeeper
from media.quality.line_state import LineState
from media.quality.process_cpu import ProcessCpu
from media.rtc.control_words import FarLadder

START = datetime(2026, 11, 21, 14, 2, tzinfo=UTC)
GOOD = LineState(2_000_000, 1_500_000, 0.0, 0.05, 0.0)


class HandClock:
    at_s = 100.0

    def now(self) -> datetime:
        return START + timedelta(seconds=self.at_s - 100.0)

    def monotonic(self) -> float:
        return self.at_s


class End:
    """One media process on a line in the test's hand; `far` is the other, if there is one."""

    def __init__(self, side: Role, clock: HandClock) -> None:
        self.clock = clock
        self.line: LineState | None = GOOD
        self.running = frozenset({Stream.VOICE, Stream.CAMERA})
        self.cpu = 0.1
        self.told: list[LadderTold] = []
        self.said: list[FarLadder] = []
        self.steps: list[Step] = []
        self.rates: list[int | None] = []
        self.far: End | None = None
        self.keeper = LadderKeeper(
            clock,
            line_state=lambda: self.line,
            running=lambda: self.running,
            tell=self.told.append,
            say_far=self._say,
            cpu_share=lambda: self.cpu,
        )
        self.keeper.step.listen(self.steps.append)
        self.keeper.voice_line_bit_s.listen(self.rates.append)
        self.steps.clear()  # a listener hears first what stands
        self.keeper.begin(side)

    def _say(self, word: FarLadder) -> None:
        self.said.append(word)
        if self.far is not None:
            self.far.keeper.far_says(word)

    @property
    def now(self) -> LadderTold:
        return self.told[-1]


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def desk(clock: HandClock) -> End:
    return End(Role.CLINICIAN, clock)


@pytest.fixture
def cart(clock: HandClock) -> End:
    return End(Role.PRESENTER, clock)


def tied(desk: End, cart: End) -> None:
    desk.far, cart.far = cart, desk
    for end in (desk, cart):
        end.keeper.link_is_up()


def goes_on(*ends: End, seconds: int, is_up: bool = True) -> None:
    for _ in range(seconds):
        ends[0].clock.at_s += 1.0
        for end in ends:
            end.keeper.look(is_up=is_up)


def test_nothing_is_told_before_there_was_a_line(desk: End) -> None:
    goes_on(desk, seconds=5, is_up=False)
    desk.keeper.screen_came()
    desk.keeper.want(Wants(Matters.SOUND))
    assert (desk.told, desk.said, desk.steps) == ([], [], [])


def test_both_sides_see_step_and_reason_of_both_directions(desk: End, cart: End) -> None:
    tied(desk, cart)
    cart.line = replace(GOOD, target_bit_s=54_321)
    goes_on(desk, cart, seconds=6)
    assert (cart.now.own.step, cart.now.own.reason) == (Step.VOICE, Reason.SLOW)
    assert cart.now.own.carries_bit_s == 54_000
    assert cart.now.own.since == START + timedelta(seconds=2)
    assert desk.now.far == cart.now.own and cart.now.far == desk.now.own
    assert desk.now.own.step is Step.HD
    assert cart.steps == [Step.VOICE] and desk.steps == []


def test_the_voice_hears_what_the_line_carries_less_what_the_scope_takes(desk: End) -> None:
    desk.running = frozenset({Stream.VOICE, Stream.STETHOSCOPE})
    desk.keeper.link_is_up()
    assert desk.rates == [None, 2_000_000], "not known before there is a line"
    desk.line = replace(GOOD, target_bit_s=136_000)
    goes_on(desk, seconds=1)
    assert desk.rates[-1] == 136_000
    desk.keeper.want(Wants(Matters.SCOPE))
    assert desk.rates[-1] == 72_000
    desk.line = None
    goes_on(desk, seconds=1)
    assert desk.rates[-1] is None


def test_the_next_call_begins_without_what_the_last_ones_line_carried(desk: End) -> None:
    desk.line = replace(GOOD, target_bit_s=50_000)
    desk.keeper.link_is_up()
    desk.keeper.end()
    assert desk.rates == [None, 50_000, None]


def test_a_newer_link_that_is_still_looking_for_its_rate_takes_no_full_picture(desk: End) -> None:
    desk.keeper.link_is_up()
    goes_on(desk, seconds=20)
    desk.line = replace(GOOD, target_bit_s=150_000)  # of the newer one, before its first answer
    desk.keeper.link_is_up()
    goes_on(desk, seconds=2)
    desk.line = GOOD
    goes_on(desk, seconds=10)
    assert desk.steps == []
    desk.line = replace(GOOD, target_bit_s=150_000)
    goes_on(desk, seconds=2)
    assert desk.steps == [Step.SD]


def test_loss_and_round_trip_stand_in_where_no_rate_is_known(desk: End) -> None:
    desk.line = None
    desk.keeper.link_is_up()
    for _ in range(3):
        lossy = Measures(sent_loss_percent=50.0, round_trip_ms=80.0)
        desk.keeper.measured(lossy, is_far_moving=True)
        goes_on(desk, seconds=1)
    assert (desk.now.own.step, desk.now.own.reason) == (Step.VOICE, Reason.LOSS)
    assert desk.now.own.carries_bit_s is None
    goes_on(desk, seconds=int(FRESH_S) + 12)
    assert desk.now.own.step is Step.THUMBNAIL, "what was measured long ago hinders nothing"


def test_a_busy_processor_is_a_reason(desk: End) -> None:
    desk.keeper.link_is_up()
    desk.cpu = 0.9
    goes_on(desk, seconds=3)
    assert (desk.now.own.step, desk.now.own.reason) == (Step.SD, Reason.CPU)


def test_a_voice_that_arrives_in_pieces_takes_the_picture(desk: End, cart: End) -> None:
    tied(desk, cart)
    for _ in range(4):
        broken = Measures(concealed_share=0.5)
        desk.keeper.measured(broken, is_far_moving=True)
        goes_on(desk, cart, seconds=1)
        cart.keeper.measured(Measures(concealed_share=0.0), is_far_moving=True)
    assert (cart.now.own.step, cart.now.own.reason) == (Step.VOICE, Reason.FAR_LINE)
    assert desk.now.own.step is Step.HD


def test_who_holds_the_picture_off_holds_both(desk: End, cart: End) -> None:
    tied(desk, cart)
    desk.keeper.want(Wants(is_picture_held=True))
    assert (desk.now.own.step, desk.now.own.reason) == (Step.VOICE, Reason.CHOSEN)
    assert (cart.now.own.step, cart.now.own.reason) == (Step.VOICE, Reason.CHOSEN_BY_FAR)
    goes_on(desk, cart, seconds=30)
    assert cart.steps == [Step.VOICE]
    desk.keeper.want(Wants())
    assert (desk.steps[-1], cart.steps[-1]) == (Step.HD, Step.HD)


def test_the_clinicians_choice_counts_at_both_ends(desk: End, cart: End) -> None:
    tied(desk, cart)
    cart.running = frozenset({Stream.VOICE, Stream.CAMERA, Stream.STETHOSCOPE})
    cart.line = replace(GOOD, target_bit_s=150_000)
    cart.keeper.want(Wants(Matters.SCOPE))
    goes_on(desk, cart, seconds=8)
    assert cart.steps == [Step.SD], "the cart's own choice is not asked"
    desk.keeper.want(Wants(Matters.SCOPE))
    goes_on(desk, cart, seconds=5)
    assert cart.steps == [Step.SD, Step.THUMBNAIL]


def test_the_wish_stays_over_a_new_link_and_ends_with_the_visit(desk: End) -> None:
    desk.keeper.link_is_up()
    desk.keeper.want(Wants(Matters.SOUND, is_picture_held=True))
    goes_on(desk, seconds=20, is_up=False)
    assert desk.now.own.reason is Reason.NO_LINE
    assert desk.steps == [Step.VOICE], "a new link begins as the old one ended"
    desk.keeper.link_is_up()
    assert desk.now.own.step is Step.VOICE and desk.now.wants == Wants(Matters.SOUND, True)
    desk.keeper.end()
    assert desk.steps[-1] is Step.HD
    desk.keeper.link_is_up()
    assert desk.now.wants == Wants(Matters.SOUND, True)
    desk.keeper.forget()
    desk.keeper.link_is_up()
    assert desk.now.wants == Wants() and desk.steps[-1] is Step.HD


def test_a_new_screen_is_told_all_of_it(desk: End) -> None:
    desk.keeper.link_is_up()
    count = len(desk.told)
    goes_on(desk, seconds=10)
    assert len(desk.told) == count, "nothing new, nothing told"
    desk.keeper.screen_came()
    assert desk.told[count:] == [desk.told[-1]]


def test_a_figure_that_moves_is_told_now_and_then(desk: End) -> None:
    desk.keeper.link_is_up()
    count = len(desk.told)
    for second in range(20):
        desk.line = replace(GOOD, target_bit_s=1_000_000 + 100_000 * second)
        goes_on(desk, seconds=1)
    assert 3 <= len(desk.told) - count <= 4


def test_the_far_side_hears_it_again_every_two_seconds(desk: End) -> None:
    desk.keeper.link_is_up()
    goes_on(desk, seconds=10)
    assert len(desk.said) == 6
    goes_on(desk, seconds=10, is_up=False)
    assert len(desk.said) == 6


def test_measures_carry_what_only_the_keeper_knows(desk: End, cart: End) -> None:
    seen = Measures(freezes=2)
    assert desk.keeper.measured(seen, is_far_moving=True).step is None
    tied(desk, cart)
    goes_on(desk, cart, seconds=1)
    full = desk.keeper.measured(seen, is_far_moving=True)
    assert (full.step, full.cpu_share, full.freezes) == (Step.HD, 0.1, 2)
    assert desk.keeper.measured(seen, is_far_moving=False).freezes is None
    cart.keeper.want(Wants(is_picture_held=True))
    assert desk.keeper.measured(seen, is_far_moving=True).freezes is None


def test_the_process_knows_what_it_takes() -> None:
    cpu = ProcessCpu()
    sum(range(2_000_000))
    assert 0.0 < cpu.share() <= 1.0
