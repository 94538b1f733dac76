"""How much we may send: down when a queue grows on the way, up while it is empty, by burst at the
start and after a drop. Delay first, loss second; the time is told. All bytes on the wire count.
"""

from media.quality.arrival_rates import SHORT_S, ArrivalRate, LossShare
from media.quality.delay_trend import DelayTrend, QueueWatch
from media.quality.line_state import LineState
from media.quality.probing import Burst, ProbeAnswer, Probing
from media.quality.sent_log import Outcome

START_BIT_S = 150_000.0
LEAST_BIT_S, MOST_BIT_S = 40_000.0, 2_500_000.0
GROWING_QUEUE_S = 0.015  # a rising trend below this is noise
PACKET_BITS = 8 * 900  # as a narrow line's pictures come; the largest has 1300 bytes
LONG_QUEUE_S = 0.08  # too long, whatever the trend says
SUDDEN_QUEUE_S = 0.05  # above this what arrives is what the line carries now
HOLD_QUEUE_S = 0.04
EMPTY_QUEUE_S = 0.015
NOT_OURS_AFTER_S = 4.0  # a queue that stays though we send little is a longer way
DOWN, LEAST_DOWN = 0.88, 0.7
DRAIN_IN_S = 0.6
LEAST_OF_LONG = 0.2  # one step believes a short measure no further than this
LEAST_APART_S, MOST_APART_S = 0.15, 0.7  # between two steps down
UP_AT_START, UP_FAR, UP_NEAR, UP_AT = 2.0, 1.5, 1.1, 1.03  # times a second
NEAR_FROM, AT_FROM, NEAR_TO = 0.85, 0.93, 1.08  # of the last known capacity
NEAR_ROUND_TRIP_S = 0.3
MOST_ABOVE_ARRIVING, SLACK_BIT_S = 1.5, 20_000.0
MUCH_LOSS = 0.12
LOSS_EVERY_S = 0.5
# No radio loses so much for a second: the queue was full before we ever saw it empty, so that it
# looks like a longer way.
FULL_FROM_LOSS = 0.35
LEAST_BY_LOSS_BIT_S = 200_000.0  # loss alone, on an empty queue, does not take the picture away
LONG_SILENCE_S = 1.5
SILENCE_STEP_S, SLOW_ANSWER_S = 0.15, 0.15
SILENT_AFTER_S = 0.3  # without feedback, beside the round trip
STANDSTILL_S, CALM_AFTER_STANDSTILL_S = 0.3, 0.3
SMALL_LOSS, UP_BY_REPORT = 0.02, 1.08
MOST_UNTOLD_BIT_S = 600_000.0  # where nobody tells what a queue does
AFTER_SILENCE_BIT_S = 600_000.0  # the way may be another one; a burst asks for more
FIRST_BURST_BIT_S = 1_000_000.0
PACE_AT_START, PACE = 2.5, 1.5
# What the encoder made too large waits here, not in the queue; what does not go away in a second is
# not the queue's: the way may be a longer one.
PACE_DRAINING, DRAINS_FOR_S = 0.75, 1.0
# A queue as long as this is of a line that became narrow: pictures keep back until it is shorter,
# or they keep it full and the voice is lost in it.
FLOODED_S, PACE_IN_FLOOD = 0.12, 0.25
BURST_ABOVE = 2.0
AFTER_BURST = 0.9  # of what a burst brought through
# A queue while less than half of what a burst brought through just now is sent is not the line's.
BELIEVED_S, BELIEVED_SHARE = 3.0, 0.5
# Less than that of a limit that a burst has just measured is not what the line carries: what else
# is sent at the start of a call is not counted. Until that queue is gone, and not longer.
MEASURED_SHARE = 0.85
BURST_PAUSE_S, MOST_BURST_PAUSE_S = 0.5, 2.0
# A limit that a burst found is believed when the next one finds it, too: while both ends begin,
# packets wait for a processor as they would for a line.
FIRST_LIMIT_PAUSE_S, SAME_LIMIT = 0.2, 1.3
IS_A_DROP = 0.67  # of the best of this call: worth asking the line again
ROUND_TRIP_SMOOTHING = 0.2


