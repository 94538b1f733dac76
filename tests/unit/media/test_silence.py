"""Silence counts only while we listened: who stood still heard nothing of a living process."""

from media.link.silence import LOOK_EVERY_S, Silence

LIMIT_S = 5.0


def looks(silence: Silence, *, first: float, count: int, step_s: float, words: int = 0) -> float:
    """The last of so many looks with nothing new; when it was."""
    at = first
    for _ in range(count):
        at += step_s
        silence.look(words, at)
    return at


def test_a_process_that_says_nothing_is_silent_for_as_long() -> None:
    silence = Silence(100.0)
    looks(silence, first=100.0, count=9, step_s=LOOK_EVERY_S)
    assert silence.seconds == 9 * LOOK_EVERY_S < LIMIT_S
    looks(silence, first=104.5, count=1, step_s=LOOK_EVERY_S)
    assert silence.seconds >= LIMIT_S


def test_any_word_ends_it() -> None:
    silence = Silence(100.0)
    at = looks(silence, first=100.0, count=9, step_s=LOOK_EVERY_S)
    silence.look(1, at + LOOK_EVERY_S)
    assert silence.seconds == 0
    looks(silence, first=at + LOOK_EVERY_S, count=2, step_s=LOOK_EVERY_S, words=1)
    assert silence.seconds == 2 * LOOK_EVERY_S


def test_while_our_own_loop_stood_still_nobody_was_silent() -> None:
    silence = Silence(100.0)
    looks(silence, first=100.0, count=3, step_s=60.0)
    assert silence.seconds < LIMIT_S


def test_a_busy_loop_of_our_own_still_notices_in_the_end() -> None:
    silence = Silence(100.0)
    looks(silence, first=100.0, count=20, step_s=3 * LOOK_EVERY_S)
    assert silence.seconds >= LIMIT_S
