"""How a process is killed between any two of its writes: a fuse that burns by one with each."""

from collections.abc import Callable


class ProcessDied(BaseException):
    """No handler of the product's may survive it, as none survives kill -9."""


class Fuse:
    """`on_death` is called once, when it has burnt down; after that every step raises."""

    def __init__(self, on_death: Callable[[], None]) -> None:
        self._on_death = on_death
        self._left: int | None = None
        self.is_dead = False

    def light(self, steps: int) -> None:
        self._left = steps

    def put_out(self) -> None:
        self._left = None

    def step(self) -> None:
        """Called before and after each statement: a write is then there, or is not."""
        if self.is_dead:
            raise ProcessDied
        if self._left is None:
            return
        self._left -= 1
        if self._left <= 0:
            self.die()
            raise ProcessDied

    def die(self) -> None:
        self.is_dead = True
        self._on_death()
