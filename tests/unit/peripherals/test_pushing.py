"""Whose a result is when more than one was begun for visits that are over."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

from app.domain.device import DeviceIdentity, DeviceKind
from app.domain.failures import Code
from app.domain.ids import VisitId
from app.domain.measurement import Measurement, NoMeasurement
from peripherals.drivers.blood_pressure import BloodPressure, Failed
from peripherals.drivers.owed import MOST, Owed
from peripherals.drivers.pushing import LONGEST_S, PushedConversation
from peripherals.moment import Moment
from tests.unit.peripherals.instrument_cart import visit_of

FIRST, SECOND, THIRD = visit_of(1), visit_of(2), visit_of(3)
CUFF = DeviceIdentity(DeviceKind.BLOOD_PRESSURE_CUFF, "Some monitor", "1")


def at(seconds: float) -> Moment:
    return Moment(datetime(2026, 11, 29, 8, tzinfo=UTC) + timedelta(seconds=seconds), seconds)


def result(number: int) -> BloodPressure:
    return BloodPressure(Decimal(120 + number), Decimal(80), bytes([number]))


def whose(conversation: PushedConversation, number: int, seconds: float) -> VisitId | None:
    (measured,) = conversation.heard(result(number), at(seconds))
    assert isinstance(measured, Measurement)
    return measured.visit


def after_two_closed_windows() -> PushedConversation:
    conversation = PushedConversation(CUFF)
    conversation.start(FIRST, at(0))
    conversation.stop(at(2))
    conversation.start(SECOND, at(3))
    conversation.stop(at(9))
    conversation.start(THIRD, at(10))
    return conversation


def test_each_closed_window_may_bring_a_result_and_none_is_the_next_visit_s() -> None:
    """The line is slow: the first one's comes when the second's key was pressed already."""
    conversation = after_two_closed_windows()
    assert whose(conversation, 1, 16) is None
    assert whose(conversation, 2, 22) is None
    assert whose(conversation, 3, 40) == THIRD


def test_what_can_come_no_more_is_not_waited_for() -> None:
    conversation = after_two_closed_windows()
    assert whose(conversation, 1, 5 + LONGEST_S) is None  # the second's
    assert whose(conversation, 3, 12 + LONGEST_S) == THIRD


def test_a_failure_of_the_visit_before_is_not_told_as_this_one_s() -> None:
    conversation = PushedConversation(CUFF)
    conversation.start(FIRST, at(0))
    conversation.stop(at(2))
    conversation.start(SECOND, at(3))
    (said,) = conversation.heard(Failed(Code.CUFF_LEAK, "E5", b"e"), at(12))
    assert isinstance(said, NoMeasurement) and said.visit is None
    assert whose(conversation, 1, 40) == SECOND


def test_what_is_owed_has_a_bound() -> None:
    owed = Owed()
    for second in range(100):
        owed.add(1000.0 + second)
    assert [owed.takes(999.0) for _ in range(MOST + 1)] == [True] * MOST + [False]
