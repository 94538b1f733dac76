"""The one seat for a screen: who may sit, who is fenced, and that noise disturbs nobody."""

import asyncio
import random
import socket
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from app.domain.engine import Levels, SignalMade
from app.domain.failures import Code, Rejected
from app.domain.ids import LinkId, new_id
from media import screen_seat
from media.link.local_channel import LocalChannel, Word
from media.link.local_socket import connect, new_listening_socket
from media.link.messages import (
    TOLD,
    VERSION,
    WISHES,
    Fenced,
    Greeted,
    Hello,
    Mute,
    Refused,
    Told,
    Wish,
)
from media.screen_seat import STRANGERS_MAX, ScreenSeat
from tests.unit.media.descriptors import open_descriptors
from tests.unit.media.waiting import until

SECRET = bytes(range(32))


class Desk:
    """A seat and what it told the call of."""

    def __init__(self) -> None:
        self.came = self.left = 0
        self.wishes: list[Wish] = []
        self.descriptors: list[int] = []
        self.seat = ScreenSeat(
            new_listening_socket(),
            SECRET,
            greeted=lambda generation: Greeted(VERSION, generation, None, None, False, False, True),
            on_came=self._came,
            on_left=self._left,
            on_wish=self._heard,
        )
        self.seat.open()

    def _came(self) -> None:
        self.came += 1

    def _left(self) -> None:
        self.left += 1

    def _heard(self, wish: Wish, descriptor: int | None) -> None:
        self.wishes.append(wish)
        if descriptor is not None:
            self.descriptors.append(descriptor)

    def screen(self) -> "Screen":
        return Screen(connect(self.seat._listener.path))


class Screen:
    def __init__(self, connected: socket.socket) -> None:
        self.raw = connected
        self.heard: list[Told] = []
        self.closed: list[Code | None] = []
        self.channel = LocalChannel(connected, on_word=self._heard, on_closed=self.closed.append)

    def _heard(self, word: Word, descriptors: list[int]) -> None:
        assert descriptors == []
        self.heard.append(TOLD.said(word))

    def hello(
        self, *, secret: bytes = SECRET, version: int = VERSION, resume: int | None = None
    ) -> None:
        self.channel.send(WISHES.word(Hello(version, secret.hex(), resume)))

    async def is_let_in(self) -> Greeted:
        await until(lambda: self.heard)
        first = self.heard[0]
        assert isinstance(first, Greeted)
        return first

    async def is_refused(self) -> Code:
        await until(lambda: self.closed)
        last = self.heard[-1]
        assert isinstance(last, Refused)
        return last.code


@pytest.fixture
async def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Desk]:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    desk = Desk()
    yield desk
    await desk.seat.close()
    await asyncio.sleep(0)


async def test_who_knows_the_secret_sits_and_is_heard(desk: Desk) -> None:
    screen = desk.screen()
    screen.hello()
    assert (await screen.is_let_in()).generation == 1
    screen.channel.send(WISHES.word(Mute(True)))
    await until(lambda: desk.wishes)
    assert desk.wishes == [Mute(True)]
    assert desk.seat.tell(Levels(0.5, 0.25))
    await until(lambda: len(screen.heard) == 2)
    screen.channel.close()
    await until(lambda: desk.left)
    assert not desk.seat.tell(Levels(0.5, 0.25))


@pytest.mark.parametrize("secret", [bytes(32), SECRET[:-1], b"", SECRET + b"x"])
async def test_a_wrong_secret_is_refused(desk: Desk, secret: bytes) -> None:
    screen = desk.screen()
    screen.hello(secret=secret)
    assert await screen.is_refused() is Code.NOT_ALLOWED
    assert desk.came == 0


async def test_another_version_is_refused(desk: Desk) -> None:
    screen = desk.screen()
    screen.hello(version=VERSION + 1)
    assert await screen.is_refused() is Code.MALFORMED
    assert desk.came == 0


async def test_a_second_screen_fences_the_first(desk: Desk) -> None:
    first, second = desk.screen(), desk.screen()
    first.hello()
    await first.is_let_in()
    second.hello()
    assert (await second.is_let_in()).generation == 2
    await until(lambda: first.closed)
    assert first.heard[-1] == Fenced(2)
    assert desk.left == 0  # the seat was never empty
    second.channel.send(WISHES.word(Mute(True)))
    await until(lambda: desk.wishes)
    second.channel.close()


