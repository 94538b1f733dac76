"""The messages of the scope channel: bytes in network order, one kind by its first byte.

All but the header name their recording by its 16 bytes. What cannot be read is Rejected.
"""

import json
import struct
import zlib
from dataclasses import dataclass
from uuid import UUID

from app.domain.failures import Code, Rejected
from app.domain.ids import RecordId, VisitId
from media.auscultation.wav import RATE_LEAST_HZ, RATE_MOST_HZ, SAMPLE_BYTES

BEGIN, BLOCK, END, ACK, PROOF, UNKNOWN, GAP, AWAY = 1, 2, 3, 4, 5, 6, 7, 8
MAX_MESSAGE_BYTES = 16 * 1024
MAX_HEADER_BYTES = 2 * 1024
MAX_TEXT = 200
_BLOCK = struct.Struct("!B16sII")
_END = struct.Struct("!B16sIQ32s?")
_ACK = struct.Struct("!B16sI?")
_PROOF = struct.Struct("!B16s32s")
_UNKNOWN = struct.Struct("!B16s")
_GAP = struct.Struct("!B16sQI")
_AWAY = struct.Struct("!B16s?")


@dataclass(frozen=True, slots=True)
class ScopeHeader:
    """Which recording this is; told first, and again on each new link.

    `block_samples` 0: of an earlier release, which sends nothing ahead.
    """

    recording: RecordId
    visit: VisitId
    site: str
    sample_rate_hz: int
    source: str
    block_samples: int = 0
    continues: RecordId | None = None  # it goes on where that one was full

    def __post_init__(self) -> None:
        if not RATE_LEAST_HZ <= self.sample_rate_hz <= RATE_MOST_HZ:
            raise Rejected(Code.OUT_OF_RANGE, "sample rate")
        if len(self.site) > MAX_TEXT or len(self.source) > MAX_TEXT:
            raise Rejected(Code.TOO_LARGE, "scope header")
        if not 0 <= self.block_samples <= self.sample_rate_hz:
            raise Rejected(Code.OUT_OF_RANGE, "block")


@dataclass(frozen=True, slots=True)
class Block:
    recording: RecordId
    number: int
    samples: bytes


@dataclass(frozen=True, slots=True)
class End:
    recording: RecordId
    blocks: int
    samples: int
    sha256: bytes
    is_complete: bool


@dataclass(frozen=True, slots=True)
class Ack:
    """Every block below `wanted` is here. `is_back`: send again from `wanted`."""

    recording: RecordId
    wanted: int
    is_back: bool


@dataclass(frozen=True, slots=True)
class Proof:
    """What the receiver computed over the WAV of what it received."""

    recording: RecordId
    sha256: bytes


@dataclass(frozen=True, slots=True)
class Unknown:
    """The receiver was started anew and does not know this recording: begin again."""

    recording: RecordId


@dataclass(frozen=True, slots=True)
class Gap:
    """The instrument was away here. An earlier release refuses it, and misses nothing else."""

    recording: RecordId
    at_sample: int
    missing_ms: int


@dataclass(frozen=True, slots=True)
class Away:
    """The instrument is away, or is there again; of an earlier release the same holds."""

    recording: RecordId
    is_away: bool


ScopeWord = ScopeHeader | Block | End | Ack | Proof | Unknown | Gap | Away


def bytes_of(word: ScopeWord) -> bytes:
    match word:
        case ScopeHeader():
            fields = {
                "recording": str(word.recording),
                "visit": str(word.visit),
                "site": word.site,
                "rate": word.sample_rate_hz,
                "source": word.source,
                "block": word.block_samples,
                "continues": None if word.continues is None else str(word.continues),
            }
            return bytes([BEGIN]) + json.dumps(fields, ensure_ascii=False).encode()
        case Block(recording, number, samples):
            body = _BLOCK.pack(BLOCK, recording.bytes, number, 0)[:-4] + samples
            return _BLOCK.pack(BLOCK, recording.bytes, number, zlib.crc32(body)) + samples
        case End(recording, blocks, samples_count, sha256, is_complete):
            return _END.pack(END, recording.bytes, blocks, samples_count, sha256, is_complete)
        case Ack(recording, wanted, is_back):
            return _ACK.pack(ACK, recording.bytes, wanted, is_back)
        case Proof(recording, sha256):
            return _PROOF.pack(PROOF, recording.bytes, sha256)
        case Unknown(recording):
            return _UNKNOWN.pack(UNKNOWN, recording.bytes)
        case Gap(recording, at_sample, missing_ms):
            return _GAP.pack(GAP, recording.bytes, at_sample, missing_ms)
        case Away(recording, is_away):
            return _AWAY.pack(AWAY, recording.bytes, is_away)


def word_of(data: bytes) -> ScopeWord:
    """Rejected with TOO_LARGE, MALFORMED or, for a block whose CRC does not fit, HASH_MISMATCH."""
    if len(data) > MAX_MESSAGE_BYTES:
        raise Rejected(Code.TOO_LARGE, "scope message")
    try:
        return _word_of(data)
    except (struct.error, ValueError, TypeError, LookupError, AttributeError) as error:
        raise Rejected(Code.MALFORMED, "scope message") from error


def _word_of(data: bytes) -> ScopeWord:
    match data[0]:
        case 1:
            return _header_of(data[1:])
        case 2:
            return _block_of(data)
        case 3:
            _, recording, blocks, samples, sha256, is_complete = _END.unpack(data)
            return End(_id(recording), blocks, samples, sha256, is_complete)
        case 4:
            _, recording, wanted, is_back = _ACK.unpack(data)
            return Ack(_id(recording), wanted, is_back)
        case 5:
            _, recording, sha256 = _PROOF.unpack(data)
            return Proof(_id(recording), sha256)
        case 6:
            return Unknown(_id(_UNKNOWN.unpack(data)[1]))
        case 7:
            _, recording, at_sample, missing_ms = _GAP.unpack(data)
            return Gap(_id(recording), at_sample, missing_ms)
        case 8:
            _, recording, is_away = _AWAY.unpack(data)
            return Away(_id(recording), is_away)
        case _:
            raise ValueError("kind")


def _header_of(data: bytes) -> ScopeHeader:
    if len(data) > MAX_HEADER_BYTES:
        raise Rejected(Code.TOO_LARGE, "scope header")
    fields = json.loads(data)
    rate, site, source = fields["rate"], fields["site"], fields["source"]
    block, continues = fields.get("block", 0), fields.get("continues")
    if type(rate) is not int or type(block) is not int:
        raise TypeError("scope header")
    if not isinstance(site, str) or not isinstance(source, str):
        raise TypeError("scope header")
    recording, visit = RecordId(UUID(fields["recording"])), VisitId(UUID(fields["visit"]))
    before = None if continues is None else RecordId(UUID(continues))
    return ScopeHeader(recording, visit, site, rate, source, block, before)


def _block_of(data: bytes) -> Block:
    _, recording, number, crc = _BLOCK.unpack_from(data)
    samples = data[_BLOCK.size :]
    if not samples or len(samples) % SAMPLE_BYTES:
        raise ValueError("whole samples")
    if zlib.crc32(data[: _BLOCK.size - 4] + samples) != crc:
        raise Rejected(Code.HASH_MISMATCH, "scope block")
    return Block(_id(recording), number, samples)


def _id(data: bytes) -> RecordId:
    return RecordId(UUID(bytes=data))
