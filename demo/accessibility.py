"""A user at one screen: presses, writes and reads through the accessibility bus, nothing else.

The Python that has the bus's library is Debian's, not ours; it runs `atspi_driver.py` as a child.
"""

import json
import os
import select
import subprocess
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from demo.waiting import NotSo

DRIVER = Path(__file__).with_name("atspi_driver.py")
SYSTEM_PYTHON = "/usr/bin/python3"
ANSWER_LIMIT_S = 15.0  # on top of what an order itself may wait


@dataclass(frozen=True, slots=True)
class Shown:
    """A widget as a screen reader tells it; `box` is x, y, width, height on its display."""

    id: str
    name: str
    text: str
    description: str
    role: str
    states: frozenset[str]
    value: float | None
    box: tuple[int, int, int, int] | None

    @property
    def words(self) -> str:
        return "\n".join(part for part in (self.name, self.text, self.description) if part)

    @property
    def is_showing(self) -> bool:
        return "showing" in self.states

    @property
    def is_enabled(self) -> bool:
        return "enabled" in self.states


class User:
    """At the windows of the process `pid`; a restarted program gets its new one."""

    def __init__(self, name: str, environment: Mapping[str, str]) -> None:
        self._name = name
        self.pid = 0
        # Without a display: the library would ask a person's own for its bus.
        bare = {key: value for key, value in environment.items() if key != "DISPLAY"}
        self._driver = subprocess.Popen(
            [SYSTEM_PYTHON, "-I", str(DRIVER)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=bare,
        )

    def close(self) -> None:
        self._driver.kill()
        self._driver.communicate()

    def press(self, identity: str, limit_s: float = 5.0) -> None:
        """When it is there and enabled."""
        self._order("press", limit_s, id=identity)

    def write(self, identity: str, text: str, limit_s: float = 5.0) -> None:
        self._order("write", limit_s, id=identity, text=text)

    def choose(self, identity: str, name: str, limit_s: float = 5.0) -> None:
        self._order("choose", limit_s, id=identity, name=name)

    def read(self, identity: str) -> Shown:
        return _shown(self._order("read", 0.0, id=identity))

    def sees(
        self,
        identity: str,
        words: str | None = None,
        *,
        limit_s: float,
        without: str | None = None,
        state: str | None = None,
        look_s: float = 0.05,
    ) -> Shown:
        """Wait for the visible widget whose words match the pattern `words`."""
        wanted = {"id": identity, "look_s": look_s}
        wanted |= {} if words is None else {"words": words}
        wanted |= {} if without is None else {"without": without}
        wanted |= {} if state is None else {"state": state}
        return _shown(self._order("wait", limit_s, **wanted))

    def no_longer_sees(self, identity: str, limit_s: float) -> None:
        self._order("wait", limit_s, id=identity, gone=True)

    def rows(self, kind: str) -> list[Shown]:
        """The visible rows `kind.1`, `kind.2` and so on."""
        found = [_shown(row) for row in self._order("list", 0.0, start=f"{kind}.")["rows"]]
        return [row for row in found if row.is_showing and row.id[len(kind) + 1 :].isdigit()]

    def tree(self) -> list[Shown]:
        return [_shown(row) for row in self._order("tree", 0.0)["rows"]]

    def _order(self, order: str, limit_s: float, **more: Any) -> dict[str, Any]:
        line = json.dumps({"order": order, "pid": self.pid, "limit_s": limit_s, **more})
        assert self._driver.stdin is not None
        try:
            self._driver.stdin.write(line.encode() + b"\n")
            self._driver.stdin.flush()
        except BrokenPipeError:
            raise NotSo("the accessibility bus cannot be used: python3-pyatspi missing?") from None
        answer = json.loads(self._line(limit_s + ANSWER_LIMIT_S))
        if "not_so" in answer:
            asked = " ".join(f"{key}={value!r}" for key, value in more.items() if key != "text")
            raise NotSo(f"{self._name}: {order} {asked} in {limit_s:.0f} s: {answer['not_so']}")
        result: dict[str, Any] = answer["answer"]
        return result

    def _line(self, limit_s: float) -> bytes:
        assert self._driver.stdout is not None
        descriptor = self._driver.stdout.fileno()
        until = time.monotonic() + limit_s
        line = b""
        while not line.endswith(b"\n"):
            ready, _, _ = select.select([descriptor], [], [], max(0.0, until - time.monotonic()))
            part = os.read(descriptor, 1 << 16) if ready else b""
            if not part:
                raise NotSo(f"{self._name}: the accessibility bus does not answer")
            line += part
        return line


def _shown(answer: dict[str, Any]) -> Shown:
    return Shown(
        id=answer["id"],
        name=answer["name"],
        text=answer["text"],
        description=answer["description"],
        role=answer["role"],
        states=frozenset(answer["states"]),
        value=answer["value"],
        box=None if answer["box"] is None else tuple(answer["box"]),
    )
