"""A fresh clinic for each test: its own folder, its own database file."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.server.given import Clinic, clinic_in


@pytest.fixture
async def clinic(tmp_path: Path) -> AsyncIterator[Clinic]:
    async with clinic_in(tmp_path / "data") as opened:
        yield opened
