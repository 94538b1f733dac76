"""Keeps the call on the ladder: looks at the line once a second, runs the rule, tells both ends.

Works without a screen. What a step means for picture and voice is done by who listens to `step` and
`voice_line_bit_s`.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

from app.domain.access import Role
from app.domain.clock import Clock
from app.domain.engine import LadderTold, Measures
from app.domain.ladder import (
    PICTURE_LEAST,
    Claims,
    LadderState,
    LineSeen,
    Reason,
    Stand,
    Step,
    Stream,
    Wants,
    advance,
    left_for_voice_bit_s,
)
from app.runtime.broadcast import Broadcast
from media.quality.line_state import LineState
from media.quality.process_cpu import ProcessCpu
from media.rtc.control_words import FarLadder

SAY_EVERY_S = 2.0  # to the far side, changed or not: a new link has heard nothing
HEARS_ANEW = 0.05  # a concealed share that changes by more is said at once
FRESH_S = 3.5  # what was measured or said longer ago is not known
CARRIES_EVERY_S = 5.0  # the figure on the screen does not run
DIGITS = 2


@dataclass(frozen=True, slots=True)
class _Fresh:
    measures: Measures
    at_s: float


class LadderKeeper:
    """Used on the loop. `line_state` answers for the link that is live, None where unknown."""

    def __init__(
        self,
        clock: Clock,
        *,
        line_state: Callable[[], LineState | None],
        running: Callable[[], frozenset[Stream]],
        tell: Callable[[LadderTold], object],
        say_far: Callable[[FarLadder], None],
        cpu_share: Callable[[], float] | None = None,
    ) -> None:
        self._clock = clock
        self._line_state = line_state
        self._running = running
        self._tell = tell
        self._say_far = say_far
        self._cpu_share = cpu_share or ProcessCpu().share
        self._cpu_now: float | None = None
        self.step: Broadcast[Step] = Broadcast(Step.HD)
        self.voice_line_bit_s: Broadcast[int | None] = Broadcast(None)
        self._side: Role | None = None
        self._wants = Wants()
        self._forget_call()

    def _forget_call(self) -> None:
        self._state: LadderState | None = None  # None: there was no line yet
        self._is_up = False
        self._stand: Stand | None = None
        self._carries_at_s = self._said_at_s = float("-inf")
        self._said_concealed = 0.0
        self._measured: _Fresh | None = None
        self._far: FarLadder | None = None
        self._far_at_s = float("-inf")
        self._told: LadderTold | None = None

    # --- what the host tells ---------------------------------------------------------------------

    def begin(self, side: Role) -> None:
        """A visit is prepared; on which side we stand says whose choice counts."""
        self._side = side

    def forget(self) -> None:
        """The visit is left: what was wished of it is wished no more."""
        self._wants = Wants()
        self.end()

    def end(self) -> None:
        """There is no link any more, and none is being made."""
        self._forget_call()
        self.step.tell(Step.HD)
        self.voice_line_bit_s.tell(None)

    def want(self, wants: Wants) -> None:
        """Obeyed and told at once, not at the next second."""
        self._wants, self._said_at_s = wants, float("-inf")
        self._look_again()

    def far_says(self, word: FarLadder) -> None:
        before = self._far
        self._far, self._far_at_s = word, self._clock.monotonic()
        if before is None or before.wants != word.wants:
            self._look_again()
        self._tell_screen()

    def link_is_up(self) -> None:
        """A link that has just come up has heard nothing of us, and looks for its rate anew."""
        self._state = replace(self._state or LadderState(), began_s=None)
        self._is_up, self._said_at_s = True, float("-inf")
        self._look_again()

    def measured(self, measures: Measures, *, is_far_moving: bool) -> Measures:
        """With what only we know; a picture that is not sent does not freeze."""
        self._measured = _Fresh(measures, self._clock.monotonic())
        has_picture = self._far is None or self._far.stand.step in PICTURE_LEAST
        return replace(
            measures,
            step=None if self._stand is None else self._stand.step,
            cpu_share=self._cpu_now,
            freezes=measures.freezes if has_picture and is_far_moving else None,
        )

    def screen_came(self) -> None:
        self._told = None
        self._tell_screen()

    # --- once a second ---------------------------------------------------------------------------

    def look(self, *, is_up: bool) -> None:
        self._cpu_now, self._is_up = self._cpu_share(), is_up
        self._look_again()

    def _look_again(self) -> None:
        """Also between two seconds, when something was said."""
        if self._state is None:
            return
        now_s, line = self._clock.monotonic(), self._seen(self._is_up)
        claims = self._claims()
        self._state = advance(self._state, line, claims, now_s)
        step = self._state.step
        if self._stand is None or step is not self._stand.step:
            self._said_at_s = float("-inf")  # the far side hears of it now
        self._stand_is(self._state, line, now_s)
        voice = left_for_voice_bit_s(line.target_bit_s, claims)
        # Without a line nothing is sent in any case: a new link begins as the old one ended.
        if step is not self.step.value and self._state.reason is not Reason.NO_LINE:
            self.step.tell(step)
        if voice != self.voice_line_bit_s.value:
            self.voice_line_bit_s.tell(voice)
        self._tell_screen()
        is_due = now_s - self._said_at_s >= SAY_EVERY_S or self._hears_otherwise()
        if self._is_up and is_due:
            self._tell_far(now_s)

    def _seen(self, is_up: bool) -> LineSeen:
        line, measures = self._line_state() if is_up else None, self._fresh_measures()
        loss, round_trip_s = None, None
        if measures is not None and measures.sent_loss_percent is not None:
            loss = measures.sent_loss_percent / 100
        if measures is not None and measures.round_trip_ms is not None:
            round_trip_s = measures.round_trip_ms / 1000
        if line is not None:
            loss = line.loss_share if line.loss_share is not None else loss
            round_trip_s = line.round_trip_s if line.round_trip_s is not None else round_trip_s
        return LineSeen(
            is_up=is_up,
            target_bit_s=None if line is None else line.target_bit_s,
            loss_share=loss,
            round_trip_s=round_trip_s,
            far_concealed_share=None if not self._is_far_fresh() else self._far_concealed(),
            cpu_share=self._cpu_now,
        )

    def _claims(self) -> Claims:
        far = None if self._far is None else self._far.wants
        held_by = None
        if self._wants.is_picture_held:
            held_by = Reason.CHOSEN
        elif far is not None and far.is_picture_held:
            held_by = Reason.CHOSEN_BY_FAR
        is_ours = self._side is Role.CLINICIAN or far is None
        matters = self._wants.matters if is_ours or far is None else far.matters
        return Claims(matters, self._running(), held_by)

    def _stand_is(self, state: LadderState, line: LineSeen, now_s: float) -> None:
        """`since` is of the step; the figure is renewed now and then, or it would run."""
        before, carries = self._stand, _rounded(line.target_bit_s)
        if before is None or before.step is not state.step:
            self._stand = Stand(state.step, state.reason, self._clock.now(), carries)
            self._carries_at_s = now_s
            return
        if now_s - self._carries_at_s < CARRIES_EVERY_S:
            carries = before.carries_bit_s
        elif carries != before.carries_bit_s:
            self._carries_at_s = now_s
        self._stand = replace(before, reason=state.reason, carries_bit_s=carries)

    # --- telling -----------------------------------------------------------------------------

    def _tell_screen(self) -> None:
        if self._stand is None:
            return
        far = self._far
        told = LadderTold(
            own=self._stand,
            far=None if far is None else far.stand,
            wants=self._wants,
            far_wants=None if far is None else far.wants,
        )
        if told != self._told:
            self._told = told
            self._tell(told)

    def _tell_far(self, now_s: float) -> None:
        if self._stand is None:
            return
        self._said_at_s = now_s
        heard = self._heard_concealed()
        self._said_concealed = heard or 0.0
        self._say_far(FarLadder(self._stand, self._wants, heard))

    def _hears_otherwise(self) -> bool:
        return abs((self._heard_concealed() or 0.0) - self._said_concealed) > HEARS_ANEW

    def _heard_concealed(self) -> float | None:
        measures = self._fresh_measures()
        return None if measures is None else measures.concealed_share

    def _fresh_measures(self) -> Measures | None:
        fresh = self._measured
        if fresh is None or self._clock.monotonic() - fresh.at_s > FRESH_S:
            return None
        return fresh.measures

    def _is_far_fresh(self) -> bool:
        return self._far is not None and self._clock.monotonic() - self._far_at_s <= FRESH_S

    def _far_concealed(self) -> float | None:
        return None if self._far is None else self._far.concealed_share


def _rounded(bit_s: int | None) -> int | None:
    """Two digits: what a line carries is not known better, and a running figure is not read."""
    if bit_s is None or bit_s <= 0:
        return bit_s
    return int(float(f"{bit_s:.{DIGITS}g}"))
