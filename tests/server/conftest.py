"""A fresh clinic for each test: its own folder, its own database file."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.server.given import Clinic, clinic_in


@pytest.fixture
async def clinic(quick_folder: Path) -> AsyncIterator[Clinic]:
    async with clinic_in(quick_folder / "data") as opened:
        yield opened
