"""A short program of ours is heard to its end or ended, whenever its owner is called off."""

import asyncio
import gc
import os
import signal
import subprocess
import sys
import warnings
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from app.domain.failures import Code, Unavailable
from media.devices.program import MOST_SAID_BYTES, Program, all_said, end

LASTS = ("sleep", "60")
SPEAKS = ("echo", "heard")
TURNS_MOST = 7  # of the loop: by then it is begun, heard and waited for
AGAIN_TURNS = (0, 1, 3)


@pytest.mark.timeout(60)
@pytest.mark.parametrize("times", [0, 1, 3])  # 0: the end of the loop alone calls it off
@pytest.mark.parametrize("is_waited_for", [True, False])
def test_called_off_at_any_turn_nothing_of_it_is_left(times: int, is_waited_for: bool) -> None:
    for owner in (listen, ask):
        for turns in range(TURNS_MOST):
            for again in AGAIN_TURNS if times > 1 else (0,):
                with nothing_left(f"{owner.__name__}, turn {turns}, again after {again}"):
                    asyncio.run(called_off(owner, turns, times, again, is_waited_for))


def test_a_listener_that_is_dropped_takes_it_along() -> None:
    with nothing_left("dropped"):
        asyncio.run(drop_the_listener())


async def called_off(
    owner: Callable[[], Awaitable[None]], turns: int, times: int, again: int, is_waited_for: bool
) -> None:
    task = asyncio.ensure_future(owner())
    await pass_turns(turns)
    for _ in range(times):
        task.cancel()
        await pass_turns(again)
    if is_waited_for and times:
        await asyncio.wait([task])


async def pass_turns(count: int) -> None:
    for _ in range(count):
        await asyncio.sleep(0)


async def listen() -> None:
    async for _ in pieces(*LASTS):
        pass


async def ask() -> None:
    await all_said(Program(*LASTS), limit_s=30.0)


async def drop_the_listener() -> None:
    """As an `async for` that is left by an exception: nobody closes the generator."""
    async for piece in pieces(*SPEAKS):
        assert piece == b"h"
        return


async def pieces(*command: str) -> AsyncGenerator[bytes, None]:
    program = Program(*command, stderr=subprocess.PIPE)
    try:
        while True:
            yield await program.stdout.readexactly(1)
    finally:
        await end(program)


@contextmanager
def nothing_left(where: str) -> Iterator[None]:
    """No child, no descriptor, and nothing that the interpreter complains of when it clears up."""
    complaints: list[str] = []
    hook, before = sys.unraisablehook, (children(), open_descriptors())
    sys.unraisablehook = lambda seen: complaints.append(repr(seen.exc_value))
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            yield
            gc.collect()
    finally:
        sys.unraisablehook = hook
    assert not complaints, where
    assert (children(), open_descriptors()) == before, where


def children() -> set[str]:
    """Of ours, those that nobody asked how they ended among them."""
    return set(Path(f"/proc/self/task/{os.getpid()}/children").read_text("ascii").split())


def open_descriptors() -> int:
    return len(os.listdir("/proc/self/fd"))


async def test_what_it_said_is_whole_and_its_end_is_told() -> None:
    program = Program(sys.executable, "-c", "import sys; print('x' * 300_000); sys.exit(3)")
    assert len(await all_said(program, limit_s=30.0)) == 300_001
    assert program.returncode == 3


async def test_one_that_says_too_much_or_nothing_is_ended() -> None:
    for command, limit_s in (("yes",), 30.0), (LASTS, 0.05):
        program = Program(*command)
        with pytest.raises(Unavailable) as refused:
            await all_said(program, limit_s)
        assert refused.value.code is Code.NO_SOUND_DEVICE
        assert program.returncode == -signal.SIGKILL
    assert MOST_SAID_BYTES < 2_000_000


async def test_one_that_nobody_hears_is_held_back_and_goes_on() -> None:
    """What waits is bounded by the pipe and twice the limit; nothing is lost."""
    program = Program(sys.executable, "-c", "print('x' * 1_000_000, end='')", limit=1000)
    await asyncio.sleep(0.05)
    assert program.returncode is None
    for _ in range(1000):
        assert await program.stdout.readexactly(1000) == b"x" * 1000
    assert await program.stdout.read() == b""
    assert await program.ended() == 0
    await end(program)


async def test_one_that_does_not_exist_says_so_at_once() -> None:
    with pytest.raises(FileNotFoundError):
        Program("no-such-program-of-ours")
