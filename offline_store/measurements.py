"""Measurements that arrived here: those that wait for a person, and how the others are known again.

The only writer of that table. Of what was decided upon no value stays, only digests of it.
"""

import json
import logging
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

from app.domain.ids import RecordId, VisitId
from app.domain.measurement import Measurement
from app.domain.reading import measurement_fields, measurement_from
from app.domain.tray import (
    LIKE_WITHIN_S,
    WAITING,
    KnownBefore,
    Place,
    TrayItem,
    WhyAside,
    like_key,
    same_key,
)
from offline_store.connection import Connection
from offline_store.documents import microseconds, reading_of

log = logging.getLogger(__name__)

WAITING_MOST = 500  # a person who has that many to look through looks at none
KNOWN_MOST = 20_000  # of those that were decided upon

INSERT = """
INSERT INTO measurements (id, place, why, visit, at, same_key, like_key, is_like_another, body)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
"""
SAME = """
SELECT id, place FROM measurements WHERE same_key = ? AND place <> 'crowded-out'
ORDER BY number LIMIT 1
"""
# What a memory remembers undated was told undated when it was measured, if that was here.
FRESH = """
SELECT id, place FROM measurements
WHERE like_key = ? AND same_key IS NULL AND place <> 'crowded-out' ORDER BY number DESC LIMIT 1
"""
LIKE = """
SELECT 1 FROM measurements WHERE like_key = ? AND abs(at - ?) <= ?
"""
# Kept at another desk: the server told, and not that desk alone. Few readings name an instrument,
# fewer the same one.
KEPT_ELSEWHERE = """
SELECT record, body FROM shown
WHERE record_type = 'reading' AND CAST(body AS TEXT) ->> '$.device_time' IS NOT NULL
  AND CAST(body AS TEXT) ->> '$.device.serial_number' = ?
"""
WAITING_AT = """
SELECT id, why, visit, times, is_like_another, body FROM measurements
WHERE body IS NOT NULL AND place = ? ORDER BY number
"""
FIND = """
SELECT id, why, visit, times, is_like_another, body FROM measurements
WHERE body IS NOT NULL AND place = ? AND id = ?
"""
OLDEST = """
SELECT id FROM measurements WHERE body IS NOT NULL
ORDER BY why <> 'from-memory', number LIMIT 1
"""
COLUMNS = "id, place, why, visit, at, same_key, like_key, is_like_another, times, body"
ROW = f"SELECT {COLUMNS} FROM measurements WHERE id = ?"  # noqa: S608  # a constant
WAITING_ROWS = f"SELECT {COLUMNS} FROM measurements WHERE body IS NOT NULL ORDER BY number"  # noqa: S608
PUT_BACK = f"""
INSERT INTO measurements ({COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (id) DO UPDATE SET place = excluded.place, why = excluded.why, times = excluded.times,
 body = excluded.body
WHERE (place, times, body IS NULL) IS NOT (excluded.place, excluded.times, excluded.body IS NULL)
"""  # noqa: S608  # a constant
FORGET = """
DELETE FROM measurements WHERE body IS NULL AND number <=
 (SELECT number FROM measurements WHERE body IS NULL ORDER BY number DESC LIMIT 1 OFFSET ?)
"""


