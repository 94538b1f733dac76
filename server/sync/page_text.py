"""A page of the feed as the text that goes out.

A document stands in the database as the JSON that it is, and is told as it stands: to take each
apart and put it together again took a third of a page's time.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass

from app.contract.sync import FeedOut
from server.records import RecordRow

NO_RECORDS = '"records":[]'


@dataclass(frozen=True, slots=True)
class PageText:
    """`following`: where the next page begins, for its header; None at the feed's end."""

    body: bytes
    following: str | None


def page_text(page: FeedOut, records: Iterable[str]) -> PageText:
    """`page` has none of its records; they are texts of RecordOut."""
    before, _, after = page.model_dump_json().partition(NO_RECORDS)
    body = f'{before}"records":[{",".join(records)}]{after}'
    return PageText(body.encode(), page.following())


def record_text(row: RecordRow, document: str) -> str:
    """What RecordOut says of it; `document`: as it is delivered."""
    return (
        f'{{"record_type":{json.dumps(row.record_type)},"record":"{row.id}",'
        f'"version":{row.version},"position":{row.position},'
        f'"schema_version":{row.schema_version},"document":{document},'
        f'"patient":{_id(row.patient)},"visit":{_id(row.visit)}}}'
    )


def _id(text: str | None) -> str:
    return "null" if text is None else f'"{text}"'
