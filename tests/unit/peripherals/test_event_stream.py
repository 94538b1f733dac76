"""A listener that is slow loses live values first, and never anything else in silence."""

from datetime import UTC, datetime
from decimal import Decimal
from uuid import UUID

import pytest

from app.domain.cuff import CuffEvent
from app.domain.failures import Code, Unavailable
from app.domain.ids import VisitId
from app.domain.measurement import LiveValue, NoMeasurement, Quantity, VitalKind
from peripherals.drivers.suntech.device import SUNTECH
from peripherals.event_stream import EventStream

AT = datetime(2026, 11, 21, tzinfo=UTC)
VISIT = VisitId(UUID(int=3))


def live(mmhg: int) -> LiveValue:
    return LiveValue(VISIT, Quantity(VitalKind.CUFF_PRESSURE_MMHG, Decimal(mmhg)), AT)


def nothing(reason: Code) -> NoMeasurement:
    return NoMeasurement(VISIT, reason, SUNTECH.identity("fake"), AT)


async def taken(stream: EventStream) -> list[CuffEvent]:
    return [event async for event in stream]


async def test_events_come_in_order_and_the_end_is_an_end() -> None:
    stream = EventStream()
    events: list[CuffEvent] = [live(1), nothing(Code.CUFF_LEAK), live(2)]
    for event in events:
        stream.put(event)
    stream.end()
    assert await taken(stream) == events


async def test_the_oldest_live_value_gives_way() -> None:
    stream = EventStream(waiting_events=3)
    heard: list[CuffEvent] = [live(1), nothing(Code.CUFF_LEAK), live(2)]
    for event in (*heard, nothing(Code.CUFF_STOPPED)):
        stream.put(event)
    stream.end()
    assert await taken(stream) == [nothing(Code.CUFF_LEAK), live(2), nothing(Code.CUFF_STOPPED)]


async def test_nothing_else_gives_way_in_silence() -> None:
    stream = EventStream(waiting_events=2)
    for _ in range(3):
        stream.put(nothing(Code.CUFF_LEAK))
    assert [await anext(stream), await anext(stream)] == [nothing(Code.CUFF_LEAK)] * 2
    with pytest.raises(Unavailable) as overrun:
        await anext(stream)
    assert overrun.value.code is Code.OVERRUN
