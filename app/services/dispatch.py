"""Hands each word to those who asked for its kind."""

from collections.abc import Callable
from typing import Any


class Dispatch:
    """Handlers are called on the loop, in the order in which they asked."""

    def __init__(self) -> None:
        self._handlers: dict[type[Any], list[Callable[[Any], None]]] = {}

    def on(self, kind: type[Any], handler: Callable[[Any], None]) -> None:
        self._handlers.setdefault(kind, []).append(handler)

    def hear(self, word: object) -> None:
        for handler in self._handlers.get(type(word), []):
            handler(word)
