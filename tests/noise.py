"""How much noise a parser gets: some each day, a million packets in the long run."""

import pytest

MILLION = pytest.param(1_000_000, marks=[pytest.mark.long, pytest.mark.timeout(1800)])
PACKETS = pytest.mark.parametrize("packets", [20_000, MILLION])
# What is slow to read gets less each day.
DESCRIPTIONS = pytest.mark.parametrize("packets", [800, MILLION])
