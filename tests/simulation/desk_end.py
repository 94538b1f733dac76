"""One desk: the real sync on the real encrypted file, whose process may die between two writes."""

from collections.abc import Callable
from contextlib import suppress
from typing import Any, TypeVar

from app.domain.people import Person
from app.remote.address import ServerAddress
from app.remote.server_api import ServerApi
from app.remote.server_places import ServerPlaces
from app.remote.tokens import Tokens
from app.runtime.broadcast import Broadcast
from app.services.acts import Acts
from app.services.call import CallState
from app.services.conflicts import Conflicts
from app.services.ports import UnitOfWork
from app.services.switchboard import Switchboard
from app.services.sync import Sync
from app.services.unsent import Unsent
from app.services.upload_pace import UploadPace
from app.services.visits import Visits
from offline_store.connection import Connection, Cursor, Parameters
from offline_store.database import OfflineStore, _open_file
from offline_store.recordings import RecordingsInMemory
from tests.fakes.channel import FakeChannel
from tests.fakes.inline_store import HereAndNow
from tests.simulation.clocks import JumpingClock
from tests.simulation.death import Fuse, ProcessDied
from tests.simulation.ground import FOR_EVER_S, SITS_AT, STORE_KEY, Ground
from tests.simulation.line import Line

ResultT = TypeVar("ResultT")
ADDRESS = ServerAddress("http://127.0.0.1:8470", None)


class MortalConnection:
    """Each statement burns the fuse by one before it and by one after it."""

    def __init__(self, real: Connection, fuse: Fuse) -> None:
        self._real = real
        self._fuse = fuse

    @property
    def in_transaction(self) -> bool:
        return self._real.in_transaction

    def execute(self, sql: str, parameters: Parameters = ()) -> Cursor:
        self._fuse.step()
        cursor = self._real.execute(sql, parameters)
        self._fuse.step()
        return cursor

    def enable_load_extension(self, is_allowed: bool, /) -> None:
        self._real.enable_load_extension(is_allowed)

    def close(self) -> None:
        """What was begun and not committed is gone, as after any death."""
        self._real.close()


class DeskEnd:
    """`number` says who sits here. What a person does goes through `act`."""

    def __init__(self, ground: Ground, number: int, line: Line) -> None:
        self._ground = ground
        self.number = number
        self.line = line
        self.clock = JumpingClock()
        self.fuse = Fuse(lambda: None)
        self.is_running = False
        self.deaths = 0

    @property
    def person(self) -> Person:
        return SITS_AT[self.number]

    async def start(self) -> None:
        self.fuse = self.line.fuse = Fuse(self._died)
        path = self._ground.store_of(self.number)
        self._real = _open_file(path, STORE_KEY)
        connection = MortalConnection(self._real, self.fuse)
        self.store = OfflineStore(connection, HereAndNow(), path, RecordingsInMemory())
        self.device = await self.store.transaction(lambda unit: unit.kept.device_id())
        self.acts = Acts(self.store, self.clock, self.device)
        self.acts.now_acting(self.person)
        tokens = Tokens()
        tokens.keep(self._ground.tokens[self.number], int(FOR_EVER_S))
        self.api = ServerApi(ServerPlaces(ADDRESS), tokens, self.clock, self.device, self.line)
        self.sync = Sync(
            server_api=self.api,
            files=self.store.recordings,
            acts=self.acts,
            switchboard=Switchboard(FakeChannel(), self.clock),
            renew_tokens=self._no_tokens,
            mend_conflict=Visits(self.acts).make_anew,
            pace=UploadPace(Broadcast(CallState())),
        )
        self.unsent = Unsent(self.acts)
        self.conflicts = Conflicts(self.acts)
        self.is_running = True
        self.sync.start()

    async def stop(self) -> None:
        """Also of one that is dead: only what Python holds of it is let go."""
        self.is_running = False
        with suppress(ProcessDied):
            await self.sync.close()
        await self.unsent.close()
        await self.conflicts.close()
        await self.api.__aexit__(None, None, None)
        self.store.close()

    def _died(self) -> None:
        self.deaths += 1

    async def _no_tokens(self) -> None:
        raise AssertionError("a token that is good for the whole run was refused")

    async def has_done(self, work: Callable[[UnitOfWork], object]) -> bool:
        """What a person does; False when the process died over it: it may be written, or not."""
        try:
            await self.acts.do(work)
        except ProcessDied:
            return False
        return True

    def rows(self, question: str) -> list[tuple[Any, ...]]:
        """Of the store as it lies on the disk, past the fuse: for who judges, not for who acts."""
        return self._real.execute(question).fetchall()
