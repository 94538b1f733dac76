"""Files of stills: brought here from the server, proven to be the same bytes, handed to the screen.

The open visit's come by themselves; those of earlier visits when somebody wants to see them.
"""

import asyncio
import hashlib
import logging
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace

from app.domain.changes import Json
from app.domain.failures import Code, Failure, Rejected, Unavailable, Untrusted
from app.domain.ids import RecordId, VisitId
from app.domain.stills import Still
from app.runtime.broadcast import Broadcast
from app.runtime.tasks import TaskOwner
from app.services.acts import Acts
from app.services.chart import Chart, ChartState
from app.services.file_fetching import bring_here
from app.services.ports import RecordingFiles, ServerApi
from app.services.stills import PROOF

log = logging.getLogger(__name__)

LOOK_AGAIN_S = 5.0
PROOF_EVERY_S = 20.0  # the far desk's screen may be a new one, or have been away
KNOWN_MOST = 512


@dataclass(frozen=True, slots=True)
class StillFilesState:
    """`same`: here, whole, with the record's hash; `differs`: here, and not the same."""

    same: frozenset[RecordId] = frozenset()
    differs: frozenset[RecordId] = frozenset()
    fetching: RecordId | None = None


class StillFiles:
    """`tell_far` gives a live word to the far desk; `is_server_there` keeps one that is away from
    being asked for each file.
    """

    def __init__(
        self,
        *,
        acts: Acts,
        chart: Chart,
        files: RecordingFiles,
        server_api: ServerApi,
        tell_far: Callable[[VisitId, dict[str, Json]], None],
        is_server_there: Callable[[], bool],
        has_camera: bool,
    ) -> None:
        self._acts = acts
        self._chart = chart
        self._files = files
        self._server_api = server_api
        self._tell_far = tell_far
        self._is_server_there = is_server_there
        self._has_camera = has_camera
        self._proven_at: dict[RecordId, float] = {}  # of what came here: told to the far desk
        self._one_at_a_time = asyncio.Lock()
        self.state: Broadcast[StillFilesState] = Broadcast(StillFilesState())
        self._asked = asyncio.Event()
        self._tasks = TaskOwner("still files")
        self._stop_listening = chart.state.listen(self._chart_told)

    def start(self) -> None:
        self._tasks.start_lasting(self._run, "fetch")

    async def close(self) -> None:
        self._stop_listening()
        await self._tasks.close()

    def _chart_told(self, chart: ChartState) -> None:
        if chart.row is None:
            self._proven_at.clear()
            self.state.tell(StillFilesState())
        self._asked.set()

    def came_from_elsewhere(self, still: RecordId) -> bool:
        """Then that it is here, with the same hash, is the proof."""
        return not self._has_camera or still in self._proven_at

    async def png(self, still: RecordId) -> bytes:
        """The picture's file, its hash computed anew; fetched first where it is not here."""
        found = (one for one in self._chart.state.value.stills if one.id == still)
        record = next(found, None)
        if record is None:
            raise Rejected(Code.STILL_NOT_HERE)
        if record.file_sha256 and not record.file_key:
            raise Rejected(Code.FILE_ERASED)
        if not await self._files.has(record.file_sha256) and not await self._fetch(record):
            raise Unavailable(Code.STILL_NOT_HERE, "still")
        return await self._checked(record)

    async def _run(self) -> None:
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(LOOK_AGAIN_S):
                    await self._asked.wait()
            self._asked.clear()
            try:
                await self._look()
            except Failure as failure:
                log.info("a still waits: %s", failure.code)

    async def _look(self) -> None:
        for still in self._of_open_visit():
            if not await self._files.has(still.file_sha256):
                if not await self._fetch(still):
                    continue
                await self._prove(still)
            elif still.id not in self.state.value.same | self.state.value.differs:
                await self._prove(still)
            self._say(still)

    def _of_open_visit(self) -> list[Still]:
        state = self._chart.state.value
        if state.row is None:
            return []
        visit = state.row.visit.id
        return [still for still in reversed(state.stills) if still.visit == visit]

    async def _prove(self, still: Still) -> None:
        try:
            await self._checked(still)
        except Untrusted as doubt:
            log.error("a still is not what its record says: %s", doubt.code)

    def _say(self, still: Still) -> None:
        """Only who did not take it has something to prove; said again now and then."""
        if not self.came_from_elsewhere(still.id) or still.id not in self.state.value.same:
            return
        now = self._acts.clock.monotonic()
        if now - self._proven_at.get(still.id, float("-inf")) >= PROOF_EVERY_S:
            self._proven_at[still.id] = now
            word: dict[str, Json] = {"kind": PROOF, "still": str(still.id), "sha256": still.sha256}
            self._tell_far(still.visit, word)

    async def _fetch(self, still: Still) -> bool:
        if not self._is_server_there() or not still.file_key:  # erased on order: never again
            return False
        async with self._one_at_a_time:
            if await self._files.has(still.file_sha256):
                return True
            self._tell(fetching=still.id)
            try:
                await bring_here(self._files, self._server_api, still.file_sha256)
            except Failure as no:
                log.info("a still does not come now: %s", no.code)
                return False
            finally:
                self._tell(fetching=None)
        self._proven_at.setdefault(still.id, float("-inf"))
        return True

    async def _checked(self, still: Still) -> bytes:
        png = await self._files.load(still.file_sha256, still.file_key)
        is_same = hashlib.sha256(png).hexdigest() == still.sha256
        state = self.state.value
        if len(state.same) + len(state.differs) >= KNOWN_MOST:
            state = StillFilesState()
        same, differs = state.same - {still.id}, state.differs - {still.id}
        if is_same:
            self._tell(same=same | {still.id}, differs=differs)
            return png
        self._tell(same=same, differs=differs | {still.id})
        raise Untrusted(Code.HASH_MISMATCH, "still")

    def _tell(self, **fields: object) -> None:
        self.state.tell(replace(self.state.value, **fields))  # type: ignore[arg-type]  # own fields
