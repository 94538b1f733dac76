"""Every wait has a limit and says what it waited for."""

import time
from collections.abc import Callable
from typing import TypeVar

LOOK_S = 0.02
AnswerT = TypeVar("AnswerT")


class NotSo(Exception):
    """What should be true is not, or did not become true within its limit."""


def wait_for(
    what: str, question: Callable[[], AnswerT | None], limit_s: float, look_s: float = LOOK_S
) -> AnswerT:
    """The first answer that counts as true; NotSo names what did not come, and the last reason."""
    until = time.monotonic() + limit_s
    reason = ""
    while True:
        try:
            if answer := question():
                return answer
        except NotSo as error:
            reason = f" ({error})"
        if time.monotonic() > until:
            raise NotSo(f"{what}: not within {limit_s:.0f} s{reason}")
        time.sleep(look_s)
