"""A demonstration that cannot fail proves nothing: each of twelve ways to break it must be seen."""

import random
import subprocess
import sys
from pathlib import Path

import pytest

from demo.desk import ROOT
from demo.sabotage import SABOTAGES

LIMIT_S = 240
DAILY = ("frozen-picture", "no-cut", "doubled-reading")


@pytest.mark.usefixtures("network")
@pytest.mark.parametrize("name", DAILY)
def test_the_demonstration_fails_when_broken(
    name: str, chance: random.Random, tmp_path: Path
) -> None:
    _must_fail(name, chance, tmp_path)


@pytest.mark.long
@pytest.mark.usefixtures("network")
@pytest.mark.parametrize("name", sorted(SABOTAGES))
def test_all_twelve(name: str, chance: random.Random, tmp_path: Path) -> None:
    _must_fail(name, chance, tmp_path)


@pytest.mark.long
@pytest.mark.usefixtures("network")
def test_the_demonstration_holds_when_nobody_breaks_it(
    chance: random.Random, tmp_path: Path
) -> None:
    """The second half: a run that fails at everything would notice every sabotage."""
    assert _run([], chance, tmp_path).returncode == 0


def _must_fail(name: str, chance: random.Random, out: Path) -> None:
    done = _run(["--sabotage", name], chance, out)
    assert done.returncode == 1, done.stdout[-2000:]
    noticed_by = SABOTAGES[name].noticed_by
    assert f"FAILED {noticed_by}:" in done.stdout, done.stdout[-2000:]
    # Steps before the sabotage held: it failed for this reason and no other.
    first = next(line for line in done.stdout.splitlines() if "FAILED" in line)
    assert f"FAILED {noticed_by}:" in first or SABOTAGES[name].at == "before-checks", first


def _run(options: list[str], chance: random.Random, out: Path) -> subprocess.CompletedProcess[str]:
    seed = str(chance.getrandbits(32))
    return subprocess.run(
        [
            *(sys.executable, "-m", "demo", "--fast", "--private", "--seed", seed),
            *("--out", str(out / "out"), *options),
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=LIMIT_S,
        check=False,
    )
