"""A record's changes laid over what is confirmed of it: what is shown, and what is not. Pure."""

import json
from collections.abc import Sequence
from typing import Any

from app.domain.changes import Json


def laid_over(
    document: dict[str, Json], rows: Sequence[tuple[int, bytes, str | None]], left_out: set[int]
) -> tuple[list[tuple[int, dict[str, Json]]], int | None]:
    """For each change its counter and the document with it; and the counter of the one to show.

    Of those left out none is, nor what was built upon them.
    """
    laid, shown, is_behind = [], None, False
    for counter, body, _ in rows:
        change = json.loads(body)
        with_it = {**document, **change["fields_set"]}
        laid.append((counter, with_it))
        if counter in left_out:
            is_behind = True
        elif not is_behind or is_made_upon(document, change):
            document, shown = with_it, counter
    return laid, shown


def is_made_upon(document: dict[str, Json], change: dict[str, Any]) -> bool:
    """Whether the author of a change saw these values."""
    previous = change["previous"]
    return all(document.get(name) == previous.get(name) for name in change["fields_set"])
