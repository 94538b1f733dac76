"""One desk: the real sync on the real encrypted file, whose process may die between two writes."""

import asyncio
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import replace
from typing import Any, TypeVar, cast

from app.domain.call import Phase
from app.domain.changes import Json
from app.domain.ids import LinkId, VisitId
from app.domain.people import Person
from app.domain.server_words import SeatState
from app.remote.address import ServerAddress
from app.remote.server_api import ServerApi
from app.remote.server_places import ServerPlaces
from app.remote.tokens import Tokens
from app.runtime.broadcast import Broadcast
from app.services.acts import Acts
from app.services.call import Call, CallState
from app.services.conflicts import Conflicts
from app.services.departures import Departures
from app.services.direct_line import DirectLine
from app.services.ports import CallEngine, UnitOfWork
from app.services.switchboard import Switchboard
from app.services.sync import Sync
from app.services.unsent import Unsent
from app.services.upload_pace import UploadPace
from app.services.visits import Visits
from offline_store.connection import Connection, Cursor, Parameters
from offline_store.database import OfflineStore
from offline_store.kept_file import KeptFile, open_kept
from offline_store.readers import Readers
from offline_store.recordings import RecordingsInMemory
from tests.fakes.channel import FakeChannel
from tests.fakes.inline_store import HereAndNow
from tests.simulation.clocks import JumpingClock
from tests.simulation.death import Fuse, ProcessDied
from tests.simulation.ground import FOR_EVER_S, JOURNAL_KEY, SITS_AT, STORE_KEY, Ground
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

    @property
    def total_changes(self) -> int:
        return self._real.total_changes

    def execute(self, sql: str, parameters: Parameters = ()) -> Cursor:
        self._fuse.step()
        cursor = self._real.execute(sql, parameters)
        self._fuse.step()
        return cursor

    def executemany(self, sql: str, rows: Iterable[Parameters], /) -> Cursor:
        """It may die between any two of the rows, too."""

        def mortal() -> Iterator[Parameters]:
            for row in rows:
                self._fuse.step()
                yield row

        cursor = self._real.executemany(sql, mortal())
        self._fuse.step()
        return cursor

    def enable_load_extension(self, is_allowed: bool, /) -> None:
        self._real.enable_load_extension(is_allowed)

    def backup(
        self,
        target: Connection,
        *,
        pages: int = -1,
        progress: Callable[[int, int, int], None] | None = None,
    ) -> None:
        raise AssertionError("no copy is made while it is simulated")

    def close(self) -> None:
        """What was begun and not committed is gone, as after any death."""
        self._real.close()


class ReadersHere(Readers):
    """What their threads do, done at once by whoever asks: a run waits for no real time."""

    def __init__(self, connection: MortalConnection) -> None:
        self._connection = connection

    async def run(self, work: Callable[[Connection], ResultT]) -> ResultT:
        await asyncio.sleep(0)
        return work(self._connection)

    async def close(self) -> None:
        """No connection of their own."""


class _ChannelHere:
    """What a direct line needs of the call: whether it is live, and a channel to speak on."""

    def __init__(self, desk: "DeskEnd") -> None:
        self.state: Broadcast[CallState] = Broadcast(CallState())
        self._desk = desk

    async def send_live(self, payload: dict[str, Json]) -> None:
        await asyncio.sleep(0)
        self._desk.say(payload)


class DeskEnd:
    """`number` says who sits here, `life` how often it was started. What a person does goes
    through `has_done`; `say` carries what is told to the other desk in a call.
    """

    def __init__(self, ground: Ground, number: int, line: Line) -> None:
        self._ground = ground
        self.number = number
        self.line = line
        self.clock = JumpingClock()
        self.fuse = Fuse(lambda: None)
        self.is_running = False
        self.deaths = self.life = 0
        self.say: Callable[[dict[str, Json]], None] = lambda payload: None

    @property
    def person(self) -> Person:
        return SITS_AT[self.number]

    async def start(self) -> None:
        self.fuse = self.line.fuse = Fuse(self._died)
        path = self._ground.store_of(self.number)
        kept = open_kept(path, STORE_KEY, JOURNAL_KEY)
        self._real = kept.connection
        mortal = MortalConnection(self._real, self.fuse)
        self._kept = replace(kept, connection=mortal, readers=ReadersHere(mortal))
        self._takes_nothing_back_when_dead(self._kept)
        self.store = OfflineStore(
            self._kept.connection, HereAndNow(), RecordingsInMemory(), self._kept
        )
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
        self.departures = Departures(
            self.acts, self.store, self.store.recordings, is_open=lambda _: False
        )
        self._channel = channel = _ChannelHere(self)
        self.direct_line = DirectLine(
            acts=self.acts, call=cast(Call, channel), engine=cast(CallEngine, channel)
        )
        self.is_running = True
        self.life += 1
        self.sync.start()
        self.departures.start()
        self.direct_line.start()

    def is_called(self, visit: VisitId, link: LinkId, by: "DeskEnd") -> None:
        person, now = by.person, self.clock.now()
        seat = SeatState(by.device, person.id, person.name, person.role, True, now)
        self._channel.state.tell(CallState(Phase.LIVE, now, visit, link, seat))

    def hangs_up(self) -> None:
        if self.is_running:
            self._channel.state.tell(CallState())

    async def stop(self) -> None:
        """Also of one that is dead: only what Python holds of it is let go."""
        self.is_running = False
        for service in (self.direct_line, self.departures, self.sync):
            with suppress(ProcessDied):
                await service.close()
        await self.unsent.close()
        await self.conflicts.close()
        await self.api.__aexit__(None, None, None)
        self._kept.close()

    def _takes_nothing_back_when_dead(self, kept: KeptFile) -> None:
        """Between a frame of the journal and its commit no handler runs in a process that ended."""
        rolled_back = kept.journal.rolled_back

        def unless_dead(connection: Connection) -> None:
            if not self.fuse.is_dead:
                rolled_back(connection)

        kept.journal.rolled_back = unless_dead  # type: ignore[method-assign]

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

    @property
    def rows_written(self) -> int:
        """Since this life began; also what was taken back."""
        return self._real.total_changes

    def rows(self, question: str) -> list[tuple[Any, ...]]:
        """Of the store as it lies on the disk, past the fuse: for who judges, not for who acts."""
        return self._real.execute(question).fetchall()
