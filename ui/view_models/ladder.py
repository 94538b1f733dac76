"""The ladder in words: what goes out and comes in, why and since when; what may be chosen."""

from dataclasses import dataclass

from app.domain.access import Role
from app.domain.call import Phase
from app.domain.call_log import LadderStep
from app.domain.ladder import CHOSEN_ONES, PICTURE_LEAST, Matters, Reason, Stand, Step
from app.services.call import CallState
from ui import wording
from ui.tone import Tone

SEEN_FROM_HERE = {
    Reason.CHOSEN: Reason.CHOSEN_BY_FAR,
    Reason.CHOSEN_BY_FAR: Reason.CHOSEN,
}
SHOWN_IN = (Phase.LIVE, Phase.REJOINING)


@dataclass(frozen=True, slots=True)
class LadderScreen:
    """Not shown at all before there was a line."""

    is_shown: bool = False
    sent: str = ""  # "You send: Voice only – the line carries 60 kbit/s – since 14:02"
    sent_tone: Tone = Tone.PLAIN
    received: str = ""
    received_tone: Tone = Tone.PLAIN
    hint: str = ""  # neither picture nor voice: where to go
    matters_told: str = ""  # to the presenter: what the clinician chose
    can_choose: bool = False  # the clinician's to say
    choices: tuple[str, ...] = ()  # in the order of Matters
    chosen: int = 0
    can_hold: bool = False
    is_held: bool = False
    hold: str = ""
    hold_name: str = ""


def ladder_screen(call: CallState, role: Role) -> LadderScreen:
    told = call.ladder
    if told is None or call.phase not in SHOWN_IN:
        return LadderScreen()
    has_line = told.own.reason is not Reason.NO_LINE
    is_lowest = Step.MESSAGES in (told.own.step, None if told.far is None else told.far.step)
    hint = "" if has_line and not is_lowest else wording.text("ladder.hint")
    if not has_line:
        hint = wording.text("ladder.hint-no-line")
    sent = wording.text("ladder.sent", stand=_own_words(told.own)) if has_line else ""
    received = ""
    if told.far is not None and has_line:
        received = wording.text("ladder.received", stand=_far_words(told.far))
    held = "ladder.let-go" if call.wants.is_picture_held else "ladder.hold"
    return LadderScreen(
        is_shown=True,
        sent=sent,
        sent_tone=_tone(told.own),
        received=received,
        received_tone=Tone.PLAIN if told.far is None else _tone(told.far),
        hint=hint,
        matters_told=_matters_told(call, role),
        can_choose=role is Role.CLINICIAN and not hint,
        can_hold=not hint or call.wants.is_picture_held,
        choices=tuple(wording.text(f"ladder.matters.{matters}") for matters in Matters),
        chosen=tuple(Matters).index(call.wants.matters),
        is_held=call.wants.is_picture_held,
        hold=wording.text(held),
        hold_name=wording.text(f"{held}-name"),
    )


def is_without_picture(stand: Stand | None) -> bool:
    return stand is not None and stand.step not in PICTURE_LEAST


def log_line(step: LadderStep) -> str:
    """For the visit's own story: "Voice only – the line carried 60 kbit/s (sent by the cart)"."""
    reason = wording.text(f"ladder.reason.{step.reason}")
    if step.reason is Reason.SLOW and step.carries_bit_s is not None:
        reason = wording.text("ladder.carried", rate=_rate(step.carries_bit_s))
    if step.reason in CHOSEN_ONES:
        reason = wording.text(f"ladder.logged.{step.reason}")
    side = wording.text(f"ladder.side.{step.side}")
    words = wording.text(f"ladder.step.{step.step}")
    if step.step is Step.HD:  # nothing hinders it
        return wording.text("ladder.log-full", step=words, side=side)
    return wording.text("ladder.log", step=words, reason=reason, side=side)


def _own_words(stand: Stand) -> str:
    return _words(stand, wording.text(f"ladder.reason.{stand.reason}"))


def _far_words(stand: Stand) -> str:
    """What was chosen there was chosen by the far side, and the other way round."""
    if stand.reason is Reason.CPU:
        return _words(stand, wording.text("ladder.far-cpu"))
    reason = SEEN_FROM_HERE.get(stand.reason, stand.reason)
    return _words(stand, wording.text(f"ladder.reason.{reason}"))


def _words(stand: Stand, reason: str) -> str:
    step = wording.text(f"ladder.step.{stand.step}")
    if stand.step is Step.HD:
        return step
    if stand.reason is Reason.SLOW and stand.carries_bit_s is not None:
        reason = wording.text("ladder.carries", rate=_rate(stand.carries_bit_s))
    time = wording.time_of_day(stand.since)
    return wording.text("ladder.stand", step=step, reason=reason, time=time)


def _rate(bit_s: int) -> str:
    if bit_s >= 1_000_000:
        return wording.quantity(f"{bit_s / 1e6:.1f}", "Mbit/s")
    return wording.quantity(f"{bit_s / 1e3:.0f}", "kbit/s")


def _tone(stand: Stand) -> Tone:
    if stand.step is Step.MESSAGES:
        return Tone.BAD
    is_small = stand.step in (Step.THUMBNAIL, Step.VOICE)
    return Tone.ATTENTION if is_small and stand.reason not in CHOSEN_ONES else Tone.PLAIN


def _matters_told(call: CallState, role: Role) -> str:
    wants = None if call.ladder is None else call.ladder.far_wants
    if role is Role.CLINICIAN or wants is None or wants.matters is Matters.PICTURE:
        return ""
    matters = wording.text(f"ladder.matters.{wants.matters}")
    return wording.text("ladder.matters-told", matters=matters)
