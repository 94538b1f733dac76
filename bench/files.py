"""A recording of 20 MB kept encrypted and opened again, beside a row of SQLCipher and a plain file.

All three are durable when they are counted, and take turns.
"""

import asyncio
import os
import time
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from bench.rows import Row, percentile, rounded, spread_of
from offline_store.connection import Connection, connect
from offline_store.profile_folder import write_durably
from offline_store.recordings import RecordingFolder

SOUND_BYTES = 20_000_000
SAVED_GOAL, LOADED_GOAL = ">= 200", ">= 500"

OURS, BLOB, PLAIN = "ours", "SQLCipher, one row", "plain file"
DURABILITY = {
    OURS: "AES-256-GCM, 1 MiB chunks, SHA-256 of all of it for a name, fsync, rename, folder fsync",
    BLOB: "one row of the store as it is opened here (WAL, synchronous FULL, 4096-byte pages)",
    PLAIN: "the bytes as they are, fsync, rename, folder fsync",
}


@dataclass(slots=True)
class Samples:
    """MB/s of each turn."""

    saved: list[float] = field(default_factory=list)
    loaded: list[float] = field(default_factory=list)


def rows(folder: Path, rounds: int, byte_count: int = SOUND_BYTES) -> Iterator[Row]:
    """Saved and loaded, against each peer, in an empty folder."""
    samples = asyncio.run(_measured(folder, byte_count, rounds))
    ours = samples[OURS]
    for peer in (BLOB, PLAIN):
        theirs = samples[peer]
        yield _row("saved", byte_count, ours.saved, theirs.saved, SAVED_GOAL, peer)
        yield _row("loaded", byte_count, ours.loaded, theirs.loaded, LOADED_GOAL, peer)


def _row(
    what: str, byte_count: int, ours: list[float], theirs: list[float], goal: str, peer: str
) -> Row:
    note = (
        f"{byte_count} random bytes, median; the three take turns; what is loaded lies in the "
        f"system's cache, for all of them. {OURS}: {DURABILITY[OURS]}; {peer}: {DURABILITY[peer]}"
    )
    return Row(
        measure=f"recording {what} encrypted, against {peer}",
        unit="MB/s",
        value=rounded(percentile(ours, 50)),
        n=len(ours),
        spread=spread_of(ours),
        note=note,
        goal=goal,
        peer=peer,
        peer_value=rounded(percentile(theirs, 50)),
    )


async def _measured(folder: Path, byte_count: int, rounds: int) -> dict[str, Samples]:
    connection = connect(folder / "blobs.db", os.urandom(32), is_new=True)
    connection.execute("CREATE TABLE sounds (name INTEGER PRIMARY KEY, sound BLOB)")
    turns: dict[str, Callable[[bytes], Awaitable[tuple[float, float]]]] = {
        OURS: _Ours(RecordingFolder(folder / "ours")).turn,
        BLOB: _Blob(connection).turn,
        PLAIN: _Plain(folder / "plain").turn,
    }
    samples = {name: Samples() for name in turns}
    try:
        for number in range(rounds + 1):
            sound = os.urandom(byte_count)
            for name, turn in turns.items():
                saved_s, loaded_s = await turn(sound)
                if number:  # the first one warms up
                    samples[name].saved.append(byte_count / 1e6 / saved_s)
                    samples[name].loaded.append(byte_count / 1e6 / loaded_s)
    finally:
        connection.close()
    return samples


class _Ours:
    def __init__(self, files: RecordingFolder) -> None:
        self._files = files

    async def turn(self, sound: bytes) -> tuple[float, float]:
        began = time.perf_counter()
        name, key, _ = await self._files.save(sound)
        saved = time.perf_counter()
        found = await self._files.load(name, key)
        loaded = time.perf_counter()
        _must_be(sound, found)
        await self._files.remove(name)
        return saved - began, loaded - saved


class _Blob:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def turn(self, sound: bytes) -> tuple[float, float]:
        began = time.perf_counter()
        self._connection.execute("INSERT INTO sounds VALUES (1, ?)", (sound,))
        saved = time.perf_counter()
        row = self._connection.execute("SELECT sound FROM sounds WHERE name = 1").fetchone()
        loaded = time.perf_counter()
        _must_be(sound, None if row is None else row[0])
        self._connection.execute("DELETE FROM sounds")
        return saved - began, loaded - saved


class _Plain:
    def __init__(self, path: Path) -> None:
        self._path = path

    async def turn(self, sound: bytes) -> tuple[float, float]:
        began = time.perf_counter()
        write_durably(self._path, sound)
        saved = time.perf_counter()
        found = self._path.read_bytes()
        loaded = time.perf_counter()
        _must_be(sound, found)
        self._path.unlink()
        return saved - began, loaded - saved


def _must_be(sound: bytes, found: bytes | None) -> None:
    if found != sound:
        raise AssertionError("what was loaded is not what was saved")
