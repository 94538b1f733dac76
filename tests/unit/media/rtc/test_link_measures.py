"""What a link says of itself: computed from beats and counters that we make up here."""

from types import SimpleNamespace

import pytest

from media.rtc.link_measures import LinkMeter


class Hand:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def stats(received: int, lost: int, received_bytes: int) -> dict[str, object]:
    return {
        "voice": SimpleNamespace(type="inbound-rtp", packetsReceived=received, packetsLost=lost),
        "picture": SimpleNamespace(type="inbound-rtp", packetsReceived=0, packetsLost=0),
        "line": SimpleNamespace(type="transport", bytesReceived=received_bytes),
        "ours": SimpleNamespace(type="outbound-rtp"),
    }


def test_the_round_trip_is_the_echo_less_what_it_was_held() -> None:
    clock = Hand()
    here, there = LinkMeter(clock), LinkMeter(clock)
    beat = here.next_beat()
    assert (beat.number, beat.echo) == (1, None)
    clock.now += 0.040
    there.beat_came(beat)
    clock.now += 0.200  # until it is the far side's turn
    answer = there.next_beat()
    assert answer.echo == 1
    assert answer.held_ms == pytest.approx(200)
    clock.now += 0.060
    here.beat_came(answer)
    assert here.measures({}).round_trip_ms == pytest.approx(100)
    here.beat_came(answer)  # the same echo again says nothing new
    assert here.measures({}).round_trip_ms == pytest.approx(100)


def test_numbers_are_of_the_time_since_the_last_asking() -> None:
    clock = Hand()
    meter = LinkMeter(clock)
    meter.measures(stats(100, 0, 50_000))
    for _ in range(30):
        meter.picture_came()
    clock.now += 1.0
    measured = meter.measures(stats(190, 10, 175_000))
    assert measured.loss_percent == pytest.approx(10)
    assert measured.received_kbit_s == pytest.approx(1000)
    assert measured.frames_per_second == pytest.approx(30)
    assert measured.round_trip_ms is None
    assert measured.join_ms is None
    clock.now += 1.0
    silent = meter.measures(stats(190, 10, 175_000))
    assert silent.loss_percent is None
    assert (silent.received_kbit_s, silent.frames_per_second) == (0, 0)


def test_late_packets_never_make_a_negative_loss() -> None:
    meter = LinkMeter(Hand())
    meter.measures(stats(100, 10, 0))
    assert meter.measures(stats(120, 5, 0)).loss_percent == 0


def test_an_echo_nobody_sent_is_passed_over() -> None:
    clock = Hand()
    meter, other = LinkMeter(clock), LinkMeter(clock)
    other.beat_came(other.next_beat())
    meter.beat_came(other.next_beat())
    assert meter.measures({}).round_trip_ms is None
