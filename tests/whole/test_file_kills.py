"""kill -9 of desk and server while a sound goes to the server, and while it is fetched: it goes on
where it was, it is there once, and nothing of it ever lies in the clear."""

import multiprocessing
import random
import socket
import sqlite3
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

import pytest

from app.domain.access import Role
from app.domain.audit import Act
from tests.server.given import PASSWORD
from tests.server.test_program import run as command
from tests.server.test_program import running
from tests.whole.file_desk import MARK, SOUND_BYTES, Given, given_of, run

WORD_LIMIT_S = 60.0
PARTS_OF_A_LIFE = 8
KILL_WITHIN_S = 0.05


class House:
    """A server on one port, over all its lives, and what the desks at it say."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.data = folder / "server"
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self._life: ExitStack | None = None
        self._program: Any = None
        for name, role in (("nurse-kim", "presenter"), ("dr-lin", "clinician")):
            words = ("--username", name, "--name", name, "--role", role)
            assert command("add-user", "--data", self.data, *words, typed=f"{PASSWORD}\n").code == 0
        visit = command(
            *("add-visit", "--data", self.data, "--starts-at", "now"),
            typed="Roe\nRichard\n1938-02-11\n77001\n\n\n",
        )
        self.patient, self.visit = (line.split()[1] for line in visit.out.splitlines())

    def start(self) -> None:
        life = ExitStack()
        self._program, _ = life.enter_context(
            running("--data", self.data, "--port", str(self.port))
        )
        self._life = life

    def kill(self) -> None:
        assert self._life is not None
        self._program.kill()
        self._program.wait(20)
        self._life.close()
        self._life = None

    def close(self) -> None:
        if self._life is not None:
            self._life.close()

    def desk(self, role: Role) -> Given:
        address = f"http://127.0.0.1:{self.port}"
        return given_of(self.folder / str(role), address, role, self.patient, self.visit)

    def audited(self, act: Act) -> int:
        told = command("verify-audit", "--data", self.data)
        assert told.out.splitlines()[-1] == "sound"
        return _count_of(self.data / "bedside.db", act)

    def nothing_lies_in_the_clear(self) -> None:
        for path in self.folder.rglob("*"):
            if path.is_file():
                assert MARK not in path.read_bytes(), path.name


def _count_of(database: Path, act: Act) -> int:
    from_outside = sqlite3.connect(database)
    try:
        [(count,)] = from_outside.execute(
            "SELECT count(*) FROM audit_log WHERE instr(event, ?)", (f'"act":"{act}"'.encode(),)
        )
        return int(count)
    finally:
        from_outside.close()


class Life:
    """One life of a desk: what it says, until it is killed or done."""

    def __init__(self, given: Given, *, sends: bool) -> None:
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload(["tests.whole.file_desk"])
        self._ours, theirs = context.Pipe(duplex=False)
        self.process: BaseProcess = context.Process(target=run, args=(given, theirs, sends))
        self.process.start()
        theirs.close()
        self.said: list[tuple[Any, ...]] = []

    def hears(self, kind: str, times: int = 1) -> bool:
        """Whether it said that so often; False when it was done before."""
        until = time.monotonic() + WORD_LIMIT_S
        while sum(word[0] == kind for word in self.said) < times:
            assert self._ours.poll(max(0.0, until - time.monotonic())), f"no {kind!r} was said"
            word = self._ours.recv()
            self.said.append(word)
            if word[0] in ("done", "heard"):
                return bool(word[0] == kind)
        return True

    def kill(self) -> None:
        time.sleep(random.uniform(0, KILL_WITHIN_S))  # inside of what follows what it said
        self.process.kill()
        self.process.join(20)
        try:
            while self._ours.poll(0):
                self.said.append(self._ours.recv())
        except EOFError:
            pass
        self._ours.close()


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    seed = random.randrange(2**32)
    print(f"seed {seed}")
    random.seed(seed)
    made = House(tmp_path)
    made.start()
    try:
        yield made
    finally:
        made.close()


@contextmanager
def life_of(given: Given, *, sends: bool) -> Iterator[Life]:
    life = Life(given, sends=sends)
    try:
        yield life
    finally:
        life.kill()


def goes_on(said: list[tuple[Any, ...]], kinds: set[str]) -> None:
    """No offset of these kinds lies before one that was acknowledged earlier."""
    reached = 0
    for word in said:
        if word[0] in kinds:
            assert word[1] >= reached, f"{word} after {reached} bytes"
        if word[0] in ("sent", "asks"):
            reached = max(reached, word[1])
    assert reached > 0


def upload_with_kills(house: House, *, of_desk: int, of_server: int) -> None:
    given, said = house.desk(Role.PRESENTER), list[tuple[Any, ...]]()
    targets = ["desk"] * of_desk + ["server"] * of_server
    random.shuffle(targets)
    life = Life(given, sends=True)
    for target in targets:
        before = sum(word[0] == "sent" for word in life.said)
        if not life.hears("sent", before + random.randint(1, PARTS_OF_A_LIFE)):
            break  # it was quicker than we
        if target == "desk":
            life.kill()
            said += life.said
            house.nothing_lies_in_the_clear()
            life = Life(given, sends=True)
        else:
            house.kill()
            house.nothing_lies_in_the_clear()
            house.start()
    assert life.hears("done")
    life.kill()
    said += life.said
    goes_on(said, {"begun", "sends"})
    sends = [word[1] for word in said if word[0] == "sends"]
    repeated = len(sends) - len(set(sends))
    print(f"{len(targets)} kills, {len(sends)} parts, {repeated} of them again")
    assert repeated <= len(targets)  # what was under way, and no more
    assert house.audited(Act.FILE_STORED) == 1
    assert house.audited(Act.RECORDING_KEPT) == 2  # the server's own, and the desk's


def fetch_with_kills(house: House, *, of_desk: int, of_server: int) -> None:
    with life_of(house.desk(Role.PRESENTER), sends=True) as sending:
        assert sending.hears("done")
    given, said = house.desk(Role.CLINICIAN), list[tuple[Any, ...]]()
    targets = ["desk"] * of_desk + ["server"] * of_server
    random.shuffle(targets)
    life = Life(given, sends=False)
    for target in targets:
        before = sum(word[0] == "asks" for word in life.said)
        if not life.hears("asks", before + random.randint(1, PARTS_OF_A_LIFE)):
            break
        if target == "desk":
            life.kill()
            said += life.said
            house.nothing_lies_in_the_clear()
            life = Life(given, sends=False)
        else:
            house.kill()
            house.start()
    assert life.hears("heard")
    life.kill()
    said += life.said
    goes_on(said, {"asks"})
    house.nothing_lies_in_the_clear()
    [stored] = list((given.folder / "recordings").iterdir())
    assert stored.stat().st_size > SOUND_BYTES * 0.99


def test_a_sound_on_its_way_outlives_kills_of_both_ends(house: House) -> None:
    upload_with_kills(house, of_desk=3, of_server=1)


def test_a_sound_that_is_fetched_outlives_kills_of_both_ends(house: House) -> None:
    fetch_with_kills(house, of_desk=2, of_server=1)


@pytest.mark.long
@pytest.mark.timeout(1800)
def test_a_sound_outlives_many_kills(tmp_path: Path) -> None:
    for turn in range(10):
        for way in (upload_with_kills, fetch_with_kills):
            made = House(tmp_path / f"{turn}-{way.__name__}")
            made.start()
            try:
                way(made, of_desk=8, of_server=4)
            finally:
                made.close()
