"""A recording crosses any number of links whole: same bytes, same hash, nothing kept too long."""

import hashlib
import json
import logging
import random
from collections.abc import Callable

import pytest

from app.domain.engine import ScopeDone, ScopeProof
from app.domain.failures import Code, Rejected, Unavailable
from app.domain.ids import RecordId, VisitId, new_id
from media.auscultation.lossless_channel import (
    RATE_BYTES_S,
    TICK_S,
    WAITING_MOST_BYTES,
    Line,
    LosslessChannel,
    ScopeEvent,
)
from media.auscultation.scope_words import (
    Ack,
    Away,
    Block,
    End,
    Gap,
    Proof,
    ScopeHeader,
    ScopeWord,
    Unknown,
    bytes_of,
    word_of,
)
from media.auscultation.wav import samples_of
from tests.noise import PACKETS

VISIT = VisitId(new_id())


class Bench:
    """Two channels and a line between them that can be cut, spoiled and made anew; time by hand."""

    def __init__(self, rate_hz: int = 4000) -> None:
        self.now = 0.0
        self.header = ScopeHeader(RecordId(new_id()), VISIT, "aortic", rate_hz, "synthetic")
        self.told: dict[str, list[ScopeEvent]] = {"cart": [], "clinician": []}
        self.cart = self.channel("cart")
        self.clinician = self.channel("clinician")
        self.to_clinician: list[bytes] = []
        self.to_cart: list[bytes] = []
        self.spoil: Callable[[bytes], bytes] = lambda data: data
        self.sent_bytes = 0

    def channel(self, side: str) -> LosslessChannel:
        return LosslessChannel(VISIT, self.told[side].append, lambda: self.now)

    def link_up(self) -> None:
        self.to_clinician.clear()
        self.to_cart.clear()
        self.cart.link_up(Line(self._from_cart, lambda: sum(map(len, self.to_clinician))))
        self.clinician.link_up(Line(self.from_clinician, lambda: 0))

    def link_down(self) -> None:
        self.cart.link_down()
        self.clinician.link_down()
        self.to_clinician.clear()
        self.to_cart.clear()

    def _from_cart(self, data: bytes) -> None:
        self.sent_bytes += len(data)
        self.to_clinician.append(data)

    def from_clinician(self, data: bytes) -> None:
        self.to_cart.append(data)

    def pass_time(self, seconds: float) -> None:
        for _ in range(max(1, round(seconds / TICK_S))):
            self.now += TICK_S
            self.cart.tick()
            self.clinician.tick()
            self.deliver()

    def deliver(self) -> None:
        there, self.to_clinician = self.to_clinician, []
        for data in there:
            self.clinician.heard(self.spoil(data))
        back, self.to_cart = self.to_cart, []
        for data in back:
            self.cart.heard(data)

    def done(self, side: str) -> ScopeDone:
        (done,) = [event for event in self.told[side] if isinstance(event, ScopeDone)]
        return done

    def proofs(self, side: str) -> list[ScopeProof]:
        return [event for event in self.told[side] if isinstance(event, ScopeProof)]

    def check(self, given: bytes) -> None:
        ours, theirs = self.done("cart"), self.done("clinician")
        assert samples_of(ours.wav) == (given, self.header.sample_rate_hz)
        assert ours.wav == theirs.wav
        assert ours.sha256 == theirs.sha256 == hashlib.sha256(ours.wav).hexdigest()
        assert (ours.is_ours, theirs.is_ours) == (True, False)
        assert theirs.is_complete
        assert (theirs.site, theirs.source, theirs.visit) == ("aortic", "synthetic", VISIT)
        for side in ("cart", "clinician"):
            (proof,) = self.proofs(side)
            assert proof.matches
            assert proof.far_sha256 == ours.sha256


def test_a_recording_arrives_while_it_is_made() -> None:
    bench = Bench()
    bench.link_up()
    bench.cart.start(bench.header)
    given = random.Random(1).randbytes(8000)
    bench.cart.record(bench.header.recording, given[:4000])
    bench.pass_time(0.5)
    (arriving,) = bench.clinician.arriving
    assert arriving.receiver.seconds == pytest.approx(0.48)  # the last block is not whole yet
    assert bench.clinician.is_line_up
    assert arriving.receiver.missing_blocks == 0
    assert 0 < arriving.receiver.level < 1
    bench.cart.record(bench.header.recording, given[4000:])
    bench.cart.finish(bench.header.recording, is_complete=True)
    bench.pass_time(0.5)
    bench.check(given)


