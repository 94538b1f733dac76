"""The driver's hold on one Chromium: headless, in its namespace, with a fake camera and microphone.

They play our clip and our speech. Its audio processing is off, so that the speech is the file's.
"""

import asyncio
import json
import shutil
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

from bench.call.chromium import Chromium
from bench.call.clip import clip_of
from bench.call.pair import OnTold, Word
from bench.call.peer_setting import PeerSetting
from bench.call.speech import RATE_HZ, speech_file

HERE = Path(__file__).parent
PAGES = {
    HERE / "page.html": "text/html",
    HERE / "page.js": "text/javascript",
    HERE / "recorder.js": "text/javascript",
}
WRITE_LIMIT_S = 90.0
CLOCK_ASKS = 15


class ChromiumEnd:
    """Fulfils pair.End; `on_told` as bedside_end's."""

    def __init__(self, namespace: str, setting: PeerSetting, on_told: OnTold) -> None:
        self._setting = setting
        self._on_told = on_told
        self._page_zero = 0.0  # monotonic seconds at the page's zero
        self._downloaded: asyncio.Queue[str] = asyncio.Queue(4)
        clip = clip_of(setting.width, setting.height, setting.fps)
        voice = speech_file(setting.speaks_from_s, takes_turns=setting.takes_turns)
        self._chromium = Chromium(
            PAGES,
            self._told,
            flags=(
                f"--use-file-for-fake-video-capture={clip.path}",
                f"--use-file-for-fake-audio-capture={voice}",
                *_trusted(setting),
            ),
            before=("ip", "netns", "exec", namespace),
            on_event=self._heard,
        )

    async def open(self) -> None:
        await self._chromium.open()
        await self._chromium.run(f"open({json.dumps(asdict(self._setting))})")
        await self._compare_clocks()

    async def close(self) -> None:
        await self._chromium.close()

    def connect(self, link: str, *, is_offerer: bool) -> None:
        self._chromium.do(f"connect({json.dumps(link)}, {json.dumps(is_offerer)})")

    def signal(self, link: str, payload: Word) -> None:
        self._chromium.do(f"heard({json.dumps(link)}, {json.dumps(payload)})")

    def hang_up(self) -> None:
        self._chromium.do("hangUp()")

    def forget(self) -> None:
        self._chromium.do("forget()")

    def cpu_s(self) -> dict[str, float]:
        return {"peer": self._chromium.cpu_s()}

    def resident_bytes(self) -> int:
        return self._chromium.resident_bytes()

    async def write(self, folder: Path) -> None:
        """As a Bedside peer does; `said.i16` besides, what the fake microphone said."""
        wall_ms = await self._chromium.run("clocks()")
        laid = await self._chromium.run("write()")
        name = await asyncio.wait_for(self._downloaded.get(), WRITE_LIMIT_S)
        downloaded = self._chromium.folder / name
        with downloaded.open("rb") as file:
            (folder / "said.i16").write_bytes(file.read(laid["said_bytes"]))
            (folder / "heard.i16").write_bytes(file.read(laid["heard_bytes"]))
            with (folder / "luma").open("wb") as luma:
                shutil.copyfileobj(file, luma, 1 << 22)
        downloaded.unlink()
        seen = {
            "shown": [[self._monotonic(at), *rest] for at, *rest in laid["shown"]],
            "put": [[self._monotonic(at), number] for at, number in laid["put"]],
            "measures": [{**one, "at": self._monotonic(one["at"])} for one in laid["measures"]],
            "said_at": self._sound_began(laid["saidAnchors"], wall_ms),
            "heard_at": self._sound_began(laid["heardAnchors"], wall_ms),
        }
        (folder / "seen.json").write_text(json.dumps(seen), encoding="utf-8")

    # --- inside ------------------------------------------------------------------------------

    def _told(self, word: Word) -> None:
        self._on_told({**word, "at": self._monotonic(word["at"])})

    def _heard(self, method: str, parameters: dict[str, Any]) -> None:
        if method == "Browser.downloadProgress" and parameters["state"] == "completed":
            self._downloaded.put_nowait(parameters["guid"])

    def _monotonic(self, page_ms: float) -> float:
        return self._page_zero + page_ms / 1000

    async def _compare_clocks(self) -> None:
        """The quickest answer tells best."""
        best_s = float("inf")
        for _ in range(CLOCK_ASKS):
            asked_at = time.monotonic()
            page_ms = await self._chromium.run("performance.now()")
            took_s = time.monotonic() - asked_at
            if took_s < best_s:
                best_s = took_s
                self._page_zero = asked_at + took_s / 2 - page_ms / 1000

    def _sound_began(self, anchors: list[list[float]], wall_ms: float) -> float | None:
        """The instant of the first kept sample: the block that came least late tells."""
        if not anchors:
            return None
        earliest_ms = min(at - 1000 * sample / RATE_HZ for sample, _, at in anchors)
        return self._monotonic(earliest_ms - wall_ms)


def _trusted(setting: PeerSetting) -> tuple[str, ...]:
    """The authority of the relays in front of it is ours alone."""
    if setting.relays is None:
        return ()
    return (f"--ignore-certificate-errors-spki-list={setting.relays.key_digest}",)
