"""Each test runs on a loop whose waiting costs nothing, with a desk of either side."""

import asyncio
from collections.abc import AsyncIterator, Callable

import pytest

from app.domain.access import Role
from app.services import sign_in
from tests.fakes.time_loop import TimeLoop
from tests.unit.services.given import DeskOnFakes, desk_on_fakes


def pytest_asyncio_loop_factories() -> dict[str, Callable[[], asyncio.AbstractEventLoop]]:
    return {"no waiting": TimeLoop}


@pytest.fixture(autouse=True)
def cheap_passwords(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a password costs to try is no business of these tests."""
    monkeypatch.setattr(sign_in, "SCRYPT_N", 2**4)


@pytest.fixture
async def doctor() -> AsyncIterator[DeskOnFakes]:
    """The clinician's workstation, somebody signed in."""
    async with desk_on_fakes(Role.CLINICIAN) as services:
        services.as_person(Role.CLINICIAN)
        yield services


@pytest.fixture
async def cart() -> AsyncIterator[DeskOnFakes]:
    """The cart, somebody signed in."""
    async with desk_on_fakes(Role.PRESENTER) as services:
        services.as_person(Role.PRESENTER)
        yield services
