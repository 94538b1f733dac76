"""What one link measures of itself: round trip by beats, loss, received bits, pictures a second."""

import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from app.domain.engine import Measures, Path
from app.domain.relays import Way
from media.audio.playout_buffer import PlayoutCount
from media.rtc.control_words import Beat

BEATS_REMEMBERED = 64
SMOOTHING = 0.3  # of the newest round trip
FREEZE_S = 0.2
VOICE_CLOCK_HZ = 48_000


class LinkMeter:
    """Numbers are of the time since the last asking, the round trip is smoothed."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self.join_ms: float | None = None
        self._round_trip_ms: float | None = None
        self._number = 0
        self._sent_at: dict[int, float] = {}
        self._heard: tuple[int, float] | None = None
        self._pictures = self._freezes = 0
        self._picture_at: float | None = None
        self._played = PlayoutCount()
        self._asked_at = clock()
        self._received_bytes = self._sent_bytes = 0
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
        now = self._clock()
        if self._picture_at is not None and now - self._picture_at > FREEZE_S:
            self._freezes += 1
        self._picture_at = now
        self._pictures += 1

    def measures(self, stats: Mapping[str, Any], played: PlayoutCount | None = None) -> Measures:
        """`stats` as RTCPeerConnection.getStats() gives them; `played` of the far voice so far."""
        now = self._clock()
        elapsed_s = max(now - self._asked_at, 1e-3)
        received_bytes = max((s.bytesReceived for s in _of(stats, "transport")), default=0)
        sent_bytes = max((s.bytesSent for s in _of(stats, "transport")), default=0)
        received = sum(s.packetsReceived for s in _of(stats, "inbound-rtp"))
        lost = sum(s.packetsLost for s in _of(stats, "inbound-rtp"))
        answer = Measures(
            round_trip_ms=self._round_trip_ms,
            loss_percent=_percent(received - self._packets[0], lost - self._packets[1]),
            received_kbit_s=(received_bytes - self._received_bytes) * 8 / 1000 / elapsed_s,
            frames_per_second=self._pictures / elapsed_s,
            join_ms=self.join_ms,
            sent_kbit_s=(sent_bytes - self._sent_bytes) * 8 / 1000 / elapsed_s,
            sent_loss_percent=loss_of_our_voice(stats),
            jitter_ms=_voice_jitter_ms(stats),
            freezes=self._freezes,
            concealed_share=None if played is None else self._concealed(played),
            late_packets=None if played is None else played.late - self._played.late,
        )
        self._asked_at, self._pictures, self._freezes = now, 0, 0
        self._received_bytes, self._packets = received_bytes, (received, lost)
        self._sent_bytes = sent_bytes
        if played is not None:
            self._played = replace(played)
        return answer

    def _concealed(self, played: PlayoutCount) -> float | None:
        """Of what was played since the last asking; None while the far side did not speak."""
        before = self._played
        made_up = played.recovered + played.guessed - before.recovered - before.guessed
        whole = made_up + played.heard - before.heard
        return made_up / whole if whole > 0 else None


def path_of(way: Way | None) -> Path | None:
    """Whose relay it is, and how it is spoken to, is no matter of the people at the screen."""
    if way is None:
        return None
    return Path.DIRECT if way is Way.DIRECT else Path.RELAY


def loss_of_our_voice(stats: Mapping[str, Any]) -> float | None:
    """Percent, as the far side last reported it (RFC 3550, 6.4.1); None before its first report."""
    for entry in _of(stats, "remote-inbound-rtp"):
        if entry.kind == "audio":
            return 100.0 * int(entry.fractionLost) / 256
    return None


def _voice_jitter_ms(stats: Mapping[str, Any]) -> float | None:
    for entry in _of(stats, "inbound-rtp"):
        if entry.kind == "audio":
            return float(entry.jitter) * 1000 / VOICE_CLOCK_HZ
    return None


def _of(stats: Mapping[str, Any], kind: str) -> list[Any]:
    return [entry for entry in stats.values() if entry.type == kind]


def _percent(received: int, lost: int) -> float | None:
    """None when nothing was expected; packets that came late may make `lost` negative."""
    expected = received + lost
    return 100 * max(lost, 0) / expected if expected > 0 else None
