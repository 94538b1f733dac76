"""The head of a result file: which commit, which machine, and what else it had to do."""

import os
import platform
import re
import subprocess
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
GIT_LIMIT_S = 10.0
LOOK_S = 2.0


def head(load_before: dict[str, float]) -> dict[str, Any]:
    """Asked at the end; `load_before` is what `load` said before anything was started."""
    return {
        "commit": _git("rev-parse", "HEAD") or "unknown",
        # Results are no part of what is measured.
        "is_changed": bool(_git("status", "--porcelain", "--", ".", ":!bench/results")),
        "measured_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": machine(),
        # Below 0: what was started here went before the machine's other work (sched(7)).
        "nice": {"process": os.nice(0), "autogroup": _autogroup_nice()},
        "load": {"before": load_before, "after": load()},
    }


def last_change(paths: Sequence[str]) -> dict[str, Any]:
    """The newest commit that touched these, and whether they differ from it now."""
    return {
        "commit": _git("log", "-1", "--format=%H", "--", *paths) or "unknown",
        "is_changed": bool(_git("status", "--porcelain", "--", *paths)),
    }


def machine() -> dict[str, Any]:
    return {
        "processor": _found("/proc/cpuinfo", r"^model name\s*:\s*(.+)$") or platform.machine(),
        "cores": len(os.sched_getaffinity(0)),
        "memory_mib": int(_found("/proc/meminfo", r"^MemTotal:\s*(\d+)") or 0) // 1024,
        "system": _found("/etc/os-release", r'^PRETTY_NAME="?([^"\n]+)') or platform.system(),
        "kernel": platform.release(),
        "python": platform.python_version(),
    }


def load() -> dict[str, float]:
    """Load averages (which also count those that wait), and what the cores do right now."""
    one, five, fifteen = os.getloadavg()
    return {
        "1_min": round(one, 2),
        "5_min": round(five, 2),
        "15_min": round(fifteen, 2),
        "busy_share": round(busy_share(LOOK_S), 3),
        # Of the last minute, in which some program had to wait for a processor (PSI).
        "waited_share": round(
            float(_found("/proc/pressure/cpu", r"^some .*avg60=([\d.]+)") or 0) / 100, 3
        ),
        "million_additions_ms": round(million_additions_s() * 1000, 1),
    }


def million_additions_s() -> float:
    """By this Python on one core, the middle of five times: the same machine is three times as slow
    in some hours, while its cores say that they are idle.
    """
    return median(_million_additions_s() for _ in range(5))


def _million_additions_s() -> float:
    begun, total = time.perf_counter(), 0
    for number in range(1_000_000):
        total += number
    return time.perf_counter() - begun


def busy_share(seconds: float) -> float:
    """Of all cores, by whomever, stolen by other machines included."""
    before = _ticks()
    time.sleep(seconds)
    after = _ticks()
    passed, idle = after[0] - before[0], after[1] - before[1]
    return 0.0 if passed <= 0 else 1 - idle / passed


def _autogroup_nice() -> int | None:
    """Of all programs of our session together; None when the kernel does not group them."""
    found = _found("/proc/self/autogroup", r"nice (-?\d+)$")
    return None if found is None else int(found)


def _ticks() -> tuple[int, int]:
    """All ticks since the start, and the idle ones (fields of `cpu` in /proc/stat, proc(5))."""
    fields = [int(word) for word in Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:9]]
    return sum(fields), fields[3] + fields[4]


def _found(path: str, pattern: str) -> str | None:
    try:
        found = re.search(pattern, Path(path).read_text(encoding="utf-8"), re.MULTILINE)
    except OSError:
        return None
    return found[1].strip() if found else None


def _git(*words: str) -> str:
    try:
        done = subprocess.run(
            ["git", "-C", str(ROOT), *words],
            capture_output=True,
            text=True,
            timeout=GIT_LIMIT_S,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""
