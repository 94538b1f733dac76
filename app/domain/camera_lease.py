"""Who may move the exam camera from afar, and until when, as a table of moves.

The cart grants and takes back; it alone holds this table and its clock, the far side is told. Times
are monotonic seconds and told by whoever asks.
"""

from dataclasses import dataclass, replace
from enum import StrEnum

IDLE_AFTER_S = 60.0  # a lease that nobody uses, or a question that nobody answers


class Policy(StrEnum):
    """What the cart says to whoever asks."""

    ASK = "ask"
    ALWAYS = "always"
    NEVER = "never"


class Hold(StrEnum):
    FREE = "free"
    ASKED = "asked"  # a person at the cart has to answer
    HELD = "held"


class Event(StrEnum):
    ASK = "ask"
    ASK_WHERE_ALL_MAY = "ask-where-all-may"
    ASK_WHERE_NOBODY_MAY = "ask-where-nobody-may"
    GRANT = "grant"
    REFUSE = "refuse"
    USE = "use"
    GIVE_BACK = "give-back"  # by whoever asked or holds it
    TAKE_BACK = "take-back"  # by the cart
    IDLE = "idle"
    VISIT_ENDED = "visit-ended"


class Effect(StrEnum):
    NONE = "none"
    ASK_PERSON = "ask-person"
    GRANTED = "granted"
    REFUSED = "refused"
    MOVE = "move"
    ENDED = "ended"
    WITHDRAWN = "withdrawn"  # a question that needs no answer any more


ASKED_UNDER = {
    Policy.ASK: Event.ASK,
    Policy.ALWAYS: Event.ASK_WHERE_ALL_MAY,
    Policy.NEVER: Event.ASK_WHERE_NOBODY_MAY,
}

TRANSITIONS: dict[tuple[Hold, Event], tuple[Hold, Effect]] = {
    (Hold.FREE, Event.ASK): (Hold.ASKED, Effect.ASK_PERSON),
    (Hold.FREE, Event.ASK_WHERE_ALL_MAY): (Hold.HELD, Effect.GRANTED),
    (Hold.FREE, Event.ASK_WHERE_NOBODY_MAY): (Hold.FREE, Effect.REFUSED),
    (Hold.ASKED, Event.GRANT): (Hold.HELD, Effect.GRANTED),
    (Hold.ASKED, Event.REFUSE): (Hold.FREE, Effect.REFUSED),
    (Hold.ASKED, Event.GIVE_BACK): (Hold.FREE, Effect.WITHDRAWN),
    (Hold.ASKED, Event.IDLE): (Hold.FREE, Effect.REFUSED),
    (Hold.ASKED, Event.VISIT_ENDED): (Hold.FREE, Effect.WITHDRAWN),
    (Hold.HELD, Event.USE): (Hold.HELD, Effect.MOVE),
    (Hold.HELD, Event.GIVE_BACK): (Hold.FREE, Effect.ENDED),
    (Hold.HELD, Event.TAKE_BACK): (Hold.FREE, Effect.ENDED),
    (Hold.HELD, Event.IDLE): (Hold.FREE, Effect.ENDED),
    (Hold.HELD, Event.VISIT_ENDED): (Hold.FREE, Effect.ENDED),
}


def advance(hold: Hold, event: Event) -> tuple[Hold, Effect]:
    """The next state and what to do; an event that means nothing here changes nothing."""
    return TRANSITIONS.get((hold, event), (hold, Effect.NONE))


@dataclass(frozen=True, slots=True)
class Lease:
    """`touched_s`: when it was asked for, granted or last used."""

    hold: Hold = Hold.FREE
    touched_s: float = 0.0

    def after(self, event: Event, now_s: float) -> tuple["Lease", Effect]:
        hold, effect = advance(self.hold, event)
        if effect is Effect.NONE:
            return self, effect
        return replace(self, hold=hold, touched_s=now_s), effect

    def is_idle(self, now_s: float) -> bool:
        return self.hold is not Hold.FREE and now_s - self.touched_s >= IDLE_AFTER_S
