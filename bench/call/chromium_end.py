"""The driver's hold on one Chromium: headless, in its namespace, with a fake camera and microphone.

They play our clip and our speech. Echo control and noise suppression are on, as ours are.
"""

import asyncio
import base64
import fcntl
import json
import os
import shutil
import tempfile
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

from bench.call.clip import clip_of
from bench.call.debugging_pipe import DebuggingPipe
from bench.call.pair import OnTold, Word
from bench.call.peer_setting import PeerSetting
from bench.call.processes import cpu_s, end, resident_bytes
from bench.call.speech import RATE_HZ, speech_file

PROGRAM = "chromium"
SITE = "https://bench.localhost/"  # a secure context; answered by the driver, never asked for
PAGES = {"page.html": "text/html", "page.js": "text/javascript", "recorder.js": "text/javascript"}
FLAGS = (
    "--headless=new",
    "--no-sandbox",
    "--no-first-run",
    "--disable-gpu",
    "--remote-debugging-pipe",
    "--use-fake-ui-for-media-stream",
    "--use-fake-device-for-media-stream",
    "--disable-features=WebRtcHideLocalIpsWithMdns",
    "--autoplay-policy=no-user-gesture-required",
    "--disable-background-timer-throttling",
    "--disable-renderer-backgrounding",
    "--disable-backgrounding-occluded-windows",
    "--disable-component-update",
    "--disable-sync",
    "--disable-background-networking",
)
READY_LIMIT_S = 60.0
WRITE_LIMIT_S = 90.0
CLOCK_ASKS = 15
HIGH_NUMBER = 20


