"""What left, what came, and what the feedback between them says: wraps, loss, lost feedback."""

from media.quality.arrival_log import MOST_KEPT, ArrivalLog
from media.quality.sent_log import MOST_PACKETS, Outcome, SentLog
from media.quality.transport_feedback import TICK_S, Feedback, parse


def told(log: ArrivalLog) -> Feedback:
    [data] = log.take(1, 2)
    feedback = parse(data)
    assert feedback is not None
    return feedback


def test_each_packet_is_told_once_and_the_missing_too() -> None:
    log = ArrivalLog()
    assert log.take(1, 2) == []
    log.came(65534, 1.0)
    log.came(65535, 1.01)
    first = told(log)
    assert (first.first_number, len(first.arrivals)) == (65534, 2)
    assert log.take(1, 2) == []
    log.came(2, 1.05)  # 0 and 1 are missing, on the other side of the wrap
    second = told(log)
    assert second.first_number == 0
    assert second.arrivals[:2] == (None, None)
    assert second.count == first.count + 1


def test_one_that_comes_late_is_told_after_all() -> None:
    log = ArrivalLog()
    for number in (10, 12):
        log.came(number, 1.0)
    assert told(log).arrivals[1] is None
    log.came(11, 1.1)
    late = told(log)
    assert late.first_number == 11
    assert None not in late.arrivals


def test_a_silence_of_a_minute_is_told_in_several() -> None:
    log = ArrivalLog()
    log.came(1, 1.0)
    log.came(2, 61.0)
    feedbacks = log.take(1, 2)
    assert [parse(data).first_number for data in feedbacks] == [1, 2]  # type: ignore[union-attr]


def test_a_far_jump_begins_anew_and_nothing_grows_without_bound() -> None:
    log = ArrivalLog()
    log.came(5, 1.0)
    log.came(40_000, 1.1)
    assert told(log).first_number == 40_000
    for number in range(200_000):
        log.came(number & 0xFFFF, 2.0 + number / 1000)
    assert len(log._came) <= MOST_KEPT + 1
    log.take(1, 2)
    assert len(log._came) <= 1000


def test_what_left_is_answered_across_the_wraps() -> None:
    sent, came = SentLog(first_number=65_530), ArrivalLog()
    outcomes: list[Outcome] = []
    start_s = (1 << 24) * 0.064 - 1.0  # the reference time wraps after the first second
    for count in range(200):
        number = sent.left(100 + count, count / 100)
        if count % 10 != 3:
            came.came(number, start_s + count / 100 + 0.025)
        if count % 7 == 6:
            outcomes += sent.answered(told(came))
    outcomes += sent.answered(told(came))
    assert [each.wire_bytes for each in outcomes] == [100 + count for count in range(200)]
    assert sum(each.arrived_s is None for each in outcomes) == 20
    steps = [each.arrived_s - each.sent_s for each in outcomes if each.arrived_s is not None]
    assert max(steps) - min(steps) <= 2 * TICK_S
    assert not sent.is_anything_unanswered


def test_lost_feedback_is_not_lost_packets() -> None:
    sent, came = SentLog(), ArrivalLog()
    for _ in range(5):
        came.came(sent.left(100, 0.0), 1.0)
    came.take(1, 2)  # lost on its way
    came.came(sent.left(100, 0.1), 1.1)
    outcomes = sent.answered(told(came))
    assert [each.is_known for each in outcomes] == [False] * 5 + [True]


def test_missing_and_then_come_is_said_twice_and_no_more() -> None:
    sent, came = SentLog(), ArrivalLog()
    numbers = [sent.left(100, 0.0) for _ in range(3)]
    came.came(numbers[0], 1.0)
    came.came(numbers[2], 1.0)
    assert sum(each.arrived_s is None for each in sent.answered(told(came))) == 1
    came.came(numbers[1], 1.1)
    [late] = sent.answered(told(came))
    assert late.was_missing
    assert late.arrived_s is not None


def test_feedback_about_what_never_left_says_nothing() -> None:
    sent = SentLog()
    sent.left(100, 0.0)
    assert sent.answered(Feedback(2, 50, 0, 0, tuple(range(20)))) == []
    assert sent.is_anything_unanswered
    for _ in range(3 * MOST_PACKETS):
        sent.left(100, 0.0)
    assert len(sent._sent) == MOST_PACKETS
