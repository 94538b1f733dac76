"""What each process of a visit holds in memory, its share of shared pages counted once."""

import time

from bench.floor import Floor
from bench.rows import Row, percentile, rounded, spread_of
from demo.programs import resident_mib
from demo.waiting import NotSo

LOOK_EVERY_S = 1.0


def measure(floor: Floor) -> list[Row]:
    """In a running call."""
    looks: dict[str, list[float]] = {name: [] for name in processes(floor)}
    for _ in range(floor.amount.memory_looks):
        for name, pid in processes(floor).items():
            looks[name].append(resident_mib(pid))
        time.sleep(LOOK_EVERY_S)
    note = (
        "proportional set size (smaps_rollup) during the call, median of looks a second apart, "
        f"after {floor.amount.joins} joins in this visit"
    )
    return [
        Row(
            f"memory: {name}",
            "MiB",
            rounded(percentile(found, 50)),
            len(found),
            spread_of(found),
            note,
        )
        for name, found in looks.items()
    ]


def processes(floor: Floor) -> dict[str, int]:
    server = floor.stage.clinic.server
    if server is None or not server.is_running:
        raise NotSo("the server does not run")
    found = {}
    for side in floor.stage.sides:
        found[f"{side.name}, screen"] = side.pid
        found[f"{side.name}, media process"] = side.media_pid()
        found[f"{side.name}, camera process"] = side.camera_pid()
    found["server"] = server.pid
    return found
