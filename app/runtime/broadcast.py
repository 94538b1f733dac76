"""A service's latest state and those who listen to it. Only ever used on the loop's thread."""

from collections.abc import Callable
from typing import Generic, TypeVar

StateT = TypeVar("StateT")


class Broadcast(Generic[StateT]):
    """Holds one value; each listener is told the present one at once and every later one."""

    def __init__(self, first: StateT) -> None:
        self._value = first
        self._listeners: dict[int, Callable[[StateT], None]] = {}
        self._next_key = 0

    @property
    def value(self) -> StateT:
        return self._value

    def tell(self, value: StateT) -> None:
        """Equal values are not told twice."""
        if value == self._value:
            return
        self._value = value
        for key, listener in list(self._listeners.items()):
            if key in self._listeners:
                listener(value)
            if self._value is not value:
                return  # a listener told a newer one, and all have heard that

    def listen(self, listener: Callable[[StateT], None]) -> Callable[[], None]:
        """Start listening; the answer stops it."""
        key = self._next_key
        self._next_key += 1
        self._listeners[key] = listener
        listener(self._value)
        return lambda: self._forget(key)

    def _forget(self, key: int) -> None:
        self._listeners.pop(key, None)
