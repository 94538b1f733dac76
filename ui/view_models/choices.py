"""One of several, as a box or a row of buttons shows it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ChoiceScreen:
    key: str
    words: str