@pytest.mark.parametrize("seed", range(30))
def test_links_come_and_go_and_the_bytes_are_the_same(seed: int) -> None:
    chance = random.Random(seed)
    bench = Bench(chance.choice([1000, 4000, 44_100, 48_000]))
    bench.cart.start(bench.header)
    given = b""
    is_up = False
    for _ in range(60):
        if chance.random() < 0.25:
            is_up = not is_up
            if is_up:
                bench.link_up()
            else:
                bench.link_down()
        block = chance.randbytes(2 * chance.randrange(0, bench.header.sample_rate_hz // 5))
        bench.cart.record(bench.header.recording, block)
        given += block
        bench.pass_time(0.1)
    bench.cart.finish(bench.header.recording, is_complete=True)
    bench.link_up()
    bench.pass_time(40)
    bench.check(given)


@pytest.mark.parametrize("seed", range(20))
def test_spoiled_blocks_are_refused_and_sent_again(
    seed: int, caplog: pytest.LogCaptureFixture
) -> None:
    chance = random.Random(seed)

    def spoil(data: bytes) -> bytes:
        if data[0] != 2 or chance.random() > 0.2:
            return data
        at = chance.randrange(1, len(data))
        return data[:at] + bytes([data[at] ^ 1 << chance.randrange(8)]) + data[at + 1 :]

    bench = Bench()
    bench.spoil = spoil
    bench.link_up()
    bench.cart.start(bench.header)
    given = chance.randbytes(4000 * 2 * 10)
    with caplog.at_level(logging.WARNING):
        for at in range(0, len(given), 800):
            bench.cart.record(bench.header.recording, given[at : at + 800])
            bench.pass_time(0.1)
        bench.cart.finish(bench.header.recording, is_complete=True)
        bench.pass_time(30)
    bench.check(given)
    assert bench.clinician.refused > 5
    assert any(str(Code.HASH_MISMATCH) in record.message for record in caplog.records)


def test_a_far_process_started_anew_gets_all_of_it_again() -> None:
    bench = Bench()
    bench.link_up()
    bench.cart.start(bench.header)
    given = random.Random(2).randbytes(16_000)
    bench.cart.record(bench.header.recording, given[:8000])
    bench.pass_time(1)
    bench.clinician = bench.channel("clinician")  # no memory of what had arrived
    bench.clinician.link_up(Line(bench.from_clinician, lambda: 0))
    bench.cart.record(bench.header.recording, given[8000:])
    bench.cart.finish(bench.header.recording, is_complete=True)
    bench.pass_time(3)
    bench.check(given)


def test_a_proof_that_was_lost_is_given_again() -> None:
    bench = Bench()
    bench.link_up()
    bench.cart.start(bench.header)
    given = bytes(4000)
    bench.cart.record(bench.header.recording, given)
    bench.cart.finish(bench.header.recording, is_complete=True)
    bench.now += 1
    bench.cart.tick()
    there, bench.to_clinician = bench.to_clinician, []
    for data in there:
        bench.clinician.heard(data)
    back, bench.to_cart = bench.to_cart, []
    for data in back:  # the header's answer
        bench.cart.heard(data)
    bench.now += 1
    bench.cart.tick()
    for data in bench.to_clinician:
        bench.clinician.heard(data)
    assert bench.done("clinician")
    bench.link_down()  # the proof was on its way
    assert not bench.proofs("cart")
    bench.link_up()
    bench.pass_time(1)
    bench.check(given)


def test_the_line_is_never_given_more_than_it_may_hold() -> None:
    bench = Bench(48_000)
    bench.cart.start(bench.header)
    bench.cart.record(bench.header.recording, bytes(48_000 * 2 * 20))
    bench.link_up()
    bench.now += TICK_S
    bench.cart.tick()
    bench.deliver()
    for _ in range(20):
        bench.now += TICK_S
        before = bench.sent_bytes
        bench.cart.tick()
        assert sum(map(len, bench.to_clinician)) <= WAITING_MOST_BYTES + 10_000
        assert bench.sent_bytes - before <= RATE_BYTES_S * TICK_S + 10_000


def test_a_line_that_breaks_while_sending_is_let_go() -> None:
    bench = Bench()

    def broken(data: bytes) -> None:
        raise Unavailable(Code.CALL_NOT_OPEN)

    bench.cart.link_up(Line(broken, lambda: 0))
    bench.cart.start(bench.header)
    given = bytes(8000)
    bench.cart.record(bench.header.recording, given)
    bench.pass_time(0.5)
    bench.cart.finish(bench.header.recording, is_complete=True)
    bench.link_up()
    bench.pass_time(1)
    bench.check(given)


def test_ten_minutes_are_all_that_is_recorded() -> None:
    bench = Bench(1000)
    bench.cart.start(bench.header)
    assert bench.cart.record(bench.header.recording, bytes(2 * 1000 * 599)) == b""
    assert len(bench.cart.record(bench.header.recording, bytes(2 * 1000 * 5))) == 2 * 1000 * 4
    bench.cart.finish(bench.header.recording, is_complete=False)
    assert bench.done("cart").samples == 600_000
    assert not bench.done("cart").is_complete


def test_hanging_up_keeps_what_was_recorded_as_cut_short() -> None:
    bench = Bench()
    bench.cart.start(bench.header)
    bench.cart.record(bench.header.recording, bytes(800))
    bench.cart.end()
    assert bench.done("cart").samples == 400
    assert not bench.done("cart").is_complete


def test_sound_of_another_visit_is_refused() -> None:
    bench = Bench()
    bench.link_up()
    other = ScopeHeader(RecordId(new_id()), VisitId(new_id()), "aortic", 4000, "")
    with pytest.raises(Rejected) as refused:
        bench.cart.start(other)
    assert refused.value.code is Code.MEASURED_FOR_ANOTHER_VISIT
    bench.clinician.heard(bytes_of(other))
    assert bench.clinician.refused == 1


def test_what_arrives_is_bounded() -> None:
    bench = Bench(1000)
    bench.link_up()
    bench.clinician.heard(bytes_of(bench.header))
    recording = bench.header.recording
    for number in range(1300):  # ten minutes and more, in blocks of one second
        bench.clinician.heard(bytes_of(Block(recording, number, bytes(1000))))
    assert bench.clinician.refused == 100
    bench.pass_time(0.2)
    assert bench.clinician.arriving[0].receiver.seconds == 600
    for _ in range(50):
        header = ScopeHeader(RecordId(new_id()), VISIT, "", 4000, "")
        bench.clinician.heard(bytes_of(header))
    assert len(bench.clinician.arriving) == 2


WORDS: list[ScopeWord] = [
    ScopeHeader(RecordId(new_id()), VISIT, "Erb’s point", 4000, "file"),
    Block(RecordId(new_id()), 7, b"\x01\x02" * 100),
    End(RecordId(new_id()), 8, 1234, bytes(32), True),
    Ack(RecordId(new_id()), 9, True),
    Proof(RecordId(new_id()), bytes(range(32))),
    Unknown(RecordId(new_id())),
    Gap(RecordId(new_id()), 4000 * 60, 2500),
    ScopeHeader(RecordId(new_id()), VISIT, "mitral", 4000, "", 160, RecordId(new_id())),
    Away(RecordId(new_id()), True),
]


def test_a_header_of_an_earlier_release_is_understood() -> None:
    recording = RecordId(new_id())
    fields = {"recording": str(recording), "visit": str(VISIT), "site": "mitral", "rate": 4000}
    header = word_of(b"\x01" + json.dumps({**fields, "source": "file"}).encode())
    assert header == ScopeHeader(recording, VISIT, "mitral", 4000, "file")


@pytest.mark.parametrize("word", WORDS, ids=lambda word: type(word).__name__)
def test_words_come_back_as_they_were(word: ScopeWord) -> None:
    assert word_of(bytes_of(word)) == word


@PACKETS
def test_noise_and_mutated_words_are_refused_never_a_crash(packets: int) -> None:
    chance = random.Random(20)
    bench = Bench()
    bench.link_up()
    bench.clinician.heard(bytes_of(bench.header))
    logging.getLogger("media.auscultation.lossless_channel").disabled = True
    try:
        for _ in range(packets):
            data = bytearray(bytes_of(chance.choice(WORDS)))
            for _ in range(chance.randrange(4)):
                data[chance.randrange(len(data))] = chance.randrange(256)
            if chance.random() < 0.3:
                data = data[: chance.randrange(len(data) + 1)]
            if chance.random() < 0.1:
                data = bytearray(chance.randbytes(chance.randrange(200)))
            bench.clinician.heard(bytes(data))
            bench.cart.heard(bytes(data))
            bench.to_cart.clear()
        bench.clinician.heard(b"\x02" + bytes(100_000))
        bench.clinician.heard(b"")
    finally:
        logging.getLogger("media.auscultation.lossless_channel").disabled = False
    assert bench.clinician.refused > 1000
    # Valid sound among the noise is still taken.
    bench.cart.start(bench.header)
    bench.link_up()
    bench.cart.record(bench.header.recording, bytes(4000))
    bench.cart.finish(bench.header.recording, is_complete=True)
    bench.pass_time(1)
    bench.check(bytes(4000))


@pytest.mark.parametrize(("rate_hz", "site"), [(0, ""), (-1, ""), (96_000, ""), (4000, "x" * 201)])
def test_a_header_beyond_measure_is_refused(rate_hz: int, site: str) -> None:
    with pytest.raises(Rejected):
        ScopeHeader(RecordId(new_id()), VISIT, site, rate_hz, "")


def test_a_far_recording_under_the_name_of_ours_is_refused() -> None:
    bench = Bench()
    bench.link_up()
    bench.cart.start(bench.header)
    bench.cart.record(bench.header.recording, b"\1\0" * 400)
    bench.cart.finish(bench.header.recording, is_complete=True)
    told = len(bench.told["cart"])
    sound = b"\2\0" * 10
    for word in (
        bench.header,
        Block(bench.header.recording, 0, sound),
        End(bench.header.recording, 1, 10, b"x" * 32, True),
    ):
        bench.cart.heard(bytes_of(word))
    assert bench.cart.refused == 1
    assert bench.told["cart"][told:] == []


def test_a_far_side_that_talks_nonsense_does_not_fill_the_log(
    caplog: pytest.LogCaptureFixture,
) -> None:
    bench = Bench()
    for _ in range(1000):
        bench.cart.heard(b"junk")
    assert bench.cart.refused == 1000
    assert len(caplog.records) == 10
