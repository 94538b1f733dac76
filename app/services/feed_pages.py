"""The feed's pages: the next is asked for while one is read and written down, never two."""

from asyncio import Task
from dataclasses import dataclass

from app.domain.changes import FeedCursor, FeedPage
from app.domain.failures import Failure
from app.runtime.tasks import TaskOwner
from app.services.ports import ServerApi


@dataclass(slots=True)
class _Asked:
    """`following`: where the page behind it begins, as soon as the server said it."""

    at: FeedCursor
    page: Task[FeedPage | Failure] | None = None
    following: FeedCursor | None = None


class FeedPages:
    def __init__(self, server_api: ServerApi, tasks: TaskOwner) -> None:
        self._server_api = server_api
        self._tasks = tasks
        self._now: _Asked | None = None
        self._ahead: _Asked | None = None

    async def page_at(self, at: FeedCursor) -> FeedPage | Failure:
        """A failure is an answer, too: whoever asked decides what becomes of it."""
        if self._ahead is None or self._ahead.at != at:
            self.ask_ahead(at)
        self._now, self._ahead = self._ahead, None
        assert self._now is not None and self._now.page is not None
        if self._now.following is not None:
            self.ask_ahead(self._now.following)
        return await self._now.page

    def ask_ahead(self, at: FeedCursor) -> None:
        """What was asked for ahead otherwise is given up."""
        if self._ahead is None or self._ahead.at != at:
            _give_up(self._ahead)
            self._ahead = asked = _Asked(at)
            asked.page = self._tasks.start(self._answer_to(asked), "page")

    def close(self) -> None:
        _give_up(self._now)
        _give_up(self._ahead)

    async def _answer_to(self, asked: _Asked) -> FeedPage | Failure:
        def hear(following: FeedCursor) -> None:
            asked.following = following
            if asked is self._now and self._ahead is None:
                self.ask_ahead(following)

        try:
            return await self._server_api.feed(asked.at, hear)
        except Failure as no:
            return no


def _give_up(asked: _Asked | None) -> None:
    if asked is not None and asked.page is not None:
        asked.page.cancel()
