"""What a description says of its certificates, as whoever connects will read it."""

from aiortc import sdp

from app.domain.fingerprints import (
    MOST_CHARACTERS,
    MOST_FINGERPRINTS,
    can_be_vouched_for,
    fingerprints_in,
)

ONE = "a=fingerprint:SHA-256 ab:cd"


def test_each_is_told_once_in_one_way_of_writing() -> None:
    text = (
        f"v=0\r\n{ONE}\r\nm=audio\r\na=fingerprint:sha-256  AB:CD \r\na=fingerprint:sha-384 01\r\n"
    )
    assert fingerprints_in(text) == ("sha-256 AB:CD", "sha-384 01")
    assert fingerprints_in("v=0\r\n a=fingerprint:sha-256 AB\r\n") == ()
    assert fingerprints_in(None) == fingerprints_in(7) == ()


def test_no_line_end_hides_one_from_us_that_aiortc_reads() -> None:
    for end in ("\n", "\r\n", "\r", "\x0b", "\x0c", "\x85", "\u2028"):
        text = f"v=0{end}m=audio 9 UDP/TLS/RTP/SAVPF 0{end}c=IN IP4 0.0.0.0{end}{ONE}{end}"
        text += f"a=setup:actpass{end}"
        [media] = sdp.SessionDescription.parse(text).media
        read = () if media.dtls is None else tuple(each.value for each in media.dtls.fingerprints)
        assert bool(read) is bool(fingerprints_in(text)), repr(end)


def test_a_flood_of_them_is_not_vouched_for() -> None:
    assert can_be_vouched_for(("x",) * MOST_FINGERPRINTS)
    assert not can_be_vouched_for(("x",) * (MOST_FINGERPRINTS + 1))
    assert not can_be_vouched_for(("x" * (MOST_CHARACTERS + 1),))
