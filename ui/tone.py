"""How a piece of text is meant: views draw it by this, never by its words."""

from enum import StrEnum


class Tone(StrEnum):
    """Attention asks for a look, bad says that a thing is gone or refused; none is an alarm."""

    PLAIN = "plain"
    GOOD = "good"
    ATTENTION = "attention"
    BAD = "bad"
