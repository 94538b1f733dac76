"""What encryption costs: SQLCipher with a key beside the same library without one, in turn."""

import os
import random
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median

from sqlcipher3 import dbapi2 as sqlcipher

from bench.rows import Row, rounded, spread_of
from bench.sync.amount import Amount
from offline_store.connection import CACHE_KIB, Connection, connect

PEER = "the same SQLite without a key"
BODY = 800
AT_ONCE = 1000
NOTE = (
    "SQLCipher with a raw key, 4096-byte pages, WAL, synchronous=FULL, secure_delete, cache of"
    " 64 MiB; peer: the same library and settings without a key"
)


def rows(amount: Amount) -> Iterator[Row]:
    measures: list[tuple[str, str, Callable[[Connection, Amount], float]]] = [
        ("bulk insert, SQLCipher by plain SQLite", ">= 0.5", _bulk),
        ("cached reads, SQLCipher by plain SQLite", ">= 0.9", _reads),
        ("durable commits, SQLCipher by plain SQLite", ">= 0.9", _commits),
    ]
    found: dict[str, list[tuple[float, float]]] = {name: [] for name, _, _ in measures}
    for _ in range(amount.repetitions):
        with tempfile.TemporaryDirectory(prefix="bedside-bench-store-") as name:
            both = (
                connect(Path(name) / "ours.db", os.urandom(32), is_new=True),
                _plain(Path(name) / "plain.db"),
            )
            for connection in both:
                connection.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, body BLOB NOT NULL)")
            for measure, _, work in measures:
                ours, theirs = (work(connection, amount) for connection in both)
                found[measure].append((ours, theirs))
            for connection in both:
                connection.close()
    for measure, goal, _ in measures:
        ratios = [ours / theirs for ours, theirs in found[measure]]
        rates = ", ".join(f"{ours:.0f}/{theirs:.0f}" for ours, theirs in found[measure])
        note = f"{NOTE}; a second each: {rates}"
        yield Row(measure, "", rounded(median(ratios)), len(ratios), spread_of(ratios), note, goal)
    yield _opening(amount)


def _opening(amount: Amount) -> Row:
    """With the key at hand."""
    samples = []
    with tempfile.TemporaryDirectory(prefix="bedside-bench-store-") as name:
        path, key = Path(name) / "ours.db", os.urandom(32)
        made = connect(path, key, is_new=True)
        made.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, body BLOB NOT NULL)")
        _bulk(made, amount)
        made.close()
        for _ in range(20):
            began = time.perf_counter()
            opened = connect(path, key)
            samples.append(1000 * (time.perf_counter() - began))
            opened.close()
    value = rounded(median(samples))
    note = f"connect() to a file of {amount.store_rows} rows of {BODY} bytes"
    return Row(
        "open store with the key at hand",
        "ms",
        value,
        len(samples),
        spread_of(samples),
        note,
        "<= 50",
    )


def _plain(path: Path) -> Connection:
    connection: Connection = sqlcipher.connect(str(path), isolation_level=None)
    for pragma in ("journal_mode = WAL", "synchronous = FULL", "secure_delete = ON"):
        connection.execute(f"PRAGMA {pragma}")
    connection.execute(f"PRAGMA cache_size = -{CACHE_KIB}")
    return connection


def _bulk(connection: Connection, amount: Amount) -> float:
    bodies = [os.urandom(BODY) for _ in range(AT_ONCE)]
    began = time.perf_counter()
    for first in range(0, amount.store_rows, AT_ONCE):
        connection.execute("BEGIN IMMEDIATE")
        for number in range(AT_ONCE):
            values = (first + number, bodies[number])
            connection.execute("INSERT INTO t (id, body) VALUES (?, ?)", values)
        connection.execute("COMMIT")
    return amount.store_rows / (time.perf_counter() - began)


def _reads(connection: Connection, amount: Amount) -> float:
    dice = random.Random(1)
    connection.execute("SELECT sum(length(body)) FROM t").fetchone()  # all of it in the cache
    wanted = [dice.randrange(amount.store_rows) for _ in range(amount.store_reads)]
    began = time.perf_counter()
    for number in wanted:
        connection.execute("SELECT body FROM t WHERE id = ?", (number,)).fetchone()
    return amount.store_reads / (time.perf_counter() - began)


def _commits(connection: Connection, amount: Amount) -> float:
    bodies = [os.urandom(BODY) for _ in range(amount.store_commits)]  # never the same bytes twice
    began = time.perf_counter()
    for number, body in enumerate(bodies):
        connection.execute("UPDATE t SET body = ? WHERE id = ?", (body, number))
    return amount.store_commits / (time.perf_counter() - began)
