"""Chromium's DevTools protocol over --remote-debugging-pipe: JSON, each message ended by a zero."""

import asyncio
import itertools
import json
import os
from collections.abc import Callable
from typing import Any

CALL_LIMIT_S = 60.0
READ_BYTES = 1 << 20

OnEvent = Callable[[str, dict[str, Any]], None]


class DebuggingPipe:
    """`from_child`, `to_child`: our ends. Raises OSError when the browser says no, or is gone."""

    def __init__(self, from_child: int, to_child: int, on_event: OnEvent) -> None:
        self._from_child, self._to_child = from_child, to_child
        self._on_event = on_event
        self._numbers = itertools.count(1)
        self._waiting: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self._heard = bytearray()
        self.session: str | None = None
        os.set_blocking(from_child, False)
        asyncio.get_running_loop().add_reader(from_child, self._read)

    def close(self) -> None:
        asyncio.get_running_loop().remove_reader(self._from_child)
        os.close(self._from_child)
        os.close(self._to_child)

    def send(self, method: str, **parameters: Any) -> "asyncio.Future[dict[str, Any]]":
        number = next(self._numbers)
        word = {"id": number, "method": method, "params": parameters}
        if self.session is not None:
            word["sessionId"] = self.session
        answer: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        self._waiting[number] = answer
        os.write(self._to_child, json.dumps(word).encode() + b"\0")
        return answer

    async def ask(self, method: str, **parameters: Any) -> dict[str, Any]:
        return await asyncio.wait_for(self.send(method, **parameters), CALL_LIMIT_S)

    async def run(self, script: str) -> Any:
        """The value of an expression of the page, waited for."""
        answer = await self.ask(
            "Runtime.evaluate",
            expression=script,
            awaitPromise=True,
            returnByValue=True,
            userGesture=True,
        )
        if "exceptionDetails" in answer:
            raise OSError(f"the page failed: {answer['exceptionDetails']}")
        return answer["result"].get("value")

    def _read(self) -> None:
        try:
            chunk = os.read(self._from_child, READ_BYTES)
        except BlockingIOError:
            return
        if not chunk:
            asyncio.get_running_loop().remove_reader(self._from_child)
            for answer in self._waiting.values():
                if not answer.done():
                    answer.set_exception(OSError("the browser is gone"))
            return
        self._heard += chunk
        while (end := self._heard.find(b"\0")) >= 0:
            word = json.loads(self._heard[:end])
            del self._heard[: end + 1]
            self._take(word)

    def _take(self, word: dict[str, Any]) -> None:
        if "id" not in word:
            self._on_event(word["method"], word["params"])
            return
        answer = self._waiting.pop(word["id"], None)
        if answer is None or answer.done():
            return
        if "error" in word:
            answer.set_exception(OSError(f"the browser refuses: {word['error']}"))
        else:
            answer.set_result(word["result"])
