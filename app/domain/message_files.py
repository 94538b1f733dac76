"""A picture or paper that goes with a message: what may go, under what name, and in what parts.

What a file is, its bytes say, never its name. It travels in parts that are encrypted each with its
own key and known by the SHA-256 of their bytes: what has arrived is never asked for again.
"""

import re
import unicodedata
from dataclasses import dataclass
from enum import StrEnum

from app.domain.changes import Json
from app.domain.failures import Code, Rejected

FILE_MAX_BYTES = 5 * 1024 * 1024
PART_BYTES = 128 * 1024  # half a minute on 64 kbit/s: what an outage costs at most
PARTS_MOST = FILE_MAX_BYTES // PART_BYTES
NAME_MOST = 80


class FileKind(StrEnum):
    PNG = "png"
    JPEG = "jpeg"
    PDF = "pdf"


ENDINGS = {
    FileKind.PNG: (".png",),
    FileKind.JPEG: (".jpg", ".jpeg"),
    FileKind.PDF: (".pdf",),
}


@dataclass(frozen=True, slots=True)
class FilePart:
    """`file_sha256` and `file_bytes` are of the encrypted part, which is what travels."""

    file_sha256: str
    file_key: str  # base64, 32 bytes; travels inside the record over TLS
    file_bytes: int


@dataclass(frozen=True, slots=True)
class MessageFile:
    """`sha256` and `size_bytes` are of the file as it was chosen."""

    name: str
    kind: FileKind
    size_bytes: int
    sha256: str
    parts: tuple[FilePart, ...]


def kind_of(data: bytes) -> FileKind:
    """By its first bytes and its last ones; Rejected when it is none of ours, or cut short."""
    if len(data) > FILE_MAX_BYTES:
        raise Rejected(Code.FILE_TOO_LARGE)
    if data.startswith(b"\x89PNG\r\n\x1a\n") and b"IEND" in data[-32:]:
        return FileKind.PNG
    if data.startswith(b"\xff\xd8\xff") and b"\xff\xd9" in data[-64:]:
        return FileKind.JPEG
    if data.startswith(b"%PDF-") and b"%%EOF" in data[-1024:]:
        return FileKind.PDF
    raise Rejected(Code.FILE_KIND_UNKNOWN)


def name_of(path: str, kind: FileKind) -> str:
    """Without its folder and without signs that are not seen; its ending says what it is."""
    last = re.split(r"[/\\]", path)[-1]
    shown = "".join(
        sign for sign in last if unicodedata.category(sign)[0] not in "CZ" or sign == " "
    )
    stem = shown.strip(" .")
    for ending in ENDINGS[kind]:
        if stem.lower().endswith(ending):
            stem = stem[: -len(ending)]
            break
    stem = stem.strip(" .")[:NAME_MOST] or "file"
    return stem + ENDINGS[kind][0]


def file_fields(file: MessageFile) -> dict[str, Json]:
    """What a message's document says of its file (contract: MessageFileBody)."""
    return {
        "name": file.name,
        "kind": str(file.kind),
        "size_bytes": file.size_bytes,
        "sha256": file.sha256,
    }


def part_fields(file: MessageFile) -> list[Json]:
    return [
        {
            "file_sha256": part.file_sha256,
            "file_key": part.file_key,
            "file_bytes": part.file_bytes,
        }
        for part in file.parts
    ]