class CongestionControl:
    def __init__(self, start_bit_s: float = START_BIT_S) -> None:
        self._trend = DelayTrend()
        self._queue = QueueWatch()
        self._rate = ArrivalRate()
        self._loss = LossShare()
        self._probing = Probing()
        self._target_bit_s = start_bit_s
        self._is_starting = True
        self._is_draining = False
        self._capacity_bit_s: float | None = None  # what arrived when the line was last full
        self._best_bit_s = start_bit_s
        self._round_trip_s: float | None = None
        self._decided_s: float | None = None
        self._heard_s: float | None = None
        self._down_s = self._loss_down_s = -1e9
        self._over_since_s: float | None = None
        self._silent_since_s: float | None = None
        self._silence_cut_s = 0.0
        self._least_round_trip_s: float | None = None
        self._before_silence_bit_s = start_bit_s
        self._burst_due_s = 0.0
        self._burst_pause_s = BURST_PAUSE_S
        self._first_burst = True
        self._limit_bit_s: float | None = None  # as the last burst found it that found one
        self._carried: tuple[float, float] | None = None  # (bit/s, when told) of the last burst
        self._measured: tuple[float, float] | None = None  # the same, of one that found a limit
        self._arrived_s: float | None = None
        self._passed_s: float | None = None
        self._calm_until_s = 0.0
        self._far_estimate_bit_s: float | None = None

    # --- what is asked ---------------------------------------------------------------------

    @property
    def target_bit_s(self) -> float:
        return self._target_bit_s

    @property
    def soon_bit_s(self) -> float:
        """What the target will be when the queue that it is held down for is gone."""
        if not self._is_draining or self._capacity_bit_s is None:
            return self._target_bit_s
        return max(self._target_bit_s, DOWN * self._capacity_bit_s)

    @property
    def round_trip_s(self) -> float | None:
        return self._round_trip_s

    @property
    def pace_bit_s(self) -> float:
        """How fast what waits may follow on another: what the line bears is known after the start,
        and a large frame sent faster than that is only a queue that the voice gets into.
        """
        if self.is_flooded:
            return PACE_IN_FLOOD * self._target_bit_s
        if self._is_draining and (self._decided_s or 0.0) - self._down_s < DRAINS_FOR_S:
            return PACE_DRAINING * self._target_bit_s
        if self._is_starting:
            return PACE_AT_START * self._target_bit_s
        pace_bit_s = PACE * self._target_bit_s
        if self._capacity_bit_s is not None:
            pace_bit_s = max(self._target_bit_s, min(pace_bit_s, self._capacity_bit_s))
        return pace_bit_s

    @property
    def is_flooded(self) -> bool:
        queue_s = self._queue.queue_s or 0.0
        return self._is_draining and queue_s > FLOODED_S + self._queue.noise_s

    @property
    def queue_s(self) -> float | None:
        return self._queue.queue_s

    def state(self) -> LineState:
        arriving = self._rate.bit_s()
        return LineState(
            target_bit_s=int(self._target_bit_s),
            acknowledged_bit_s=None if arriving is None else int(arriving),
            loss_share=self._loss.share,
            round_trip_s=self._round_trip_s,
            queue_s=self._queue.queue_s,
        )

    def burst(self, now_s: float, *, has_picture: bool) -> Burst | None:
        """The burst that is to be sent now; the first one with the first picture."""
        if self._first_burst and has_picture:
            self._first_burst = False
            self._probing.begin(FIRST_BURST_BIT_S, now_s)
        return self._probing.active(now_s)

    def burst_left(self, wire_bytes: int, now_s: float) -> None:
        self._probing.left(wire_bytes, now_s)

    # --- what is heard ---------------------------------------------------------------------

    def heard(self, outcomes: list[Outcome], now_s: float) -> None:
        """One feedback's worth, in the order of sending."""
        newest_s: float | None = None
        for outcome in outcomes:
            self._rate.add(outcome)
            self._loss.add(outcome)
            if (answer := self._probing.heard(outcome)) is not None:
                self._burst_answered(answer, now_s)
            if outcome.arrived_s is not None and not outcome.was_missing:
                self._arrived(outcome.arrived_s, now_s)
                self._trend.add(outcome.sent_s, outcome.arrived_s)
                self._queue.add(outcome.sent_s, outcome.arrived_s)
                newest_s = outcome.sent_s
        if newest_s is not None:
            self._round_trip(now_s - newest_s)
            self._after_silence(now_s - newest_s, now_s)
            self._decide(now_s)
        self._heard_s = now_s

    def _arrived(self, arrived_s: float, now_s: float) -> None:
        """A queue lets through without pause; after a pause somebody or something had stood still,
        and what came late then says nothing of what the line carries.
        """
        newest_s = self._arrived_s if self._arrived_s is not None else arrived_s
        if arrived_s - newest_s > STANDSTILL_S:
            self._stood_still(now_s)
        self._arrived_s = max(newest_s, arrived_s)

    def _stood_still(self, now_s: float) -> None:
        self._calm_until_s = now_s + CALM_AFTER_STANDSTILL_S
        self._trend.begin_anew()

    def passed(self, now_s: float, is_unanswered: bool) -> None:
        """Time went by, perhaps without feedback though there is something to answer."""
        before_s, self._passed_s = self._passed_s, now_s
        if before_s is not None and now_s - before_s > STANDSTILL_S:
            self._stood_still(now_s)  # we ourselves: nobody could have been heard meanwhile
            self._heard_s = now_s if self._heard_s is not None else None
        if not is_unanswered or self._heard_s is None:
            return
        limit_s = SILENT_AFTER_S + (self._least_round_trip_s or 0.0)
        is_silent = now_s - self._heard_s > limit_s
        if is_silent and now_s - self._silence_cut_s > SILENCE_STEP_S:
            if self._silent_since_s is None:
                self._silent_since_s = self._heard_s
                self._before_silence_bit_s = self._target_bit_s
            self._silence_cut_s = now_s
            self._set_target(max(0.5 * self._target_bit_s, START_BIT_S / 2), only_down=True)

    def reported(self, loss: float, round_trip_s: float | None) -> None:
        """A receiver report, about once a second: the rule for a far side that tells no more."""
        if self._heard_s is not None:
            return
        self._round_trip_s = round_trip_s
        if loss > MUCH_LOSS:
            self._set_target(self._target_bit_s * (1 - loss / 2))
        elif loss < SMALL_LOSS:
            most = self._far_estimate_bit_s or MOST_UNTOLD_BIT_S
            self._set_target(min(self._target_bit_s * UP_BY_REPORT, most))

    def estimated(self, bit_s: float) -> None:
        """The far side's own estimate (REMB); transport-wide feedback is worth more."""
        if self._heard_s is None:
            self._far_estimate_bit_s = max(LEAST_BIT_S, bit_s)
            self._set_target(bit_s)

    def _after_silence(self, newest_s: float, now_s: float) -> None:
        """Back to most of what it was, unless the first words say that a queue was the reason, on
        our way or on theirs.
        """
        if self._silent_since_s is None:
            return
        most = self._before_silence_bit_s
        if now_s - self._silent_since_s > LONG_SILENCE_S:
            most = min(most, AFTER_SILENCE_BIT_S)
            self._loss.forget()
        is_slow = newest_s > (self._least_round_trip_s or 0.0) + SLOW_ANSWER_S
        if not is_slow and (self._queue.queue_s or 0.0) < HOLD_QUEUE_S + self._queue.noise_s:
            self._set_target(max(self._target_bit_s, 0.8 * most))
        self._silent_since_s = None

    def _round_trip(self, newest_s: float) -> None:
        """By the packet the feedback was sent soonest after; the far side's pause is in it."""
        least_s = self._least_round_trip_s
        self._least_round_trip_s = newest_s if least_s is None else min(least_s, newest_s)
        if self._round_trip_s is None or newest_s < self._round_trip_s:
            self._round_trip_s = newest_s
        else:
            self._round_trip_s += ROUND_TRIP_SMOOTHING * (newest_s - self._round_trip_s)

    # --- the rule --------------------------------------------------------------------------

    def _decide(self, now_s: float) -> None:
        elapsed_s = min(0.5, now_s - self._decided_s) if self._decided_s is not None else 0.0
        self._decided_s = now_s
        queue_s = self._queue.queue_s or 0.0
        arriving = self._rate.bit_s()
        if arriving is None:
            return
        self._best_bit_s = max(self._best_bit_s, arriving)
        if self._is_over(queue_s, arriving):
            self._step_down(queue_s, arriving, now_s)
        elif queue_s < HOLD_QUEUE_S + self._queue.noise_s:
            self._over_since_s = None
            loss = self._loss.share_since(self._down_s) or 0.0
            if loss > FULL_FROM_LOSS and self._was_never_wide:
                self._take_as_full(arriving, now_s)
            elif loss > MUCH_LOSS:
                self._give_way_to_loss(loss, queue_s, now_s)
            elif now_s - self._down_s > self._apart_s:
                self._take_back(queue_s)
                self._grow(elapsed_s)
                self._ask_again(queue_s, loss, now_s)

    def _is_over(self, queue_s: float, arriving: float) -> bool:
        """Below three quarters it was a key frame that waited for itself."""
        is_queue = queue_s > max(GROWING_QUEUE_S + self._queue.noise_s, self._packet_s)
        is_growing = self._trend.is_overused and is_queue
        return queue_s > LONG_QUEUE_S + self._queue.noise_s or (
            is_growing and arriving > 0.75 * self._target_bit_s
        )

    @property
    def _packet_s(self) -> float:
        """A packet of its own takes so long through a narrow line, without any queue."""
        return PACKET_BITS / self._target_bit_s

    @property
    def _apart_s(self) -> float:
        return max(LEAST_APART_S, min(MOST_APART_S, self._round_trip_s or 0.0))

    def _step_down(self, queue_s: float, arriving: float, now_s: float) -> None:
        if now_s - self._down_s < self._apart_s or self._is_calm(now_s):
            return
        if self._over_since_s is None:
            self._over_since_s = now_s
        elif now_s - self._over_since_s > NOT_OURS_AFTER_S:
            self._queue.take_as_empty()
            self._over_since_s = None
            return
        if queue_s > SUDDEN_QUEUE_S:
            short = self._rate.bit_s(SHORT_S) or arriving
            most = max(arriving, self._target_bit_s)
            arriving = min(most, max(short, LEAST_OF_LONG * arriving))
        self._down_s = now_s
        self._is_starting = False
        self._is_draining = True
        self._capacity_bit_s = self._capacity_of(arriving, now_s)
        self._set_target(max(LEAST_DOWN, DOWN - queue_s / DRAIN_IN_S) * arriving, only_down=True)

    def _capacity_of(self, arriving: float, now_s: float) -> float | None:
        """What the line carries, by what arrived while it was full; None: not known."""
        if self._was_just_seen_wider(arriving, now_s):
            return None
        if self._measured is not None:
            bit_s, told_s = self._measured
            if now_s - told_s < BELIEVED_S and arriving < MEASURED_SHARE * bit_s:
                return bit_s
        return arriving

    def _was_just_seen_wider(self, arriving: float, now_s: float) -> bool:
        """Then somebody stood still, or a key frame waited for itself: soon asked again."""
        if self._carried is None or now_s - self._carried[1] > BELIEVED_S:
            return False
        return arriving < BELIEVED_SHARE * self._carried[0]

    def _is_calm(self, now_s: float) -> bool:
        return now_s < self._calm_until_s or self._queue.is_bunched

    def _give_way_to_loss(self, loss: float, queue_s: float, now_s: float) -> None:
        if now_s - self._loss_down_s < LOSS_EVERY_S:
            return
        self._loss_down_s = now_s
        self._is_starting = False
        least = LEAST_BY_LOSS_BIT_S if queue_s < EMPTY_QUEUE_S else LEAST_BIT_S
        self._set_target(max(least, self._target_bit_s * (1 - loss / 2)), only_down=True)

    @property
    def _was_never_wide(self) -> bool:
        return self._best_bit_s <= START_BIT_S

    def _take_as_full(self, arriving: float, now_s: float) -> None:
        if self._is_calm(now_s):
            return
        self._down_s = now_s
        self._is_starting, self._is_draining = False, True
        self._capacity_bit_s = self._best_bit_s = arriving
        self._set_target(LEAST_DOWN * arriving, only_down=True)

    def _grow(self, elapsed_s: float) -> None:
        """Not far above what arrives without bursts: those have an answer of their own, and beside
        a voice alone they would let the target creep to what the line was never seen to carry.
        """
        capacity = self._capacity_bit_s
        if capacity is not None and self._target_bit_s > NEAR_TO * capacity:
            self._capacity_bit_s = capacity = None  # the line carries more than it did
        # Over a long way the answer to a step comes late: smaller ones.
        elapsed_s *= min(1.0, NEAR_ROUND_TRIP_S / max(self._round_trip_s or 0.0, 0.01))
        times = UP_AT_START if self._is_starting else UP_FAR
        if capacity is not None and self._target_bit_s > NEAR_FROM * capacity:
            times = UP_AT if self._target_bit_s > AT_FROM * capacity else UP_NEAR
        arriving = self._rate.bit_s(with_bursts=False) or 0.0
        most = MOST_ABOVE_ARRIVING * arriving + SLACK_BIT_S
        grown = min(self._target_bit_s * times**elapsed_s, most)
        self._set_target(max(grown, self._target_bit_s))

    def _take_back(self, queue_s: float) -> None:
        """The queue is gone: what was held back to empty it is no longer needed."""
        if self._is_draining and queue_s < EMPTY_QUEUE_S + self._queue.noise_s:
            self._is_draining = False
            self._measured = None  # the next queue is believed, whatever was measured before it
            if self._capacity_bit_s is not None:
                self._set_target(max(self._target_bit_s, DOWN * self._capacity_bit_s))

    def _set_target(self, bit_s: float, *, only_down: bool = False) -> None:
        bit_s = min(bit_s, self._target_bit_s) if only_down else bit_s
        self._target_bit_s = max(LEAST_BIT_S, min(MOST_BIT_S, bit_s))

    # --- bursts ----------------------------------------------------------------------------

    def _ask_again(self, queue_s: float, loss: float, now_s: float) -> None:
        """As soon as the queue is empty, after a drop or while nobody knows the line's limit."""
        is_quiet = queue_s < EMPTY_QUEUE_S + self._queue.noise_s and loss < MUCH_LOSS / 2
        is_low = self._target_bit_s < IS_A_DROP * self._best_bit_s
        is_unknown = self._capacity_bit_s is None and START_BIT_S < self._target_bit_s < MOST_BIT_S
        is_due = now_s >= self._burst_due_s and not self._probing.is_waiting(now_s)
        if is_quiet and (is_low or is_unknown) and is_due:
            self._burst_due_s = now_s + self._burst_pause_s
            self._probing.begin(min(MOST_BIT_S, BURST_ABOVE * self._target_bit_s), now_s)

    def _burst_answered(self, answer: ProbeAnswer, now_s: float) -> None:
        bit_s = answer.bit_s
        if answer.is_carried:
            self._carried = bit_s, now_s
        before = self._limit_bit_s
        if answer.is_limit:
            self._limit_bit_s = bit_s
            self._measured = bit_s, now_s
        is_found_again = before is not None and 1 / SAME_LIMIT < bit_s / before < SAME_LIMIT
        if bit_s * AFTER_BURST > self._target_bit_s:
            self._set_target(bit_s * AFTER_BURST)
            # What came of a burst is the line's limit, unless loss made holes in it.
            self._capacity_bit_s = bit_s if answer.is_limit and is_found_again else None
        if answer.is_carried and self._target_bit_s < AFTER_BURST * MOST_BIT_S:
            self._probing.begin(min(MOST_BIT_S / AFTER_BURST, BURST_ABOVE * bit_s), now_s)
        elif answer.is_limit and before is None:
            self._burst_due_s = now_s + FIRST_LIMIT_PAUSE_S
        else:
            self._is_starting = self._is_starting and bit_s == 0.0
            self._burst_due_s = now_s + self._burst_pause_s
            self._burst_pause_s = min(MOST_BURST_PAUSE_S, 2 * self._burst_pause_s)
