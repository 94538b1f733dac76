"""Pages of the feed on their way: one ahead, as early as the server says where it begins."""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import cast

import pytest

from app.domain.changes import FeedCursor, FeedPage
from app.domain.failures import Code, Failure, Unavailable
from app.runtime.tasks import TaskOwner
from app.services.feed_pages import FeedPages
from app.services.ports import ServerApi
from tests.fakes.time_loop import settled


def at(position: int) -> FeedCursor:
    return FeedCursor(position, f"at {position}", None)


class Feed:
    """Answers when it is told to; a page at N leads to N + 1."""

    def __init__(self) -> None:
        self.asked: list[int] = []
        self._told: dict[int, Callable[[FeedCursor], None] | None] = {}
        self._answers: dict[int, asyncio.Future[FeedPage]] = {}

    async def feed(
        self, where: FeedCursor, on_following: Callable[[FeedCursor], None] | None = None
    ) -> FeedPage:
        self.asked.append(where.position)
        self._told[where.position] = on_following
        answer = asyncio.get_running_loop().create_future()
        self._answers[where.position] = answer
        return cast(FeedPage, await answer)

    async def leads_on(self, position: int, to: int | None = None) -> None:
        hear = self._told[position]
        assert hear is not None
        hear(at(position + 1 if to is None else to))
        await settled()

    async def answers(self, position: int, failure: Failure | None = None) -> None:
        answer = self._answers[position]
        if failure is None:
            answer.set_result(FeedPage(position, position + 1, (), has_more=True))
        else:
            answer.set_exception(failure)
        await settled()

    def is_given_up(self, position: int) -> bool:
        return self._answers[position].cancelled()


@pytest.fixture
def feed() -> Feed:
    return Feed()


@pytest.fixture
async def tasks() -> AsyncIterator[TaskOwner]:
    async with TaskOwner("test") as owner:
        yield owner


async def begun(
    tasks: TaskOwner, pages: FeedPages, position: int
) -> asyncio.Task[FeedPage | Failure]:
    asking = tasks.start(pages.page_at(at(position)), "asking")
    await settled()
    return asking


async def test_the_next_is_asked_for_before_the_page_is_read(feed: Feed, tasks: TaskOwner) -> None:
    pages = FeedPages(cast(ServerApi, feed), tasks)
    first = await begun(tasks, pages, 1)
    await feed.leads_on(1)
    assert feed.asked == [1, 2]
    await feed.leads_on(2)
    assert feed.asked == [1, 2]  # never two ahead
    await feed.answers(1)
    assert (await first) == FeedPage(1, 2, (), has_more=True)
    second = await begun(tasks, pages, 2)
    assert feed.asked == [1, 2, 3]  # where it begins was heard meanwhile
    await feed.answers(2)
    assert isinstance(await second, FeedPage)
    pages.close()
    await settled()
    assert feed.is_given_up(3)


async def test_a_server_that_says_nothing_ahead_is_asked_when_the_page_says_it(
    feed: Feed, tasks: TaskOwner
) -> None:
    pages = FeedPages(cast(ServerApi, feed), tasks)
    first = await begun(tasks, pages, 1)
    await feed.answers(1)
    await first
    pages.ask_ahead(at(2))
    pages.ask_ahead(at(2))
    await settled()
    assert feed.asked == [1, 2]
    pages.close()


async def test_a_page_that_leads_elsewhere_than_its_header_is_believed(
    feed: Feed, tasks: TaskOwner
) -> None:
    pages = FeedPages(cast(ServerApi, feed), tasks)
    first = await begun(tasks, pages, 1)
    await feed.leads_on(1, to=7)
    await feed.answers(1)
    await first
    second = await begun(tasks, pages, 2)
    assert feed.asked == [1, 7, 2]
    assert feed.is_given_up(7)
    await feed.answers(2)
    assert isinstance(await second, FeedPage)
    pages.close()


async def test_a_failure_is_an_answer_and_another_page_can_be_asked_for(
    feed: Feed, tasks: TaskOwner
) -> None:
    pages = FeedPages(cast(ServerApi, feed), tasks)
    first = await begun(tasks, pages, 1)
    await feed.leads_on(1)
    away = Unavailable(Code.SERVER_UNREACHABLE)
    await feed.answers(1, away)
    assert await first is away
    again = await begun(tasks, pages, 1)
    assert feed.asked == [1, 2, 1]
    assert feed.is_given_up(2)
    await feed.answers(1)
    assert isinstance(await again, FeedPage)
    pages.close()
