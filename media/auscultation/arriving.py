"""One recording that arrives: kept block by block, heard in its time, told how late that is.

Pure: the time is told. A monitor is heard and never kept.
"""

from app.domain.engine import LiveWay
from media.auscultation.block_coder import BlockCoder
from media.auscultation.live_plan import MONITOR_RATE_HZ
from media.auscultation.live_playout import LiveChunk, LivePlayout, chunk_of
from media.auscultation.live_words import Kind, Sound, report_bytes
from media.auscultation.monitor_sound import MONITOR_SAMPLES
from media.auscultation.scope_receiver import ScopeReceiver
from media.auscultation.scope_words import ScopeHeader

REPORT_EVERY_S = 0.25
REPORT_MISSING_EVERY_S = 0.08
LIVE_WITHIN_S = 1.0  # else the sound comes later


class Arriving:
    def __init__(self, header: ScopeHeader) -> None:
        self.receiver = ScopeReceiver(header)
        self._playout = LivePlayout()
        self._monitor_coder = BlockCoder(MONITOR_RATE_HZ, MONITOR_SAMPLES)
        self._reported_at = float("-inf")
        self._lively_at = float("-inf")  # a packet of the live way came
        self._way = LiveWay.LATER
        self.round_trip_s: float | None = None

    @property
    def is_reporting(self) -> bool:
        """The far side of an earlier release sends nothing live, and reads no reports."""
        return self.receiver.header.block_samples > 0 and self.receiver.file is None

    def way(self, now_s: float) -> LiveWay:
        return self._way if now_s - self._lively_at < LIVE_WITHIN_S else LiveWay.LATER

    def delay_ms(self, now_s: float) -> float | None:
        """From the body to here, as far as it can be known; None while nothing is heard."""
        if self.way(now_s) is LiveWay.LATER:
            return None
        block_s = self.receiver.header.block_samples / self.receiver.header.sample_rate_hz
        return (block_s + (self.round_trip_s or 0.0) / 2 + self._playout.wait_s) * 1000

    @property
    def position_s(self) -> float:
        """What is heard of it now."""
        return self._playout.position_s

    def heard(self, sound: Sound, now_s: float) -> None:
        if sound.kind is Kind.MONITOR:
            self._lives(LiveWay.MONITOR, now_s)
            self._take_monitor(sound, now_s)
            return
        is_live = sound.kind is Kind.LIVE
        if is_live:
            self._lives(LiveWay.LOSSLESS, now_s)
        self.receiver.take_live(sound.pieces)
        self.take_fresh(now_s, is_live=is_live)

    def take_fresh(self, now_s: float, *, is_live: bool) -> None:
        """What came, by whichever way, is heard if its time is not over."""
        rate_hz = self.receiver.header.sample_rate_hz
        for at_sample, samples in self.receiver.fresh():
            chunk = chunk_of(at_sample, samples, rate_hz)
            if is_live:
                self._playout.came(chunk, now_s)
            elif self._way is LiveWay.LOSSLESS:
                self._playout.came_again(chunk, now_s)
            is_over = self._way is LiveWay.LATER or chunk.at_s < self._playout.position_s
            if is_over and self.receiver.header.block_samples:
                self.receiver.overview.late(chunk.at_s, chunk.at_s + chunk.seconds)

    def due(self, now_s: float) -> list[LiveChunk]:
        return self._playout.due(now_s)

    def report_due(self, now_s: float) -> bytes | None:
        every_s = REPORT_MISSING_EVERY_S if self.receiver.missing_blocks else REPORT_EVERY_S
        if not self.is_reporting or now_s - self._reported_at < every_s:
            return None
        self._reported_at = now_s
        return report_bytes(self.receiver.report())

    def line_broke(self) -> None:
        self._playout.broken()
        self._way, self._lively_at = LiveWay.LATER, float("-inf")

    def _lives(self, way: LiveWay, now_s: float) -> None:
        self._way, self._lively_at = way, now_s

    def _take_monitor(self, sound: Sound, now_s: float) -> None:
        for piece in sound.pieces:
            samples = self._monitor_coder.plain(piece.coded)
            seconds = MONITOR_SAMPLES / MONITOR_RATE_HZ
            at_s = piece.number / 1000
            self._playout.came(LiveChunk(at_s, seconds, samples, MONITOR_RATE_HZ, True), now_s)
