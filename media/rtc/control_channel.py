"""The channel of words between two links: what we say on it, and how much we read of what comes.

What the words mean is the link's matter (`control_words`: how they look).
"""

import logging
from collections.abc import Callable

from aiortc import RTCDataChannel

from app.domain.failures import Code, Rejected, Unavailable
from media.rtc.control_words import ControlWord, text_of, word_of

log = logging.getLogger(__name__)

WAITING_BYTES = 128 * 1024  # beyond this the line does not carry what we say
BEATS_WAITING_BYTES = 2048
# What a far side in order says is a tenth of it; the rest would only bury our own screen.
WORDS_A_SECOND, WORDS_MOST = 100.0, 200.0


class ControlChannel:
    """`on_word` gets what the far side says and we understand."""

    def __init__(self, on_word: Callable[[ControlWord], None], now: Callable[[], float]) -> None:
        self._on_word = on_word
        self._now = now
        self._channel: RTCDataChannel | None = None
        self._words_left: float = WORDS_MOST
        self._heard_at = now()
        self._refused = 0

    def use(self, channel: RTCDataChannel) -> None:
        """Before it opens."""
        self._channel = channel
        channel.on("message", self.heard)

    @property
    def is_open(self) -> bool:
        return self._channel is not None and self._channel.readyState == "open"

    def say(self, word: ControlWord, most_waiting: int = WAITING_BYTES) -> None:
        """Unavailable(CALL_NOT_OPEN) when the line does not carry it; Rejected(TOO_LARGE)."""
        channel, text = self._channel, text_of(word)
        if channel is None or channel.readyState != "open":
            raise Unavailable(Code.CALL_NOT_OPEN, "control channel")
        if channel.bufferedAmount > most_waiting:
            raise Unavailable(Code.CALL_NOT_OPEN, "control channel is full")
        channel.send(text)

    def try_to_say(self, word: ControlWord, most_waiting: int = WAITING_BYTES) -> bool:
        """Whether it went."""
        try:
            self.say(word, most_waiting)
        except Unavailable:
            return False
        return True

    def heard(self, text: object) -> None:
        now = self._now()
        refill = (now - self._heard_at) * WORDS_A_SECOND
        self._words_left, self._heard_at = min(WORDS_MOST, self._words_left + refill), now
        if self._words_left < 1:
            self.refuse(Code.OVERRUN)
            return
        self._words_left -= 1
        try:
            word = word_of(text)
        except Rejected as refused:
            self.refuse(refused.code)
            return
        self._on_word(word)

    def refuse(self, code: Code) -> None:
        """The far side must not fill our log either: told after one, two, four, eight..."""
        self._refused += 1
        if self._refused.bit_count() == 1:
            log.warning("words of the far side refused so far: %d (%s)", self._refused, code)
