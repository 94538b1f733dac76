"""Where real recordings lie on the machine this is made on; nobody else has them."""

from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


def shared_recordings() -> Path:
    """Skips, and says so, where there are none."""
    for folder in ROOT.parents:
        if (found := folder / "shared" / "data" / "recordings").is_dir():
            return found
    pytest.skip("the shared recordings are not here")
