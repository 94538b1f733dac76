"""`python -m bench.devices.scope_end SETTING`: one end of a call with a stethoscope, no screen.

Obeys JSON lines on its input, tells JSON lines on its output. The whole of our media process but
for its socket; what the far ears get is noted with the instant, sample for sample.
"""

import asyncio
import json
import logging
import os
import struct
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO
from uuid import UUID

from app.domain.access import Role
from app.domain.clock import SystemClock
from app.domain.engine import (
    CallSetup,
    LinkChanged,
    LinkPhase,
    Measures,
    ScopeProgress,
    ScopeProof,
    SignalMade,
)
from app.domain.ids import LinkId, RecordId, VisitId
from app.domain.listening import Listening, SoundBand
from bench.call.peer_setting import LINE_LIMIT
from media.auscultation.live_playout import LiveChunk
from media.auscultation.scope_words import ScopeHeader
from media.call_host import CallHost
from media.link.messages import CloseLink, Connect, HeardSignal, News, Prepare
from media.link.sealed_memory import contents
from media.link.sound_words import Listen, ScopeFile, ScopeKept, StartScope, StopScope
from media.scope_ears import ScopeEars

HEARD = struct.Struct("2dIQ")  # when, which second of the recording, its rate; bytes of sound
PHASES = {LinkPhase.LIVE: "up", LinkPhase.LOST: "lost", LinkPhase.FAILED: "failed"}


@dataclass(frozen=True, slots=True)
class ScopeSetting:
    """`wav`: what stands for the instrument; None: the far end. `camera`: a film, or none."""

    visit: str
    wav: str | None
    folder: str
    camera: str | None = None


class ScopeEnd:
    def __init__(self, setting: ScopeSetting) -> None:
        self._setting = setting
        self._host = CallHost(self._told, SystemClock())
        self._heard = (Path(setting.folder) / f"heard-{os.getpid()}").open("wb")
        self._began_at: float | None = None
        self._note_what_is_heard()

    async def run(self, lines: BinaryIO) -> None:
        loop = asyncio.get_running_loop()
        reader = asyncio.StreamReader(limit=LINE_LIMIT)
        await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), lines)
        async with self._host:
            self._host.screen_came()
            self._prepare()
            _tell({"told": "ready", "heard": self._heard.name})
            while line := await reader.readline():
                self._obey(json.loads(line))

    def _prepare(self) -> None:
        visit, wav = VisitId(UUID(self._setting.visit)), self._setting.wav
        side = Role.CLINICIAN if wav is None else Role.PRESENTER
        self._host.heard(
            Prepare(CallSetup(visit, side, "bench", self._setting.camera, "", "", wav))
        )
        if wav is None:
            self._host.heard(Listen(Listening(True, SoundBand.BELL, 6)))

    def _obey(self, wish: dict[str, Any]) -> None:
        match wish["do"]:
            case "connect":
                link = LinkId(UUID(wish["link"]))
                self._host.heard(Connect(link, wish["is_offerer"]))
            case "signal":
                link = LinkId(UUID(wish["link"]))
                self._host.heard(HeardSignal(link, wish["payload"]))
            case "hang up":
                self._host.heard(CloseLink())
            case "record":
                self._host.heard(StartScope(RecordId(UUID(wish["recording"])), "mitral"))
            case "stop":
                self._host.heard(StopScope(RecordId(UUID(wish["recording"]))))
            case "forget":
                pass
            case "write":
                self._heard.flush()
                _tell({"told": "written"})

    def _told(self, news: News, descriptor: int | None) -> bool:
        now = time.monotonic()
        match news:
            case SignalMade(link, payload):
                _tell({"told": "signal", "link": str(link), "payload": payload, "at": now})
            case LinkChanged(link, phase) if phase in PHASES:
                _tell({"told": PHASES[phase], "link": str(link), "at": now})
            case Measures(frames_per_second=pictures) if pictures is not None:
                _tell({"told": "pictures", "link": "", "per_second": pictures, "at": now})
            case ScopeProgress(is_ours=False):
                self._note_progress(news)
            case ScopeFile():
                self._keep(news, descriptor)
            case ScopeProof(recording, far_sha256, matches):
                words = {"recording": str(recording), "sha256": far_sha256, "matches": matches}
                _tell({"told": "proof", "link": "", **words, "at": now})
        return True

    def _note_progress(self, news: ScopeProgress) -> None:
        if news.delay_ms is not None:
            _tell(
                {
                    "told": "shown",
                    "link": "",
                    "delay_ms": news.delay_ms,
                    "way": str(news.way),
                    "bpm": news.heart_rate_bpm,
                }
            )

    def _keep(self, word: ScopeFile, descriptor: int | None) -> None:
        assert descriptor is not None
        path = Path(self._setting.folder) / f"{word.recording}-{'ours' if word.is_ours else 'far'}"
        path.write_bytes(contents(descriptor, word.wav_bytes))
        self._host.heard(ScopeKept(word.recording))
        _tell(
            {
                "told": "file",
                "link": "",
                "path": str(path),
                "sha256": word.sha256,
                "is_ours": word.is_ours,
                "began_at": self._began_at,
            }
        )

    def _note_what_is_heard(self) -> None:
        """What the ears are given, where they are given it; of our own instrument when it began."""
        as_ever = ScopeEars._take
        is_far = self._setting.wav is None

        def heard(ears: ScopeEars, header: ScopeHeader, chunk: LiveChunk) -> None:
            as_ever(ears, header, chunk)
            now = time.monotonic()
            if is_far:
                head = HEARD.pack(now, chunk.at_s, chunk.rate_hz, len(chunk.samples))
                self._heard.write(head + chunk.samples)
            elif self._began_at is None:
                self._began_at = now - chunk.seconds

        ScopeEars._take = heard  # type: ignore[assignment,method-assign]  # a place to look from, nothing else


def _tell(word: dict[str, Any]) -> None:
    print(json.dumps(word), flush=True)


if __name__ == "__main__":
    logging.basicConfig(level=logging.WARNING)
    asyncio.run(ScopeEnd(ScopeSetting(**json.loads(sys.argv[1]))).run(sys.stdin.buffer))