class ChromiumEnd:
    """Fulfils pair.End; `on_told` as bedside_end's."""

    def __init__(self, namespace: str, setting: PeerSetting, on_told: OnTold) -> None:
        self._namespace = namespace
        self._setting = setting
        self._on_told = on_told
        self._folder = Path(tempfile.mkdtemp(prefix="bedside-bench-chromium-"))
        self._process: asyncio.subprocess.Process | None = None
        self._pipe: DebuggingPipe | None = None
        self._page_zero = 0.0  # monotonic seconds at the page's zero
        self._downloaded: asyncio.Queue[str] = asyncio.Queue(4)
        self._loaded = asyncio.Event()

    async def open(self) -> None:
        clip = clip_of(self._setting.width, self._setting.height, self._setting.fps)
        voice = speech_file(self._setting.speaks_from_s, takes_turns=self._setting.takes_turns)
        sources = [
            f"--use-file-for-fake-video-capture={clip.path}",
            f"--use-file-for-fake-audio-capture={voice}",
        ]
        if (relays := self._setting.relays) is not None:
            sources.append(f"--ignore-certificate-errors-spki-list={relays.key_digest}")
        # The protocol is spoken on descriptors 3 and 4; ours must not lie in their way.
        child_reads, we_write = _pipe()
        we_read, child_writes = _pipe()
        script = f'exec "$@" 3<&{child_reads} 4>&{child_writes}'
        self._process = await asyncio.create_subprocess_exec(
            *(
                "ip",
                "netns",
                "exec",
                self._namespace,
                "bash",
                "-c",
                script,
                "bash",
                PROGRAM,
                *FLAGS,
            ),
            *(*sources, f"--user-data-dir={self._folder / 'profile'}", "about:blank"),
            pass_fds=(child_reads, child_writes),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
        )
        os.close(child_reads)
        os.close(child_writes)
        self._pipe = DebuggingPipe(we_read, we_write, self._heard)
        await asyncio.wait_for(self._open_page(self._pipe), READY_LIMIT_S)

    async def _open_page(self, pipe: DebuggingPipe) -> None:
        await pipe.ask(
            "Browser.setDownloadBehavior",
            behavior="allowAndName",
            downloadPath=str(self._folder),
            eventsEnabled=True,
        )
        target = (await pipe.ask("Target.createTarget", url="about:blank"))["targetId"]
        attached = await pipe.ask("Target.attachToTarget", targetId=target, flatten=True)
        pipe.session = attached["sessionId"]
        await pipe.ask("Page.enable")
        await pipe.ask("Runtime.enable")
        await pipe.ask("Runtime.addBinding", name="tell")
        await pipe.ask("Fetch.enable", patterns=[{"urlPattern": f"{SITE}*"}])
        await pipe.ask("Page.navigate", url=f"{SITE}page.html")
        await self._loaded.wait()
        await pipe.run(f"open({json.dumps(asdict(self._setting))})")
        await self._compare_clocks(pipe)

    async def close(self) -> None:
        if self._process is not None:
            if self._pipe is not None:
                try:
                    self._pipe.session = None
                    await asyncio.wait_for(self._pipe.send("Browser.close"), 5.0)
                except (OSError, TimeoutError):
                    pass
            await end(self._process)
        if self._pipe is not None:
            self._pipe.close()
        shutil.rmtree(self._folder, ignore_errors=True)

    def connect(self, link: str, *, is_offerer: bool) -> None:
        self._do(f"connect({json.dumps(link)}, {json.dumps(is_offerer)})")

    def signal(self, link: str, payload: Word) -> None:
        self._do(f"heard({json.dumps(link)}, {json.dumps(payload)})")

    def hang_up(self) -> None:
        self._do("hangUp()")

    def forget(self) -> None:
        self._do("forget()")

    def cpu_s(self) -> dict[str, float]:
        assert self._process is not None
        return {"peer": cpu_s(self._process.pid)}

    def resident_bytes(self) -> int:
        assert self._process is not None
        return resident_bytes(self._process.pid)

    async def write(self, folder: Path) -> None:
        """As a Bedside peer does; `said.i16` besides, what the fake microphone said."""
        assert self._pipe is not None
        wall_ms = await self._pipe.run("clocks()")
        laid = await self._pipe.run("write()")
        name = await asyncio.wait_for(self._downloaded.get(), WRITE_LIMIT_S)
        with (self._folder / name).open("rb") as file:
            (folder / "said.i16").write_bytes(file.read(laid["said_bytes"]))
            (folder / "heard.i16").write_bytes(file.read(laid["heard_bytes"]))
            with (folder / "luma").open("wb") as luma:
                shutil.copyfileobj(file, luma, 1 << 22)
        (self._folder / name).unlink()
        seen = {
            "shown": [[self._monotonic(at), *rest] for at, *rest in laid["shown"]],
            "put": [[self._monotonic(at), number] for at, number in laid["put"]],
            "measures": [{**one, "at": self._monotonic(one["at"])} for one in laid["measures"]],
            "said_at": self._sound_began(laid["saidAnchors"], wall_ms),
            "heard_at": self._sound_began(laid["heardAnchors"], wall_ms),
        }
        (folder / "seen.json").write_text(json.dumps(seen), encoding="utf-8")

    # --- inside ------------------------------------------------------------------------------

    def _do(self, script: str) -> None:
        """Not waited for: what comes of it is told by the page."""
        assert self._pipe is not None
        self._pipe.send("Runtime.evaluate", expression=script)

    def _heard(self, method: str, parameters: dict[str, Any]) -> None:
        match method:
            case "Runtime.bindingCalled":
                word = json.loads(parameters["payload"])
                word["at"] = self._monotonic(word["at"])
                self._on_told(word)
            case "Fetch.requestPaused":
                self._serve(parameters["requestId"], parameters["request"]["url"])
            case "Page.loadEventFired":
                self._loaded.set()
            case "Browser.downloadProgress" if parameters["state"] == "completed":
                self._downloaded.put_nowait(parameters["guid"])

    def _serve(self, request: str, url: str) -> None:
        assert self._pipe is not None
        name = url.removeprefix(SITE)
        if name not in PAGES:
            self._pipe.send("Fetch.fulfillRequest", requestId=request, responseCode=404)
            return
        self._pipe.send(
            "Fetch.fulfillRequest",
            requestId=request,
            responseCode=200,
            responseHeaders=[{"name": "Content-Type", "value": PAGES[name]}],
            body=base64.b64encode(Path(__file__).with_name(name).read_bytes()).decode(),
        )

    def _monotonic(self, page_ms: float) -> float:
        return self._page_zero + page_ms / 1000

    async def _compare_clocks(self, pipe: DebuggingPipe) -> None:
        """The quickest answer tells best."""
        best_s = float("inf")
        for _ in range(CLOCK_ASKS):
            asked_at = time.monotonic()
            page_ms = await pipe.run("performance.now()")
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


def _pipe() -> tuple[int, int]:
    """(read end, write end), with high numbers."""
    low = os.pipe()
    read_end, write_end = (fcntl.fcntl(one, fcntl.F_DUPFD_CLOEXEC, HIGH_NUMBER) for one in low)
    for one in low:
        os.close(one)
    return read_end, write_end
