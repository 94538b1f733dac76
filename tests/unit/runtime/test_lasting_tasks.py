"""Tasks that listen for as long as their owner lives: a defect is told and ends none of them."""

import asyncio

import pytest

from app.runtime.tasks import TaskOwner


async def test_one_that_fails_is_told_and_begun_anew() -> None:
    seen: list[BaseException] = []
    begun: list[int] = []
    goes_on = asyncio.Event()

    async def listen() -> None:
        begun.append(len(begun))
        if len(begun) == 1:
            raise ValueError
        goes_on.set()
        await asyncio.Event().wait()

    async with TaskOwner("test", seen.append) as owner:
        owner.start_lasting(listen, "listen")
        async with asyncio.timeout(10):
            await goes_on.wait()
    assert [type(defect) for defect in seen] == [ValueError]
    assert begun == [0, 1]


async def test_one_that_ends_by_itself_is_not_begun_again() -> None:
    begun: list[int] = []

    async def listen() -> None:
        begun.append(1)

    async with TaskOwner("test") as owner:
        owner.start_lasting(listen, "listen")
        for _ in range(5):
            await asyncio.sleep(0)
    assert begun == [1]


async def test_one_that_always_fails_pauses_longer_and_longer(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pauses: list[float] = []
    rest = asyncio.sleep

    async def pause(seconds: float) -> None:
        pauses.append(seconds)
        await rest(0)

    monkeypatch.setattr("app.runtime.tasks.asyncio.sleep", pause)
    seen: list[BaseException] = []
    enough = asyncio.Event()

    async def listen() -> None:
        if len(pauses) >= 6:
            enough.set()
        raise ValueError

    async with TaskOwner("test", seen.append) as owner:
        owner.start_lasting(listen, "listen")
        async with asyncio.timeout(10):
            await enough.wait()
    assert pauses[:6] == [0.0, 0.2, 1.0, 5.0, 5.0, 5.0]