class Measurements:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self.touched: set[str] = set()  # what this transaction wrote: for the journal

    def known(self, measured: Measurement) -> KnownBefore | None:
        """The same measurement, told before; None for one that nothing tells from the next."""
        key = same_key(measured)
        if key is None:
            return None
        row = self._connection.execute(SAME, (key,)).fetchone()
        if row is None and measured.device_time is None:
            row = self._connection.execute(FRESH, (like_key(measured),)).fetchone()
        if row is not None:
            return KnownBefore(RecordId(UUID(row[0])), Place(row[1]))
        return self._kept_elsewhere(measured, key)

    def _kept_elsewhere(self, measured: Measurement, key: str) -> KnownBefore | None:
        serial = measured.device.serial_number
        if not serial or measured.device_time is None:
            return None
        for record, body in self._connection.execute(KEPT_ELSEWHERE, (serial,)).fetchall():
            try:
                reading = reading_of(UUID(record), body, 0, 0)
            except ValueError:  # of a later release
                continue
            if same_key(reading.measured) == key:
                return KnownBefore(reading.id, Place.KEPT)
        return None

    def told_again(self, record: RecordId) -> None:
        self._connection.execute(
            "UPDATE measurements SET times = times + 1 WHERE id = ?", (str(record),)
        )
        self.touched.add(str(record))

    def put(self, item: TrayItem, place: Place) -> TrayItem:
        """New here, or moved; the item as it lies there now."""
        self.touched.add(str(item.id))
        moved = self._connection.execute(
            "UPDATE measurements SET place = ?, why = ?, body = iif(?, body, NULL) WHERE id = ?",
            (place, item.why, place in WAITING, str(item.id)),
        )
        if moved.rowcount:
            return item
        measured, key = item.measured, like_key(item.measured)
        at = microseconds(measured.received_at)
        is_like = same_key(measured) is None and self._has_like(key, at)
        visit = None if measured.visit is None else str(measured.visit)
        body = json.dumps(measurement_fields(measured)).encode() if place in WAITING else None
        self._connection.execute(
            INSERT,
            (str(item.id), place, item.why, visit, at, same_key(measured), key, is_like, body),
        )
        self._connection.execute(FORGET, (KNOWN_MOST,))
        return replace(item, is_like_another=is_like)

    def _has_like(self, key: str, at: int) -> bool:
        within = timedelta(seconds=LIKE_WITHIN_S) // timedelta(microseconds=1)
        return self._connection.execute(LIKE, (key, at, within)).fetchone() is not None

    def waiting(self, place: Place) -> list[TrayItem]:
        """Oldest first."""
        rows = self._connection.execute(WAITING_AT, (place,))
        return [item for row in rows.fetchall() if (item := _item_of(*row)) is not None]

    def find(self, record: RecordId, place: Place) -> TrayItem | None:
        row = self._connection.execute(FIND, (place, str(record))).fetchone()
        return None if row is None else _item_of(*row)

    def crowded_out(self) -> RecordId | None:
        """What must give way so that one more may wait; what a device holds itself goes first."""
        row = self._connection.execute(
            "SELECT count(*) FROM measurements WHERE body IS NOT NULL"
        ).fetchone()
        if row is None or row[0] < WAITING_MOST:
            return None
        oldest = self._connection.execute(OLDEST).fetchone()
        assert oldest is not None
        self._connection.execute(
            "UPDATE measurements SET place = ?, body = NULL WHERE id = ?",
            (Place.CROWDED_OUT, oldest[0]),
        )
        self.touched.add(oldest[0])
        return RecordId(UUID(oldest[0]))

    def rows_of(self, records: set[str]) -> list[list[Any]]:
        """Whole rows: for the journal."""
        rows = (self._connection.execute(ROW, (record,)).fetchone() for record in sorted(records))
        return [_as_json(row) for row in rows if row is not None]

    def waiting_rows(self) -> list[list[Any]]:
        return [_as_json(row) for row in self._connection.execute(WAITING_ROWS)]

    def put_back(self, rows: list[list[Any]]) -> int:
        """As they lay last, by the journal. How many are new here, or lay elsewhere."""
        count = 0
        for *fields, body in rows:
            values = [*fields, None if body is None else body.encode()]
            count += self._connection.execute(PUT_BACK, values).rowcount
        return count


def _as_json(row: tuple[Any, ...]) -> list[Any]:
    *fields, body = row
    return [*fields, None if body is None else body.decode()]


def _item_of(
    record: str, why: str, visit: str | None, times: int, is_like: int, body: bytes
) -> TrayItem | None:
    fields: dict[str, Any] = json.loads(body)
    try:
        measured = measurement_from(fields)
        reason = WhyAside(why)
    except (KeyError, ValueError, TypeError):
        log.warning("measurement %s is of a later release and is not shown", record)
        return None
    stamp = None if visit is None else VisitId(UUID(visit))
    return TrayItem(
        RecordId(UUID(record)), replace(measured, visit=stamp), reason, times, bool(is_like)
    )
