"""What is heard and drawn here of the body sound that runs, ours or the far instrument's.

Only looks and listens, in a task of its own: the record and what goes over the line pass elsewhere,
and a fault of a curve or a filter takes nothing from them.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from app.domain.curve import CurveKind, Strip
from app.domain.engine import SoundFault
from app.domain.ids import RecordId
from app.domain.listening import Listening
from app.runtime.tasks import TaskOwner
from media.auscultation.curve_maker import CurveMaker, Samples
from media.auscultation.listener import Listener
from media.auscultation.live_analysis import COLUMN_S, LiveAnalysis
from media.auscultation.live_playout import LiveChunk
from media.auscultation.scope_words import ScopeHeader
from media.link.curve_share import STRIPS, CurveWriter
from media.link.messages import News
from media.link.sound_words import CurveMemory

WAITING_MOST = 256  # pieces; whoever falls behind so far hears and draws on from now

Tell = Callable[[News, int | None], bool]


@dataclass(frozen=True, slots=True)
class LiveFigures:
    heart_rate_bpm: float | None = None
    heart_confidence: float = 0.0
    faults: tuple[SoundFault, ...] = ()


@dataclass(slots=True)
class _Heard:
    """One recording of one rate, as it is drawn and judged."""

    recording: RecordId
    curve: int
    rate_hz: int
    maker: CurveMaker
    analysis: LiveAnalysis


class ScopeEars:
    """`play` gets what is to be heard, at 48 kHz."""

    def __init__(self, tell: Tell, play: Callable[[Samples], None]) -> None:
        self._tell = tell
        self._play = play
        self._curves = CurveWriter()
        self._heard: _Heard | None = None
        self._made = 0
        self._listening = Listening()
        self._listener: Listener | None = None
        self._is_shown = False
        self._waiting: asyncio.Queue[tuple[ScopeHeader, LiveChunk]] = asyncio.Queue(WAITING_MOST)
        self._tasks = TaskOwner("scope ears")

    def open(self) -> None:
        self._tasks.start_lasting(self._run, "hear and draw")

    async def close(self) -> None:
        await self._tasks.close()
        self._curves.close()

    def screen_came(self) -> None:
        self._is_shown = True
        self._tell(CurveMemory(STRIPS), self._curves.descriptor)

    def screen_left(self) -> None:
        """Nobody looks; whoever listened may be gone, too."""
        self._is_shown = False
        self.listen(Listening())

    def listen(self, listening: Listening) -> None:
        self._listening = listening
        self._listener = None

    def figures(self, recording: RecordId) -> LiveFigures:
        heard = self._heard
        if heard is None or heard.recording != recording:
            return LiveFigures()
        analysis = heard.analysis
        return LiveFigures(analysis.heart_rate_bpm, analysis.heart_confidence, analysis.faults)

    def heard(self, header: ScopeHeader, chunk: LiveChunk) -> None:
        """In the order in which it is to be heard; when its turn is now. Never waits."""
        if not self._waiting.full():
            self._waiting.put_nowait((header, chunk))

    async def _run(self) -> None:
        while True:
            self._take(*await self._waiting.get())

    def _take(self, header: ScopeHeader, chunk: LiveChunk) -> None:
        heard = self._of(header.recording, chunk)
        samples = np.frombuffer(chunk.samples, dtype="<i2")
        if self._is_shown:
            for strip in heard.maker.heard(chunk):
                self._curves.write(strip)
        if chunk.is_hole:  # what comes after it is judged anew, or a rate would be made of nothing
            heard.analysis = LiveAnalysis(chunk.rate_hz, chunk.at_s + chunk.seconds)
        for at_s, column in heard.analysis.heard(samples):
            if self._is_shown:
                kind = CurveKind.SPECTRUM
                self._curves.write(Strip(heard.curve, kind, at_s, COLUMN_S, column))
        if self._listening.is_on:
            self._play(self._for_ears(chunk, samples))

    def _of(self, recording: RecordId, chunk: LiveChunk) -> _Heard:
        heard, rate_hz = self._heard, chunk.rate_hz
        if heard is not None and heard.recording == recording and heard.rate_hz == rate_hz:
            return heard
        if heard is None or heard.recording != recording:
            self._made += 1
        maker = CurveMaker(rate_hz, self._made)
        analysis = LiveAnalysis(rate_hz, chunk.at_s)
        self._heard = _Heard(recording, self._made, rate_hz, maker, analysis)
        return self._heard

    def _for_ears(self, chunk: LiveChunk, samples: Samples) -> Samples:
        listening, listener = self._listening, self._listener
        if listener is None or listener.rate_hz != chunk.rate_hz:
            listener = Listener(chunk.rate_hz, listening.band, listening.gain_db)
            self._listener = listener
        return listener.silence(chunk.seconds) if chunk.is_hole else listener.run(samples)
