"""Each test runs on a loop whose waiting costs nothing."""

import asyncio
from collections.abc import Callable

from tests.fakes.time_loop import TimeLoop


def pytest_asyncio_loop_factories() -> dict[str, Callable[[], asyncio.AbstractEventLoop]]:
    return {"no waiting": TimeLoop}
