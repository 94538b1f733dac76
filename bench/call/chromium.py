"""One Chromium under our hand: headless, with a fake camera and microphone, and one page of ours.

The page lies at a name that nobody else answers (a secure context); this file answers it. Used by
the measured calls and by the tests.
"""

import asyncio
import base64
import fcntl
import json
import os
import shutil
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from bench.call.debugging_pipe import DebuggingPipe
from bench.call.processes import below, cpu_s, end, resident_bytes

PROGRAM = "chromium"
SITE = "https://bench.localhost/"
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
CLOSE_LIMIT_S = 5.0
HIGH_NUMBER = 20

Word = dict[str, Any]


class Chromium:
    """`pages`: the files it may ask for, the first of them is opened; by name, with their kind.

    `before` is the command that it is started by, such as one that enters a namespace. The page
    tells by its binding `tell`, in JSON; `on_event` hears of the browser's own events besides.
    """

    def __init__(
        self,
        pages: Mapping[Path, str],
        on_told: Callable[[Word], None],
        *,
        flags: Sequence[str] = (),
        before: Sequence[str] = (),
        on_event: Callable[[str, Word], None] = lambda method, parameters: None,
    ) -> None:
        self._pages = {path.name: (path, kind) for path, kind in pages.items()}
        self._on_told = on_told
        self._on_event = on_event
        self._flags, self._before = flags, before
        self.folder = Path(tempfile.mkdtemp(prefix="bedside-bench-chromium-"))
        self._process: asyncio.subprocess.Process | None = None
        self._pipe: DebuggingPipe | None = None
        self._loaded = asyncio.Event()

    async def open(self) -> None:
        """The page is loaded afterwards; OSError, TimeoutError when it is not to be had."""
        # The protocol is spoken on descriptors 3 and 4; ours must not lie in their way.
        child_reads, we_write = _pipe()
        we_read, child_writes = _pipe()
        script = f'exec "$@" 3<&{child_reads} 4>&{child_writes}'
        self._process = await asyncio.create_subprocess_exec(
            *(*self._before, "bash", "-c", script, "bash", PROGRAM, *FLAGS, *self._flags),
            *(f"--user-data-dir={self.folder / 'profile'}", "about:blank"),
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
            downloadPath=str(self.folder),
            eventsEnabled=True,
        )
        target = (await pipe.ask("Target.createTarget", url="about:blank"))["targetId"]
        attached = await pipe.ask("Target.attachToTarget", targetId=target, flatten=True)
        pipe.session = attached["sessionId"]
        await pipe.ask("Page.enable")
        await pipe.ask("Runtime.enable")
        await pipe.ask("Runtime.addBinding", name="tell")
        await pipe.ask("Fetch.enable", patterns=[{"urlPattern": f"{SITE}*"}])
        await pipe.ask("Page.navigate", url=SITE + next(iter(self._pages)))
        await self._loaded.wait()

    async def close(self) -> None:
        if self._process is not None:
            if self._pipe is not None:
                try:
                    self._pipe.session = None
                    await asyncio.wait_for(self._pipe.send("Browser.close"), CLOSE_LIMIT_S)
                except (OSError, TimeoutError):
                    pass
            await end(self._process)
        if self._pipe is not None:
            self._pipe.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def do(self, script: str) -> None:
        """Not waited for: what comes of it is told by the page."""
        assert self._pipe is not None
        self._pipe.send("Runtime.evaluate", expression=script)

    async def run(self, script: str) -> Any:
        """The value of an expression of the page, waited for."""
        assert self._pipe is not None
        return await self._pipe.run(script)

    @property
    def pids(self) -> list[int]:
        """The first is the oldest; all others are below it."""
        assert self._process is not None
        return [self._process.pid, *below(self._process.pid)]

    def cpu_s(self) -> float:
        assert self._process is not None
        return cpu_s(self._process.pid)

    def resident_bytes(self) -> int:
        assert self._process is not None
        return resident_bytes(self._process.pid)

    # --- inside ------------------------------------------------------------------------------

    def _heard(self, method: str, parameters: Word) -> None:
        match method:
            case "Runtime.bindingCalled":
                self._on_told(json.loads(parameters["payload"]))
            case "Fetch.requestPaused":
                self._serve(parameters["requestId"], parameters["request"]["url"])
            case "Page.loadEventFired":
                self._loaded.set()
            case _:
                self._on_event(method, parameters)

    def _serve(self, request: str, url: str) -> None:
        assert self._pipe is not None
        found = self._pages.get(url.removeprefix(SITE))
        if found is None:
            self._pipe.send("Fetch.fulfillRequest", requestId=request, responseCode=404)
            return
        path, kind = found
        self._pipe.send(
            "Fetch.fulfillRequest",
            requestId=request,
            responseCode=200,
            responseHeaders=[{"name": "Content-Type", "value": kind}],
            body=base64.b64encode(path.read_bytes()).decode(),
        )


def _pipe() -> tuple[int, int]:
    """(read end, write end), with high numbers."""
    low = os.pipe()
    read_end, write_end = (fcntl.fcntl(one, fcntl.F_DUPFD_CLOEXEC, HIGH_NUMBER) for one in low)
    for one in low:
        os.close(one)
    return read_end, write_end
