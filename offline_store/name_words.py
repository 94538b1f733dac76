"""Patients found by the beginnings of their names, or by their record number.

The only writer of that table. Folded alike when they are written and when they are asked for.
"""

import re
import unicodedata
from collections.abc import Mapping
from uuid import UUID

from app.domain.changes import RecordType
from app.domain.ids import RecordId
from offline_store.connection import Connection
from offline_store.documents import lookup_of

WORDS_MOST = 16  # of one patient, and of one question
LAST_SIGN = "\U0010ffff"  # sorts behind every word with the same beginning
WORD = re.compile(r"\w+")

ADD = "INSERT INTO name_words (word, record) VALUES (?, ?) ON CONFLICT DO NOTHING"
FOUND = """
SELECT DISTINCT first.record FROM name_words first
WHERE first.word >= ? AND first.word < ?
"""
AND_WORD = """
AND EXISTS (
  SELECT 1 FROM name_words further
  WHERE further.record = first.record AND further.word >= ? AND further.word < ?)
"""


def folded(text: str) -> list[str]:
    """Its words without case and accents: Müller is found by "mull", BD-1001 by "1001"."""
    bare = text.casefold()
    if not bare.isascii():
        plain = unicodedata.normalize("NFKD", bare)
        bare = "".join(sign for sign in plain if not unicodedata.combining(sign))
    return list(dict.fromkeys(WORD.findall(bare)))[:WORDS_MOST]


def fill(connection: Connection) -> None:
    """For the patients of a store of before there were such words."""
    rows = connection.execute("SELECT record, body FROM records WHERE record_type = 'patient'")
    NameWords(connection).add({record: _names_in(record, body) for record, body in rows.fetchall()})


def _names_in(record: str, body: bytes) -> str:
    """None of a patient's record that only a later release can read."""
    try:
        return lookup_of(RecordType.PATIENT, RecordId(UUID(record)), body).names
    except ValueError:
        return ""


class NameWords:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, names: Mapping[str, str]) -> None:
        """By record, of such as have none yet. In the table's order, so that each of its pages is
        written once.
        """
        rows = sorted((word, record) for record, text in names.items() for word in folded(text))
        self._connection.executemany(ADD, rows)

    def keep(self, record: str, names: str) -> None:
        """In place of those that the record had before, which mostly are the same."""
        rows = self._connection.execute("SELECT word FROM name_words WHERE record = ?", (record,))
        if {row[0] for row in rows} == set(folded(names)):
            return
        self.forget(record)
        self.add({record: names})

    def forget(self, record: str) -> None:
        self._connection.execute("DELETE FROM name_words WHERE record = ?", (record,))

    def found(self, question: str, limit: int) -> list[str]:
        """Records that have for each word of the question one that begins so."""
        words = folded(question)
        if not words:
            return []
        # The longest first: it leaves the fewest to look at.
        ordered = sorted(words, key=len, reverse=True)
        bounds = [bound for word in ordered for bound in (word, word + LAST_SIGN)]
        sql = FOUND + AND_WORD * (len(words) - 1) + "LIMIT ?"
        return [row[0] for row in self._connection.execute(sql, (*bounds, limit))]
