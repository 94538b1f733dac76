"""A program that starts the cuff on the port it is given, and is killed while it runs."""

import asyncio
import sys
from uuid import uuid4

from app.domain.cuff import CuffState
from app.domain.device import Presence
from app.domain.ids import VisitId
from app.domain.measurement import LiveValue
from peripherals.drivers.suntech.device import SUNTECH
from peripherals.monitor import InstrumentMonitor

INFLATED_MMHG = 60


async def run(port: str) -> None:
    async with InstrumentMonitor(port, SUNTECH) as cuff:
        async for event in cuff.events():
            if isinstance(event, CuffState) and not event.is_running:
                if event.status.presence is Presence.FOUND:
                    await cuff.start(VisitId(uuid4()))
            elif isinstance(event, LiveValue) and event.quantity.value > INFLATED_MMHG:
                print("inflated", flush=True)


if __name__ == "__main__":
    asyncio.run(run(sys.argv[1]))
