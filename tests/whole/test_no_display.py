"""The real program where there is no screen: one sentence of ours, and not a word of Qt's."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from demo.desk import ROOT
from ui.wording import text

pytestmark = pytest.mark.whole
LIMIT_S = 60
OF_A_SCREEN = ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM", "XDG_SESSION_TYPE")


@pytest.mark.parametrize("display", ["", ":64999"])
def test_without_a_screen_it_says_so_and_ends(tmp_path: Path, display: str) -> None:
    environment = {name: value for name, value in os.environ.items() if name not in OF_A_SCREEN}
    environment |= {"XDG_RUNTIME_DIR": str(tmp_path), "DISPLAY": display}
    profile = tmp_path / "profile"
    done = subprocess.run(
        [sys.executable, str(ROOT / "main.py"), "--profile", str(profile)],
        env=environment,
        capture_output=True,
        text=True,
        timeout=LIMIT_S,
    )
    assert done.returncode == 3
    assert done.stderr == text("start.no-display") + "\n"
    assert done.stdout == ""
    assert not profile.exists()  # nothing was begun
