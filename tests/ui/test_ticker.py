"""The tick behind every age on the screen, as the program makes it: nobody else holds it."""

import gc
import time

import pytest
from PySide6.QtWidgets import QApplication

from app.runtime.tasks import TaskOwner
from ui.view_models.base import TICK_MS, Ticker, ViewModel


class Age(ViewModel[int]):
    """Another screen at each look."""

    looks = 0

    def compose(self) -> int:
        self.looks += 1
        return self.looks


@pytest.mark.usefixtures("application")
async def test_ages_go_on_although_nobody_holds_the_ticker() -> None:
    async with TaskOwner("ages") as tasks:
        age = Age(tasks, Ticker())
        gc.collect()
        before, ends_at = age.looks, time.monotonic() + 10 * TICK_MS / 1000
        while age.looks == before and time.monotonic() < ends_at:
            QApplication.processEvents()
        assert age.looks > before
