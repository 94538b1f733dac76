"""SQLCipher against plain SQLite: the same library, set up alike, once with and once without a key.

Both in the same run, alternating; each ratio is of one round.
"""

import os
import random
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from sqlcipher3 import dbapi2 as library

from bench.rows import Row, percentile, rounded, spread_of
from bench.store.amount import Amount
from offline_store.connection import CACHE_KIB, connect

BODY_BYTES = 800
IN_TRANSACTION = 1000
PEER = "plain SQLite"
TABLE = "CREATE TABLE bodies (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, body BLOB)"

Measure = Callable[[Any, Amount], float]


def rows(amount: Amount, folder: Path) -> Iterator[Row]:
    key = os.urandom(32)
    ours, peer = _ours(folder / "ours.db", key), _peer(folder / "plain.db")
    try:
        yield _row("bulk insert", ">= 0.5", bulk, ours, peer, amount)
        yield _row("cached reads by index", ">= 0.9", reads, ours, peer, amount)
        yield _row("durable commits of one row", ">= 0.9", commits, ours, peer, amount)
    finally:
        ours.close()
        peer.close()


def _ours(path: Path, key: bytes) -> Any:
    """As the store itself opens a file."""
    connection: Any = connect(path, key, is_new=True)
    connection.execute(TABLE)
    return connection


def _peer(path: Path) -> Any:
    connection = library.connect(str(path), isolation_level=None)
    for pragma in (
        *("page_size = 4096", "journal_mode = WAL", "synchronous = FULL"),
        *("foreign_keys = ON", "trusted_schema = OFF", "secure_delete = ON"),
        *(f"cache_size = -{CACHE_KIB}", "wal_autocheckpoint = 1000"),
    ):
        connection.execute(f"PRAGMA {pragma}")
    connection.execute(TABLE)
    return connection


def _row(name: str, goal: str, measure: Measure, ours: Any, peer: Any, amount: Amount) -> Row:
    """The median of the rounds' ratios; who begins alternates."""
    ratios, absolute = [], []
    for number in range(amount.rounds):
        order = [("ours", ours), ("peer", peer)]
        found = {who: measure(one, amount) for who, one in (order[::-1] if number % 2 else order)}
        ratios.append(found["ours"] / found["peer"])
        absolute.append((found["ours"], found["peer"]))
    middle = sorted(absolute)[len(absolute) // 2]
    note = (
        f"SQLCipher over plain, median of {amount.rounds} rounds of which each does the same with "
        f"both; in the middle {middle[0]:,.0f} and {middle[1]:,.0f} a second; rows of {BODY_BYTES} "
        f"bytes, 4096-byte pages, WAL, synchronous FULL, secure_delete and a cache of 64 MiB on "
        f"both; SQLite {library.sqlite_version} of sqlcipher3 without a key"
    )
    return Row(
        f"SQLCipher against plain SQLite: {name}",
        "x",
        rounded(percentile(ratios, 50)),
        len(ratios),
        spread_of(ratios),
        note,
        goal,
        PEER,
        1.0,
    )


def bulk(connection: Any, amount: Amount) -> float:
    """Rows a second, a thousand in each transaction."""
    connection.execute("DELETE FROM bodies")
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    bodies = [
        (number, f"name {number * 7919 % 1_000_003:07}", os.urandom(BODY_BYTES))
        for number in range(amount.rows)
    ]
    began = time.perf_counter()
    for start in range(0, len(bodies), IN_TRANSACTION):
        connection.execute("BEGIN IMMEDIATE")
        connection.executemany(
            "INSERT INTO bodies (id, name, body) VALUES (?, ?, ?)",
            bodies[start : start + IN_TRANSACTION],
        )
        connection.execute("COMMIT")
    return amount.rows / (time.perf_counter() - began)


def reads(connection: Any, amount: Amount) -> float:
    """By the unique name, in no order; every page was read before."""
    connection.execute("SELECT sum(length(body)) FROM bodies").fetchone()
    names = [row[0] for row in connection.execute("SELECT name FROM bodies")]
    wanted = random.choices(names, k=amount.reads)
    began = time.perf_counter()
    for name in wanted:
        connection.execute("SELECT body FROM bodies WHERE name = ?", (name,)).fetchone()
    return amount.reads / (time.perf_counter() - began)


def commits(connection: Any, amount: Amount) -> float:
    """One changed row in each transaction; equal bytes would not be written at all."""
    began = time.perf_counter()
    for number in range(amount.commits):
        connection.execute("BEGIN IMMEDIATE")
        connection.execute(
            "UPDATE bodies SET body = ? WHERE id = ?",
            (os.urandom(BODY_BYTES), number * 37 % amount.rows),
        )
        connection.execute("COMMIT")
    return amount.commits / (time.perf_counter() - began)
