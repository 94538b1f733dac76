"""What one link measures of itself: round trip by beats, loss, received bits, pictures a second."""

import time
from collections.abc import Callable, Mapping
from typing import Any

from app.domain.engine import Measures
from media.rtc.control_words import Beat

BEATS_REMEMBERED = 64
SMOOTHING = 0.3  # of the newest round trip


class LinkMeter:
    """Numbers are of the time since the last asking, the round trip is smoothed."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self.join_ms: float | None = None
        self._round_trip_ms: float | None = None
        self._number = 0
        self._sent_at: dict[int, float] = {}
        self._heard: tuple[int, float] | None = None
        self._pictures = 0
        self._asked_at = clock()
        self._received_bytes = 0
        self._packets = (0, 0)  # received, lost

    def next_beat(self) -> Beat:
        self._number += 1
        self._sent_at[self._number] = self._clock()
        self._sent_at.pop(self._number - BEATS_REMEMBERED, None)
        if self._heard is None:
            return Beat(self._number, None, 0.0)
        number, at = self._heard
        return Beat(self._number, number, (self._clock() - at) * 1000)

    def beat_came(self, beat: Beat) -> None:
        """An echo gives the round trip: the time since we sent it, less what it was held."""
        self._heard = (beat.number, self._clock())
        sent_at = self._sent_at.pop(beat.echo, None) if beat.echo is not None else None
        if sent_at is None:
            return
        newest = max(0.0, (self._clock() - sent_at) * 1000 - beat.held_ms)
        old = self._round_trip_ms
        self._round_trip_ms = newest if old is None else old + SMOOTHING * (newest - old)

    @property
    def round_trip_s(self) -> float | None:
        return None if self._round_trip_ms is None else self._round_trip_ms / 1000

    def picture_came(self) -> None:
        self._pictures += 1

    def measures(self, stats: Mapping[str, Any]) -> Measures:
        """`stats` as RTCPeerConnection.getStats() gives them."""
        now = self._clock()
        elapsed_s = max(now - self._asked_at, 1e-3)
        received_bytes = max((s.bytesReceived for s in _of(stats, "transport")), default=0)
        received = sum(s.packetsReceived for s in _of(stats, "inbound-rtp"))
        lost = sum(s.packetsLost for s in _of(stats, "inbound-rtp"))
        answer = Measures(
            round_trip_ms=self._round_trip_ms,
            loss_percent=_percent(received - self._packets[0], lost - self._packets[1]),
            received_kbit_s=(received_bytes - self._received_bytes) * 8 / 1000 / elapsed_s,
            frames_per_second=self._pictures / elapsed_s,
            join_ms=self.join_ms,
        )
        self._asked_at, self._pictures = now, 0
        self._received_bytes, self._packets = received_bytes, (received, lost)
        return answer


def loss_of_our_voice(stats: Mapping[str, Any]) -> float | None:
    """Percent, as the far side last reported it (RFC 3550, 6.4.1); None before its first report."""
    for entry in _of(stats, "remote-inbound-rtp"):
        if entry.kind == "audio":
            return 100.0 * int(entry.fractionLost) / 256
    return None


def _of(stats: Mapping[str, Any], kind: str) -> list[Any]:
    return [entry for entry in stats.values() if entry.type == kind]


def _percent(received: int, lost: int) -> float | None:
    """None when nothing was expected; packets that came late may make `lost` negative."""
    expected = received + lost
    return 100 * max(lost, 0) / expected if expected > 0 else None
