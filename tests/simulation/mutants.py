"""The real code, broken on purpose in one place: a judge that does not see it is blind to it.

Each is a way in which sync was once built, by others or in a first draft of ours.
"""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from typing import Any
from unittest.mock import patch

from offline_store.asked_again import AskedAgain
from offline_store.counters import Counter, raise_to
from offline_store.departures import Departures
from offline_store.heard import HeardRecords
from offline_store.outbox import Outbox
from offline_store.records import Records
from server import records, scopes
from server.sync import cursors, judgement, store
from server.sync.cursors import Cursors
from tests.simulation.desk_end import DeskEnd

Mutant = Callable[[], AbstractContextManager[Any]]


def last_writer_wins() -> AbstractContextManager[Any]:
    """Whatever stands there, the newer change takes its place."""
    return patch.object(judgement, "stands_as_seen", lambda document, version, change: True)


def by_version_alone() -> AbstractContextManager[Any]:
    """No values seen before: a version is all that is compared."""
    return patch.object(
        judgement,
        "stands_as_seen",
        lambda document, version, change: version == change.base_version,
    )


@contextmanager
def no_idempotency() -> Iterator[None]:
    """Each arrival of a change is judged as if it were the first."""
    keep = store.keep_op

    def anew(*given: Any, is_known: bool) -> None:
        keep(*given, is_known=True)

    with (
        patch.object(judgement, "_known", lambda connection, change: None),
        patch.object(judgement, "keep_op", anew),
    ):
        yield


@contextmanager
def conflict_dropped() -> Iterator[None]:
    """Neither kept at the server, nor shown as refused where it was written."""
    mark = Outbox._mark

    def forget(self: Outbox, result: Any) -> None:
        mark(self, result)
        if result.code == "conflict":
            self._delete(result.change, kept_at=None)

    with (
        patch.object(judgement, "keeps_conflicts", lambda record_type: False),
        patch.object(Outbox, "_mark", forget),
    ):
        yield


@contextmanager
def outbox_in_memory() -> Iterator[None]:
    """What waits dies with its process."""
    start = DeskEnd.start

    async def forgetful(self: DeskEnd) -> None:
        await start(self)
        self._real.execute("DELETE FROM outbox WHERE refused IS NULL")

    with patch.object(DeskEnd, "start", forgetful):
        yield


def no_acked_shadow() -> AbstractContextManager[Any]:
    """The answer's record is not kept: what was sent is not shown until the feed brings it."""
    return patch.object(Outbox, "_keep_record", lambda self, record, **_: None)


def nothing_sent_again() -> AbstractContextManager[Any]:
    """What the server had once is believed to be there for ever."""
    return patch.object(AskedAgain, "all", lambda self, *, after: None)


def any_cursor_is_good() -> AbstractContextManager[Any]:
    """A position is a position, whatever history it is of."""
    return patch.multiple(
        Cursors,
        must_fit=lambda self, connection, text, device, position, scope: None,
        must_be_of_now=lambda self, connection, text, device: None,
        must_be_of_our_history=lambda self, connection, text, device: None,
    )


@contextmanager
def cursor_runs_ahead() -> Iterator[None]:
    """The cursor is moved before, and apart from, the records of its page."""

    apply = Records.apply

    def half(self: Records, page: Any) -> None:
        kept = page.records[: len(page.records) // 2]
        apply(self, replace(page, records=kept))
        raise_to(self._connection, Counter.FEED_POSITION, page.until)

    with patch.object(Records, "apply", half):
        yield


def nobody_is_told_who_left() -> AbstractContextManager[Any]:
    """A patient who leaves a scope is only not told of any more."""
    return patch.object(scopes, "keep_departure", lambda connection, departure: departure)


def nobody_is_told_who_came() -> AbstractContextManager[Any]:
    """A patient who comes into a scope is told of when something of theirs changes."""
    return patch.object(records, "tell_again", lambda connection, patient: None)


def any_scope_is_good() -> AbstractContextManager[Any]:
    """A cursor goes on, whoever is to be seen now."""
    return patch.object(cursors, "_must_be_under", lambda under, scope: None)


def a_load_lets_nobody_go() -> AbstractContextManager[Any]:
    """What a load under other scopes did not bring stays."""
    return patch.object(Departures, "end_load", lambda self: None)


def everybody_writes_about_everybody() -> AbstractContextManager[Any]:
    """Scopes are for reading alone."""
    return patch.object(judgement, "must_see", lambda connection, person, patient: None)


def what_was_told_stays() -> AbstractContextManager[Any]:
    """The server's copy comes, and the other desk's word stands beside it."""
    return patch.object(HeardRecords, "confirmed", lambda self, record_type, record: None)


def what_was_told_holds_who_leaves() -> AbstractContextManager[Any]:
    """A patient goes, and what another desk told of them does not."""
    return patch.object(HeardRecords, "patient_left", lambda self, patient: None)


MUTANTS: dict[str, Mutant] = {
    "outbox kept in memory": outbox_in_memory,
    "no idempotency": no_idempotency,
    "last writer wins": last_writer_wins,
    "conflict dropped": conflict_dropped,
    "by version alone": by_version_alone,
    "no acked shadow": no_acked_shadow,
    "nothing is sent again": nothing_sent_again,
    "any cursor is good": any_cursor_is_good,
    "cursor runs ahead of its page": cursor_runs_ahead,
    "nobody is told who left": nobody_is_told_who_left,
    "nobody is told who came": nobody_is_told_who_came,
    "any scope is good": any_scope_is_good,
    "a load lets nobody go": a_load_lets_nobody_go,
    "everybody writes about everybody": everybody_writes_about_everybody,
    "what was told stays beside the server's": what_was_told_stays,
    "what was told outlives who left": what_was_told_holds_who_leaves,
}
