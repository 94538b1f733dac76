"""Patients found by the beginnings of their names, or by their record number.

The only writer of that table. Folded alike when they are written and when they are asked for.
"""

import re
import unicodedata
from uuid import UUID

from offline_store.connection import Connection
from offline_store.documents import patient_of

WORDS_MOST = 16  # of one patient, and of one question
LAST_SIGN = "\U0010ffff"  # sorts behind every word with the same beginning
WORD = re.compile(r"\w+")

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
    plain = unicodedata.normalize("NFKD", text.casefold())
    bare = "".join(sign for sign in plain if not unicodedata.combining(sign))
    return list(dict.fromkeys(WORD.findall(bare)))[:WORDS_MOST]


def words_of(record: str, body: bytes) -> list[str]:
    """Of a patient's record; none of one that only a later release can read."""
    try:
        patient = patient_of(UUID(record), body)
    except ValueError:
        return []
    return folded(f"{patient.family_name} {patient.given_name} {patient.record_number}")


def fill(connection: Connection) -> None:
    """For the patients of a store of before there were such words."""
    rows = connection.execute("SELECT record, body FROM records WHERE record_type = 'patient'")
    names = NameWords(connection)
    for record, body in rows.fetchall():
        names.keep(record, body)


class NameWords:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def keep(self, record: str, body: bytes) -> None:
        """In place of those that the record had before, which mostly are the same."""
        words = words_of(record, body)
        rows = self._connection.execute("SELECT word FROM name_words WHERE record = ?", (record,))
        if {row[0] for row in rows} == set(words):
            return
        self.forget(record)
        for word in words:
            self._connection.execute(
                "INSERT INTO name_words (word, record) VALUES (?, ?)", (word, record)
            )

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