async def test_a_fenced_screen_does_not_come_back(desk: Desk) -> None:
    first, second, first_again = desk.screen(), desk.screen(), desk.screen()
    first.hello()
    await first.is_let_in()
    second.hello()
    await second.is_let_in()
    first_again.hello(resume=1)
    assert await first_again.is_refused() is Code.FENCED
    assert not second.closed
    second.channel.close()


async def test_a_screen_that_lost_contact_takes_its_own_seat_again(desk: Desk) -> None:
    first = desk.screen()
    first.hello()
    await first.is_let_in()
    again = desk.screen()
    again.hello(resume=1)
    assert (await again.is_let_in()).generation == 2
    again.channel.close()


async def test_no_wish_is_heard_before_the_greeting(desk: Desk) -> None:
    screen = desk.screen()
    screen.channel.send(WISHES.word(Mute(True)))
    await until(lambda: screen.closed)
    assert (desk.wishes, desk.came) == ([], 0)


async def test_a_second_greeting_is_out_of_place(desk: Desk) -> None:
    screen = desk.screen()
    screen.hello()
    await screen.is_let_in()
    screen.hello()
    await until(lambda: desk.left)
    assert desk.came == 1


async def test_no_screen_hands_descriptors_over(desk: Desk) -> None:
    screen = desk.screen()
    screen.hello()
    await screen.is_let_in()
    before = open_descriptors()
    screen.channel.send(WISHES.word(Mute(True)), [screen.raw.fileno()])
    await until(lambda: desk.left)
    assert desk.wishes == []
    assert open_descriptors() <= before


async def test_who_says_nothing_is_not_waited_for(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(screen_seat, "GREETING_LIMIT_S", 0)
    silent = desk.screen()
    await until(lambda: silent.closed)
    assert desk.came == 0


async def test_a_crowd_of_strangers_keeps_no_screen_out_for_long(desk: Desk) -> None:
    crowd = [desk.screen() for _ in range(STRANGERS_MAX)]
    await until(lambda: len(desk.seat._strangers) == STRANGERS_MAX)
    late = desk.screen()
    await until(lambda: late.closed)
    crowd[0].channel.close()
    await until(lambda: len(desk.seat._strangers) == STRANGERS_MAX - 1)
    screen = desk.screen()
    screen.hello()
    await screen.is_let_in()
    for one in [*crowd, screen]:
        one.channel.close()


async def test_a_word_that_is_too_large_for_the_screen_costs_nobody_the_seat(desk: Desk) -> None:
    screen = desk.screen()
    screen.hello()
    await screen.is_let_in()
    desk.seat.tell(SignalMade(LinkId(new_id()), {"sdp": "x" * 70_000}))
    desk.seat.tell(Levels(1.0, 1.0))
    await until(lambda: len(screen.heard) == 2)
    assert screen.heard[1] == Levels(1.0, 1.0)
    screen.channel.close()


async def test_noise_on_the_socket_disturbs_nobody_who_sits(desk: Desk) -> None:
    chance = random.Random(5)
    screen = desk.screen()
    screen.hello()
    await screen.is_let_in()
    defects: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: defects.append(context))
    for _ in range(300):
        stranger = connect(desk.seat._listener.path)
        try:
            stranger.sendall(chance.randbytes(chance.randrange(1, 200)))
        except OSError:
            pass  # shown the door before it had said all
        await asyncio.sleep(0)
        stranger.close()
    await until(lambda: not desk.seat._strangers)
    assert (desk.came, desk.left, defects) == (1, 0, [])
    assert desk.seat.tell(Levels(0.5, 0.5))
    await until(lambda: screen.heard[-1] == Levels(0.5, 0.5))
    screen.channel.close()


async def test_a_wish_that_a_rule_forbids_empties_the_seat(desk: Desk) -> None:
    def refuse(_: Wish, descriptor: int | None) -> None:
        raise Rejected(Code.NOT_ALLOWED)

    desk.seat._on_wish = refuse
    screen = desk.screen()
    screen.hello()
    await screen.is_let_in()
    screen.channel.send(WISHES.word(Mute(True)))
    await until(lambda: desk.left)
