"""Who listens goes on listening: a full disk or a defect is told and ends no task for good."""

import asyncio
from typing import Any

from app.domain.engine import Measures
from app.domain.server_words import FeedMovedHeard
from tests.fakes.time_loop import settled, until
from tests.unit.services.given import DeskOnFakes


async def test_the_list_is_read_again_after_a_disk_that_was_full(cart: DeskOnFakes) -> None:
    contexts: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, what: contexts.append(what))
    cart.worklist.start()
    await until(lambda: cart.worklist.state.value.is_known)
    known = await cart.knows_visit()
    cart.store.worker.is_full = True
    cart.acts.revision.tell(cart.acts.revision.value + 1)
    await until(lambda: bool(contexts))
    cart.store.worker.is_full = False
    await until(lambda: [row.visit.id for row in cart.worklist.state.value.rows] == [known.visit])


async def test_a_defect_in_one_listener_does_not_deafen_the_desk(cart: DeskOnFakes) -> None:
    contexts: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, what: contexts.append(what))
    heard: list[object] = []

    def hear(word: object) -> None:
        heard.append(word)
        if len(heard) in (1, 3):
            raise ValueError

    cart.engine_room.on(Measures, hear)
    cart.switchboard.on(FeedMovedHeard, hear)
    cart.engine_room.start()
    cart.switchboard.start()
    for _ in range(2):
        cart.engine.tells(Measures())
        await settled()
    for position in (1, 2):
        cart.channel.hears(FeedMovedHeard(position))
        await settled()
    assert heard == [Measures(), Measures(), FeedMovedHeard(1), FeedMovedHeard(2)]
    assert len(contexts) == 2
