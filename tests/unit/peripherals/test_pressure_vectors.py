"""Every vector of the blood-pressure monitors, whole and however it is cut."""

import random
from collections.abc import Callable
from typing import Any

import pytest

from peripherals.drivers.abaton_un300c.codec import codec as abaton_un300c
from peripherals.drivers.ble_bp.codec import codec as ble_bp
from peripherals.drivers.ble_bp_bm85.codec import codec as ble_bp_bm85
from peripherals.drivers.bm58.codec import codec as bm58
from peripherals.drivers.contec08a.codec import codec as contec08a
from peripherals.drivers.driver import Codec
from peripherals.drivers.hbp9020.codec import codec as hbp9020
from peripherals.drivers.hbp9030.codec import codec as hbp9030
from peripherals.drivers.hem790it.codec import Hem790ItCodec
from peripherals.drivers.maibobo.codec import codec as maibobo
from peripherals.drivers.microlife.codec import codec as microlife
from peripherals.drivers.terumo_bp500.codec import codec as terumo_bp500
from peripherals.drivers.tm2655.codec import codec as tm2655
from peripherals.drivers.ua767pc.codec import Ua767PcCodec
from peripherals.drivers.visomat.codec import codec as visomat
from tests.unit.peripherals.pressure_vectors import ALL, NAMES, Vector, agrees, decoded, vectors_of

CODECS: dict[str, Callable[[], Codec]] = {
    "abaton_un300c": abaton_un300c,
    "ble_bp": ble_bp,
    "ble_bp_bm85": ble_bp_bm85,
    "bm58": bm58,
    "contec08a": contec08a,
    "hbp9020": hbp9020,
    "hbp9030": hbp9030,
    "hem790it": Hem790ItCodec,
    "maibobo": maibobo,
    "microlife": microlife,
    "terumo_bp500": terumo_bp500,
    "tm2655": tm2655,
    "ua767pc": Ua767PcCodec,
    "visomat": visomat,
}
FROM_DEVICE = [vector for vector in ALL if vector.is_from_device]
BUFFER_LIMIT_BYTES = 4096
NOISE_BYTES = 2**19


def heard(device: str, *pieces: bytes) -> list[Any]:
    """What comes out of pieces and the silence after the last of them."""
    codec = CODECS[device]()
    found = [frame for piece in pieces for frame in codec.feed(piece)]
    return [*found, *codec.idle()]


def cut(data: bytes, places: list[int]) -> list[bytes]:
    ends = zip([0, *places], [*places, len(data)], strict=True)
    return [data[start:end] for start, end in ends]


@pytest.mark.parametrize("vector", ALL, ids=str)
def test_a_vector_says_what_it_must(vector: Vector) -> None:
    said = decoded(vector)
    assert len(said) == len(vector.expected), said
    for event, expected in zip(said, vector.expected, strict=True):
        assert agrees(event, expected), f"{event} is not {expected}"


@pytest.mark.parametrize("vector", FROM_DEVICE, ids=str)
def test_every_cut_gives_the_same(vector: Vector) -> None:
    expected = heard(vector.device, vector.raw)
    for place in range(len(vector.raw) + 1):
        assert heard(vector.device, *cut(vector.raw, [place])) == expected
    assert heard(vector.device, *(bytes([byte]) for byte in vector.raw)) == expected


@pytest.mark.parametrize("device", NAMES)
def test_seeded_cuts_of_a_noisy_stream_give_the_same(device: str) -> None:
    noise = random.Random(31)
    raws = [vector.raw for vector in vectors_of(device) if vector.is_from_device]
    stream = b"".join(noise.choice((*raws, noise.randbytes(9))) for _ in range(60))
    expected = heard(device, stream)
    for _ in range(60):
        places = sorted(noise.sample(range(1, len(stream)), 20))
        assert heard(device, *cut(stream, places)) == expected


@pytest.mark.parametrize("device", NAMES)
def test_noise_raises_nothing_and_the_buffer_stays_small(device: str) -> None:
    noise = random.Random(2)
    codec = CODECS[device]()
    for _ in range(16):
        codec.feed(noise.randbytes(NOISE_BYTES // 16))
        assert codec.buffered_bytes <= BUFFER_LIMIT_BYTES
        codec.idle()
        assert codec.buffered_bytes == 0


@pytest.mark.parametrize("device", NAMES)
def test_a_stream_of_beginnings_raises_nothing_and_stays_small(device: str) -> None:
    """The worst for a buffer: each vector's first bytes again and again, never its end."""
    for vector in vectors_of(device):
        for begun in {1, 3, len(vector.raw) // 2, len(vector.raw) - 1}:
            codec = CODECS[device]()
            codec.feed(vector.raw[:begun] * 300)
            assert codec.buffered_bytes <= BUFFER_LIMIT_BYTES
            codec.idle()
            assert codec.buffered_bytes == 0


@pytest.mark.parametrize("device", NAMES)
def test_mutated_captures_raise_nothing(device: str) -> None:
    noise = random.Random(8)
    raws = [vector.raw for vector in vectors_of(device) if vector.is_from_device]
    capture = bytearray(b"".join(raws) * 40)
    for _ in range(len(capture) // 40):
        capture[noise.randrange(len(capture))] = noise.randrange(256)
    for part in cut(bytes(capture), list(range(97, len(capture), 97))):
        heard(device, part)
    heard(device, bytes(capture))
