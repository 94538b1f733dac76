"""A socket that opens soon after the line is back, however long the line was dead."""

import asyncio
import socket
from collections.abc import Callable

import pytest

from app.remote import prompt_connection
from app.remote.prompt_connection import TRY_EVERY_S, Place, PromptConnection
from tests.fakes.virtual_time import run

PLACE: Place = (socket.AF_INET, ("192.0.2.1", 443))
LATENCY_S = 0.05


class Line:
    """Dead until `back_at_s`: what is sent before is lost, and asked again after 1, 3, 7 s."""

    def __init__(self, back_at_s: float) -> None:
        self.back_at_s = back_at_s
        self.open = self.most_open = 0
        self.made: list[socket.socket] = []

    async def connects(self, place: Place) -> socket.socket | OSError:
        now = asyncio.get_running_loop().time
        self.open += 1
        self.most_open = max(self.open, self.most_open)
        try:
            async with asyncio.timeout(prompt_connection.TRY_LIMIT_S):
                for again_s in (1.0, 2.0, 4.0):
                    if now() >= self.back_at_s:
                        await asyncio.sleep(LATENCY_S)
                        self.made.append(socket.socket())
                        return self.made[-1]
                    await asyncio.sleep(again_s)
                return OSError("given up")
        except TimeoutError as error:
            return error
        finally:
            self.open -= 1

    def close(self) -> None:
        for each in self.made:
            each.close()


def names(*answers: float | OSError) -> Callable[..., object]:
    """How long each question for the name takes, or how it ends."""
    left = list(answers)

    async def look_up(connection: PromptConnection, host: str, port: int) -> bool | OSError:
        answer = left.pop(0)
        if isinstance(answer, OSError):
            return answer
        await asyncio.sleep(answer)
        is_news = connection._known.get((host, port)) != [PLACE]
        connection._known[(host, port)] = [PLACE]
        return is_news

    return look_up


@pytest.mark.parametrize("back_at_s", [0.0, 0.3, 2.2, 6.9])
def test_half_a_second_and_a_round_trip_after_the_line_is_back_it_is_open(
    monkeypatch: pytest.MonkeyPatch, back_at_s: float
) -> None:
    line = Line(back_at_s)
    monkeypatch.setattr(prompt_connection, "_try", line.connects)
    monkeypatch.setattr(PromptConnection, "_look_up", names(0.0))

    async def story() -> float:
        reached = await PromptConnection().reach("clinic", 443)
        assert reached in line.made
        return asyncio.get_running_loop().time()

    assert run(story()) <= back_at_s + TRY_EVERY_S + LATENCY_S + 0.01
    assert line.open == 0
    assert line.most_open <= prompt_connection.TRY_LIMIT_S / TRY_EVERY_S + 1
    line.close()


def test_a_known_place_is_tried_while_its_name_is_looked_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    line = Line(0.0)
    monkeypatch.setattr(prompt_connection, "_try", line.connects)
    monkeypatch.setattr(PromptConnection, "_look_up", names(0.1, 10.0, OSError("no name")))

    async def story() -> list[float]:
        connection, took = PromptConnection(), []
        for _ in range(3):
            began = asyncio.get_running_loop().time()
            await connection.reach("clinic", 443)
            took.append(asyncio.get_running_loop().time() - began)
        return took

    assert run(story()) == pytest.approx([0.1 + LATENCY_S, LATENCY_S, LATENCY_S])
    line.close()


async def test_who_refuses_is_told_at_once() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # and does not listen
        with pytest.raises(ConnectionRefusedError):
            async with asyncio.timeout(2):
                await PromptConnection().reach("127.0.0.1", taken.getsockname()[1])


def test_a_name_that_leads_nowhere_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(PromptConnection, "_look_up", names(OSError("no name")))
    with pytest.raises(OSError, match="no name"):
        run(PromptConnection().reach("clinic", 443))
