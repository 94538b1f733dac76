"""An environment that holds only what one extra of pyproject.toml needs, made of links.

The distributions are those installed here; which of them belong is asked of their own metadata.
"""

import importlib.metadata
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parent.parent

# What is shipped of this tree: to a desk, and to where the server runs.
DESKTOP = ("main.py", "app", "ui", "media", "peripherals", "offline_store", "demo", "resources")
SERVER = ("app/__init__.py", "app/domain", "app/runtime", "app/contract", "server")


def requirements_of(extra: str) -> list[Requirement]:
    pyproject = tomllib.loads((ROOT / "pyproject.toml").read_text())
    return [Requirement(text) for text in pyproject["project"]["optional-dependencies"][extra]]


def closure_of(wanted: list[Requirement]) -> dict[str, importlib.metadata.Distribution]:
    """Everything that these need, by their canonical names."""
    found: dict[str, importlib.metadata.Distribution] = {}
    seen: set[tuple[str, frozenset[str]]] = set()
    waiting = [(requirement, "") for requirement in wanted]
    while waiting:
        requirement, for_extra = waiting.pop()
        if requirement.marker and not requirement.marker.evaluate({"extra": for_extra}):
            continue
        name, extras = canonicalize_name(requirement.name), frozenset(requirement.extras)
        if (name, extras) in seen:
            continue
        seen.add((name, extras))
        found[name] = importlib.metadata.distribution(name)
        for text in found[name].requires or []:
            waiting += [(Requirement(text), extra) for extra in ("", *extras)]
    return found


@dataclass(frozen=True, slots=True)
class Environment:
    """`packages` and `tree` are folders of links; nothing else is on the path."""

    packages: Path
    tree: Path

    def command(self, script: str, *arguments: str) -> list[str]:
        begin = f"import sys; sys.path[:0] = [{str(self.tree)!r}, {str(self.packages)!r}]\n"
        return [sys.executable, "-I", "-S", "-c", begin + script, *arguments]

    def run(self, script: str, *arguments: str, **options: object) -> str:
        """What it printed; AssertionError with what it complained of."""
        done = subprocess.run(
            self.command(script, *arguments),
            capture_output=True,
            text=True,
            timeout=60,
            cwd=self.tree,
            **options,  # type: ignore[call-overload]  # of subprocess.run
        )
        assert done.returncode == 0, done.stderr
        return str(done.stdout)


def make_environment(folder: Path, extra: str, shipped: tuple[str, ...]) -> Environment:
    environment = Environment(folder / "packages", folder / "tree")
    for distribution in closure_of(requirements_of(extra)).values():
        for source, place in _files_of(distribution):
            _link(source, environment.packages / place)
    for name in shipped:
        _link(ROOT / name, environment.tree / name)
    return environment


def _files_of(distribution: importlib.metadata.Distribution) -> Iterator[tuple[Path, str]]:
    """Not what lies beside the packages (scripts). What Python has compiled is not made anew."""
    for file in distribution.files or []:
        source, place = Path(str(distribution.locate_file(file))), str(file)
        if not place.startswith("..") and source.exists():
            yield source, place


def _link(source: Path, place: Path) -> None:
    place.parent.mkdir(parents=True, exist_ok=True)
    if not place.exists():
        place.symlink_to(source)
