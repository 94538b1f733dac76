"""The ladder of a call: HD, SD, thumbnail, voice only, secure messages, as a pure rule.

Judges our own sending direction, once a second, by what is seen of the line. Each side judges for
itself and tells the other. Times are monotonic seconds and told by whoever asks.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum


class Step(StrEnum):
    """What is sent, most first."""

    HD = "hd"
    SD = "sd"
    THUMBNAIL = "thumbnail"
    VOICE = "voice"
    MESSAGES = "messages"


class Reason(StrEnum):
    """Why this step and none above it."""

    CARRIED = "carried"  # nothing hinders: the line carries it
    SLOW = "slow"
    LOSS = "loss"
    ROUND_TRIP = "round-trip"
    FAR_LINE = "far-line"  # the far side misses too much of our voice
    CHOSEN = "chosen"
    CHOSEN_BY_FAR = "chosen-by-far"
    CPU = "cpu"
    NO_LINE = "no-line"


class Matters(StrEnum):
    """What the clinician says matters most; holds for what both sides send."""

    PICTURE = "picture"
    SOUND = "sound"
    SCOPE = "scope"


class Stream(StrEnum):
    VOICE = "voice"
    CAMERA = "camera"
    EXAM_CAMERA = "exam-camera"
    STETHOSCOPE = "stethoscope"


STEPS = tuple(Step)
CHOSEN_ONES = frozenset({Reason.CHOSEN, Reason.CHOSEN_BY_FAR})

# Bits a second. A picture's are what its smallest useful size takes: 1280x720, 480x360 at 15-20 a
# second, 320x240 at 8-10. How fine it is between two steps is the encoder's own matter.
PICTURE_LEAST = {Step.HD: 700_000, Step.SD: 80_000, Step.THUMBNAIL: 25_000}
SCOPE_BIT_S = 64_000  # lossless, headers included
HEADERS_BIT_S = 18_000  # 50 voice packets a second, 44 bytes around each
# Without a picture the voice has room; its more bytes also show what the line is good for.
VOICE_BIT_S = {
    Step.HD: 32_000,
    Step.SD: 24_000,
    Step.THUMBNAIL: 16_000,
    Step.VOICE: 24_000,
    Step.MESSAGES: 12_000,  # tried all the same: a line that carries nothing says nothing of itself
}
RICH_VOICE_BIT_S = {Step.SD: 32_000, Step.THUMBNAIL: 24_000, Step.VOICE: 32_000}
LEAN_VOICE_BIT_S = {Step.HD: 24_000, Step.SD: 16_000}
VOICE_LEAST_BIT_S = 12_000

# Beyond these a step is not carried, whatever the rate. A tenth lost, or 600 ms, takes no picture.
LOSS_MOST = {Step.HD: 0.15, Step.SD: 0.25, Step.THUMBNAIL: 0.40, Step.VOICE: 0.60}
ROUND_TRIP_MOST_S = {Step.HD: 1.5, Step.SD: 2.0, Step.THUMBNAIL: 3.0, Step.VOICE: 5.0}
FAR_CONCEALED_MOST = {Step.HD: 0.10, Step.SD: 0.15, Step.THUMBNAIL: 0.25}
CPU_MOST = {Step.HD: 0.85, Step.SD: 0.95}  # of all processors

DOWN_AFTER_S = 0.9  # the second look in a row that finds it short
START_S = (
    5.0  # a rate that is still being looked for takes no full picture, if it bears a medium one
)
FOUND_AFTER_S = 8.0  # until then what the line turns out to carry is given back at once
FALL_APART_S = 30.0  # a second deep fall within that is believed
NO_LINE_AFTER_S = 0.9  # likewise; a link notices a second before that nothing comes
WAITS_S = (10.0, 20.0, 40.0, 60.0)  # of good seconds before a step up; longer after one that failed
PROVEN_AFTER_S = 30.0  # a step that held so long has not failed
HEADROOM = 1.3  # over what the higher step takes


@dataclass(frozen=True, slots=True)
class LineSeen:
    """Of our sending direction, in the last second. None: not known."""

    is_up: bool
    target_bit_s: int | None = None  # all bytes on the wire
    loss_share: float | None = None
    round_trip_s: float | None = None
    far_concealed_share: float | None = None  # of our voice, as the far side says
    cpu_share: float | None = None  # of all processors, by the process that sends


@dataclass(frozen=True, slots=True)
class Claims:
    """Who needs what of the line now. The voice always does and always comes first."""

    matters: Matters = Matters.PICTURE
    running: frozenset[Stream] = frozenset({Stream.VOICE, Stream.CAMERA})
    held_by: Reason | None = None  # CHOSEN or CHOSEN_BY_FAR: a person holds the picture off


@dataclass(frozen=True, slots=True)
class Wants:
    """What the person at one side wishes of the ladder."""

    matters: Matters = Matters.PICTURE
    is_picture_held: bool = False


@dataclass(frozen=True, slots=True)
class Stand:
    """Where one direction stands, for people: `carries_bit_s` is what the line was good for."""

    step: Step
    reason: Reason
    since: datetime
    carries_bit_s: int | None = None


@dataclass(frozen=True, slots=True)
class LadderState:
    """`wait_s` is how many good seconds in a row the next step up needs."""

    step: Step = Step.HD
    reason: Reason = Reason.CARRIED
    short_since_s: float | None = None
    good_since_s: float | None = None
    down_since_s: float | None = None  # no line
    raised_at_s: float | None = None
    wait_s: float = WAITS_S[0]
    began_s: float | None = None
    before: Step = Step.HD  # where it stood before the line went or a person held the picture off
    back_s: float | None = None  # since when the line's rate is being found anew
    fell_s: float | None = None  # the last fall of more than one step


def advance(state: LadderState, seen: LineSeen, claims: Claims, now_s: float) -> LadderState:
    """The state a moment later. Asked about once a second."""
    if state.began_s is None:
        state = replace(state, began_s=now_s)
    if not seen.is_up:
        return _without_line(state, now_s)
    state = _line_is_back(state, seen, claims, now_s)
    if claims.held_by is not None:
        return _held(state, seen, claims, now_s)
    if state.reason in CHOSEN_ONES:
        state = _let_go(state, seen, claims)
    hindrance = why_not(state.step, seen, claims)
    if hindrance is Reason.SLOW and _is_starting(state, seen, claims, now_s):
        return replace(state, short_since_s=None)
    if hindrance is not None:
        return _short(state, seen, claims, hindrance, now_s)
    return _carried(replace(state, short_since_s=None), seen, claims, now_s)


def need_bit_s(step: Step, claims: Claims) -> int:
    """What the line must carry for this step: voice, what claims its share before, picture."""
    if step is Step.MESSAGES:
        return 0
    if step is Step.VOICE:
        return VOICE_LEAST_BIT_S + HEADERS_BIT_S
    need = voice_bit_s(step, claims.matters) + HEADERS_BIT_S
    if Stream.STETHOSCOPE in claims.running and claims.matters is not Matters.PICTURE:
        need += SCOPE_BIT_S
    if {Stream.CAMERA, Stream.EXAM_CAMERA} <= claims.running:  # the second one small beside it
        need += PICTURE_LEAST[Step.THUMBNAIL]
    return need + PICTURE_LEAST[step]


def voice_bit_s(step: Step, matters: Matters) -> int:
    """What the voice is reckoned with: rich where sound matters most, lean where the scope does."""
    table = {Matters.SOUND: RICH_VOICE_BIT_S, Matters.SCOPE: LEAN_VOICE_BIT_S}.get(matters, {})
    return table.get(step, VOICE_BIT_S[step])


def left_for_voice_bit_s(target_bit_s: int | None, claims: Claims) -> int | None:
    """Of the line, by which the voice's own rule finds its rate; None: not known.

    Where the scope matters most its share is off: the voice grows lean before the scope waits.
    """
    if target_bit_s is None:
        return None
    is_scope_first = claims.matters is Matters.SCOPE and Stream.STETHOSCOPE in claims.running
    return max(0, target_bit_s - SCOPE_BIT_S) if is_scope_first else target_bit_s


def why_not(
    step: Step, seen: LineSeen, claims: Claims, headroom: float = 1.0, strictness: float = 1.0
) -> Reason | None:
    """What hinders this step; None: it is carried. What is not known hinders nothing."""
    if step is Step.MESSAGES:
        return None
    if _is_above(seen.cpu_share, CPU_MOST.get(step), strictness):
        return Reason.CPU
    if seen.target_bit_s is not None and seen.target_bit_s < headroom * need_bit_s(step, claims):
        return Reason.SLOW
    if _is_above(seen.loss_share, LOSS_MOST[step], strictness):
        return Reason.LOSS
    if _is_above(seen.round_trip_s, ROUND_TRIP_MOST_S[step], strictness):
        return Reason.ROUND_TRIP
    if _is_above(seen.far_concealed_share, FAR_CONCEALED_MOST.get(step), strictness):
        return Reason.FAR_LINE
    return None


# --- the cases -----------------------------------------------------------------------------------


def _is_starting(state: LadderState, seen: LineSeen, claims: Claims, now_s: float) -> bool:
    if state.step is not Step.HD or state.began_s is None or now_s - state.began_s >= START_S:
        return False
    return why_not(Step.SD, seen, claims) is None


def _without_line(state: LadderState, now_s: float) -> LadderState:
    since = now_s if state.down_since_s is None else state.down_since_s
    state = replace(state, down_since_s=since, short_since_s=None, good_since_s=None)
    if state.reason is Reason.NO_LINE or now_s - since < NO_LINE_AFTER_S:
        return state
    before = state.before if state.reason in CHOSEN_ONES else state.step
    return replace(
        state, step=Step.MESSAGES, reason=Reason.NO_LINE, before=before, raised_at_s=None
    )


def _line_is_back(state: LadderState, seen: LineSeen, claims: Claims, now_s: float) -> LadderState:
    """Where it stood, but no HD at once: a line that comes back is seldom better than it was.

    Its rate is found anew in the first seconds: until then each step that it turns out to carry is
    given back at once, and ten good seconds are asked for only of what comes later.
    """
    if state.reason is Reason.NO_LINE:
        state = replace(state, good_since_s=None, raised_at_s=None, back_s=now_s)
    elif state.back_s is None or now_s - state.back_s >= FOUND_AFTER_S or seen.target_bit_s is None:
        return replace(state, down_since_s=None, back_s=None)
    highest = _lower(state.before, Step.SD) if state.before is not Step.MESSAGES else Step.VOICE
    if state.reason is Reason.NO_LINE:
        return replace(_placed(state, highest, seen, claims), down_since_s=None)
    goal = (
        _goal(state.step, seen, claims, highest)
        if STEPS.index(state.step) > STEPS.index(highest)
        else state.step
    )
    return replace(state, step=goal, down_since_s=None)


def _held(state: LadderState, seen: LineSeen, claims: Claims, now_s: float) -> LadderState:
    """Voice only at once; still lower when the line does not even carry that."""
    assert claims.held_by is not None
    if state.reason not in CHOSEN_ONES and state.step not in (Step.VOICE, Step.MESSAGES):
        state = replace(state, before=state.step, good_since_s=None, raised_at_s=None)
    if state.step is Step.MESSAGES:
        return _carried(state, seen, claims, now_s, most=Step.VOICE)
    state = replace(state, step=Step.VOICE, reason=claims.held_by)
    hindrance = why_not(Step.VOICE, seen, claims)
    if hindrance is not None:
        return _short(state, seen, claims, hindrance, now_s)
    return replace(state, short_since_s=None)


def _let_go(state: LadderState, seen: LineSeen, claims: Claims) -> LadderState:
    """A person asks for the picture: it comes at once as far as it stood and is carried now."""
    return _placed(state, state.before, seen, claims)


def _placed(state: LadderState, highest: Step, seen: LineSeen, claims: Claims) -> LadderState:
    """On the highest step not above `highest` that is carried, with the reason for none higher."""
    step, reason = Step.MESSAGES, Reason.CARRIED
    for candidate in reversed(STEPS[STEPS.index(highest) :]):
        if candidate is not Step.MESSAGES:
            hindrance = why_not(candidate, seen, claims)
            if hindrance is not None:
                reason = hindrance
                break
        step = candidate
    return replace(state, step=step, reason=reason)


def _short(
    state: LadderState, seen: LineSeen, claims: Claims, hindrance: Reason, now_s: float
) -> LadderState:
    """Down to what is carried, when it was short at two looks in a row."""
    since = now_s if state.short_since_s is None else state.short_since_s
    state = replace(state, short_since_s=since, good_since_s=None)
    if now_s - since < DOWN_AFTER_S:
        return state
    has_failed = state.raised_at_s is not None and now_s - state.raised_at_s < PROVEN_AFTER_S
    wait_s = _longer(state.wait_s) if has_failed else state.wait_s
    below = STEPS[STEPS.index(state.step) + 1]
    # What is lost while a rate falls is the rate's doing, and says nothing of the lower step.
    only_rate = LineSeen(is_up=True, target_bit_s=seen.target_bit_s, cpu_share=seen.cpu_share)
    lower = _placed(state, below, only_rate if hindrance is Reason.SLOW else seen, claims)
    reason = hindrance if lower.step is below else lower.reason
    if state.began_s is not None and now_s - state.began_s < START_S:
        lower = replace(lower, before=Step.SD, back_s=now_s)  # its rate is only being found
    elif STEPS.index(lower.step) > STEPS.index(below):
        lower = _fallen_deep(lower, below, now_s)
    return replace(lower, reason=reason, short_since_s=None, raised_at_s=None, wait_s=wait_s)


def _fallen_deep(state: LadderState, below: Step, now_s: float) -> LadderState:
    """More than one step at once: a rate that drops fills the line's queue, and while that empties
    all is short. What the line then turns out to carry below the step it left is given back.
    """
    is_again = state.fell_s is not None and now_s - state.fell_s < FALL_APART_S
    if is_again or state.step is Step.MESSAGES:
        return replace(state, fell_s=now_s, back_s=None)
    return replace(state, fell_s=now_s, before=below, back_s=now_s)


def _carried(
    state: LadderState, seen: LineSeen, claims: Claims, now_s: float, most: Step = Step.HD
) -> LadderState:
    """Up after enough good seconds; as many steps as the rate justifies, one where it is unknown.

    A higher step must be carried with room to spare, or what is near the edge would flap.
    """
    if state.raised_at_s is not None and now_s - state.raised_at_s >= PROVEN_AFTER_S:
        state = replace(state, wait_s=WAITS_S[0], raised_at_s=None)
    if state.step is most:
        return replace(state, reason=Reason.CARRIED, good_since_s=None)
    goal = _goal(state.step, seen, claims, most)
    if goal is state.step:
        hindrance = _why_not_well(_above(state.step), seen, claims)
        return replace(state, reason=hindrance or state.reason, good_since_s=None)
    since = now_s if state.good_since_s is None else state.good_since_s
    if now_s - since < state.wait_s:
        return replace(state, good_since_s=since)
    hindrance = None if goal is most else _why_not_well(_above(goal), seen, claims)
    return replace(
        state,
        step=goal,
        reason=hindrance or (state.reason if goal is not most else Reason.CARRIED),
        good_since_s=None,
        raised_at_s=now_s,
    )


def _goal(step: Step, seen: LineSeen, claims: Claims, most: Step) -> Step:
    while step is not most and _why_not_well(_above(step), seen, claims) is None:
        step = _above(step)
        if seen.target_bit_s is None:
            break
    return step


def _why_not_well(step: Step, seen: LineSeen, claims: Claims) -> Reason | None:
    return why_not(step, seen, claims, headroom=HEADROOM, strictness=1 / HEADROOM)


def _above(step: Step) -> Step:
    return STEPS[STEPS.index(step) - 1]


def _lower(one: Step, other: Step) -> Step:
    return max(one, other, key=STEPS.index)


def _longer(wait_s: float) -> float:
    return next((longer for longer in WAITS_S if longer > wait_s), WAITS_S[-1])


def _is_above(value: float | None, most: float | None, strictness: float) -> bool:
    return value is not None and most is not None and value > most * strictness
