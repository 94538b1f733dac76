"""`python -m peripherals.replay FILE`: a recorded trace through today's driver, as JSON lines.

For support and for regression tests. Exit code 1 where the driver now says something else than it
did then; what, is told on standard error.
"""

import argparse
import asyncio
import json
import sys
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from app.domain.cuff import CuffEvent, CuffState
from app.domain.failures import Failure
from app.domain.ids import VisitId
from app.domain.measurement import UCUM_UNIT, LiveValue, NoMeasurement, Quantity
from peripherals.catalogue import DRIVERS
from peripherals.drivers.decoded import number
from peripherals.monitor import InstrumentMonitor
from peripherals.replaying import ReplayPort, Trace, TraceClock, read_trace

LIMIT_S = 120.0
WRONG_INPUT = 2


@dataclass(frozen=True, slots=True)
class Replayed:
    events: list[CuffEvent]
    differences: list[str]


async def replayed(trace: Trace) -> Replayed:
    """Each start of the recording is for a visit of its own: 1, 2 ..."""
    clock = TraceClock(trace.begun)
    visits = 0

    async def wished(wish: str) -> None:
        nonlocal visits
        try:
            if wish == "start":
                visits += 1
                await monitor.start(VisitId(UUID(int=visits)))
            else:
                await monitor.stop()
        except Failure as failure:
            port.differences.append(f"{clock.monotonic():.3f} s: {wish}: {failure.code}")

    port = ReplayPort(trace, clock, wished)
    monitor = InstrumentMonitor(
        "trace",
        DRIVERS[trace.driver],
        clock=clock,
        make_port=lambda *_: port,
        is_port_there=lambda _: not port.is_over.is_set(),
    )
    async with asyncio.timeout(LIMIT_S):
        events = monitor.events()
        async with monitor:
            await port.is_over.wait()
        return Replayed([event async for event in events], port.differences)


def line_of(event: CuffEvent) -> str:
    told: dict[str, object]
    if isinstance(event, CuffState):
        told = {
            "kind": "state",
            "presence": str(event.status.presence),
            "reason": None if event.status.reason is None else str(event.status.reason),
            "is_running": event.is_running,
        }
    elif isinstance(event, LiveValue):
        told = {"kind": "live", "values": _values_of((event.quantity,))}
    elif isinstance(event, NoMeasurement):
        told = {"kind": "no-measurement", "reason": str(event.reason)}
    else:
        told = {
            "kind": "measurement",
            "values": _values_of(event.quantities),
            "is_for_a_visit": event.visit is not None,
            "device_time": None if event.device_time is None else event.device_time.isoformat(),
            "quality": sorted(str(flag) for flag in event.quality),
        }
    return json.dumps(told)


def _values_of(quantities: tuple[Quantity, ...]) -> dict[str, object]:
    return {q.kind: {"value": number(q.value), "unit": UCUM_UNIT[q.kind]} for q in quantities}


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m peripherals.replay", description=__doc__)
    parser.add_argument("file", type=Path, help="a trace that --trace-devices made")
    try:
        trace = read_trace(parser.parse_args().file)
        if trace.driver not in DRIVERS:
            raise ValueError("the trace is of a device that this version does not know")
    except ValueError as wrong:
        sys.stderr.write(f"{wrong}\n")
        return WRONG_INPUT
    done = asyncio.run(replayed(trace))
    sys.stdout.write("".join(line_of(event) + "\n" for event in done.events))
    sys.stderr.write("".join(f"{difference}\n" for difference in done.differences))
    return 1 if done.differences else 0


if __name__ == "__main__":
    sys.exit(main())
