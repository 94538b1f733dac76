"""One recording of our own instrument: kept, sent live, and sent surely until it is proven.

Pure: the time is told, and what is to leave is handed out.
"""

from app.domain.engine import LiveWay
from media.auscultation.live_plan import LineFigures
from media.auscultation.live_sender import LiveSender
from media.auscultation.live_words import Report, handle_of
from media.auscultation.scope_sender import ScopeFile, ScopeSender
from media.auscultation.scope_words import Ack, Proof, ScopeHeader, ScopeWord, Unknown


class Departing:
    def __init__(self, header: ScopeHeader, now_s: float) -> None:
        self.sender = ScopeSender(header)
        self.handle = handle_of(header.recording)
        self._live = LiveSender(header, self.sender.blocks, now_s)

    def way(self, now_s: float) -> LiveWay:
        return self._live.way if self._live.is_heard(now_s) else LiveWay.LATER

    def record(self, samples: bytes) -> bytes:
        return self.sender.record(samples)

    def finish(self, is_complete: bool) -> ScopeFile:
        self._live.finish()
        return self.sender.finish(is_complete)

    def new_link(self, now_s: float) -> None:
        self.sender.new_link()
        self._live.begin(now_s)

    def heard(self, word: Ack | Proof | Unknown) -> None:
        if isinstance(word, Unknown):
            self._live.forget()
        self.sender.heard(word)

    def reported(self, report: Report, now_s: float) -> None:
        self._live.heard(report, now_s)
        self.sender.has_arrived(self._live.wanted)

    def look(self, figures: LineFigures, now_s: float) -> None:
        self._live.look(figures, now_s)

    def packets_due(self, now_s: float) -> list[bytes]:
        return self._live.due(now_s)

    def repairs_due(self, now_s: float) -> list[bytes]:
        return [] if self.sender.proof is not None else self._live.repairs(now_s)

    def words_due(self, most_bytes: int, now_s: float, *, has_packets: bool) -> list[ScopeWord]:
        """Sound only where the quick way does not carry it."""
        is_live = has_packets and self._live.is_hoped_for(now_s)
        return self.sender.due(most_bytes, is_live=is_live)
