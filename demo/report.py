"""Tells the visit line by line with its times, keeps pictures of every step, counts what failed."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from demo.screen import Pixels, save_png
from demo.waiting import NotSo

GAP = 8  # columns between the two sides' pictures


class Report:
    """`look` gives both windows; without `out` no picture is kept."""

    def __init__(self, out: Path | None) -> None:
        self._out = out
        self._started = time.monotonic()
        self._number = 0
        self._name = ""
        self.look: Callable[[], list[Pixels]] | None = None
        self.failed: dict[str, str] = {}

    def say(self, words: str) -> None:
        print(f"{time.monotonic() - self._started:7.1f} s  {words}", flush=True)

    def fact(self, words: str) -> None:
        self.say(f"    {words}")

    @contextmanager
    def step(self, name: str, title: str) -> Iterator[None]:
        """`name` is what a failure is called; the pictures are kept either way."""
        self._number += 1
        self._name = name
        self.say(f"{self._number}. {title}")
        try:
            yield
        except NotSo as error:
            self.fail(name, str(error))
            raise
        finally:
            self.keep_pictures(name)

    def check(self, name: str, question: Callable[[], str]) -> None:
        """A check at the end does not stop the next one."""
        try:
            self.fact(f"{name}: {question()}")
        except NotSo as error:
            self.fail(name, str(error))

    def fail(self, name: str, reason: str) -> None:
        self.failed[name] = reason
        self.say(f"    FAILED {name}: {reason}")

    def keep_pictures(self, name: str) -> None:
        if self._out is None or self.look is None:
            return
        try:
            pictures = self.look()
        except NotSo as error:
            self.fact(f"no picture of this step: {error}")
            return
        save_png(side_by_side(pictures), self._out / f"{self._number:02}-{name}.png")


def side_by_side(pictures: list[Pixels]) -> Pixels:
    height = max(picture.shape[0] for picture in pictures)
    columns = []
    for picture in pictures:
        padded = np.zeros((height, picture.shape[1] + GAP, 3), np.uint8)
        padded[: picture.shape[0], : picture.shape[1]] = picture
        columns.append(padded)
    return np.hstack(columns)[:, :-GAP]


def empty_folder(path: Path) -> Path:
    """Only what an earlier run left is removed, nothing else."""
    path.mkdir(parents=True, exist_ok=True)
    for old in (*path.glob("[0-9][0-9]-*.png"), *path.glob("[0-9][0-9]-*.log")):
        old.unlink()
    return path
