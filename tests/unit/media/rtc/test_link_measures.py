"""What a link says of itself: computed from beats and counters that we make up here."""

from types import SimpleNamespace

import pytest

from app.domain.engine import Path
from app.domain.relays import Way
from media.audio.playout_buffer import PlayoutCount
from media.rtc.link_measures import LinkMeter, path_of


class Hand:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def stats(received: int, lost: int, received_bytes: int, sent_bytes: int = 0) -> dict[str, object]:
    inbound = {"type": "inbound-rtp", "packetsReceived": received, "packetsLost": lost}
    return {
        "picture": SimpleNamespace(
            type="inbound-rtp", kind="video", packetsReceived=0, packetsLost=0, jitter=90_000
        ),
        "voice": SimpleNamespace(**inbound, kind="audio", jitter=480),
        "line": SimpleNamespace(
            type="transport", bytesReceived=received_bytes, bytesSent=sent_bytes
        ),
        "ours": SimpleNamespace(type="outbound-rtp"),
        "far": SimpleNamespace(type="remote-inbound-rtp", kind="audio", fractionLost=64),
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


def test_what_we_send_is_told_too() -> None:
    clock = Hand()
    meter = LinkMeter(clock)
    meter.measures(stats(0, 0, 0, 10_000))
    clock.now += 2.0
    measured = meter.measures(stats(0, 0, 0, 110_000))
    assert measured.sent_kbit_s == pytest.approx(400)
    assert measured.sent_loss_percent == pytest.approx(25)
    assert measured.jitter_ms == pytest.approx(10)


def test_a_gap_in_the_picture_is_a_freeze() -> None:
    clock = Hand()
    meter = LinkMeter(clock)
    for gap_s in (0.0, 0.1, 0.19, 0.21, 0.1, 3.0):
        clock.now += gap_s
        meter.picture_came()
    assert meter.measures(stats(0, 0, 0)).freezes == 2
    assert meter.measures(stats(0, 0, 0)).freezes == 0


def test_what_was_guessed_of_the_far_voice_is_of_the_last_second() -> None:
    meter, count = LinkMeter(Hand()), PlayoutCount(heard=9000, guessed=1000, late=4)
    first = meter.measures(stats(0, 0, 0), count)
    assert first.concealed_share == pytest.approx(0.1)
    assert first.late_packets == 4
    count.heard += 100
    count.recovered += 200
    count.guessed += 100
    count.late += 1
    second = meter.measures(stats(0, 0, 0), count)
    assert second.concealed_share == pytest.approx(0.75)
    assert second.late_packets == 1
    silent = meter.measures(stats(0, 0, 0), count)
    assert (silent.concealed_share, silent.late_packets) == (None, 0)
    assert meter.measures(stats(0, 0, 0)).concealed_share is None


def test_the_path_is_direct_or_by_a_relay_whosever_it_is() -> None:
    assert {way for way in Way if path_of(way) is Path.DIRECT} == {Way.DIRECT}
    assert all(path_of(way) is Path.RELAY for way in Way if way is not Way.DIRECT)
    assert path_of(None) is None
