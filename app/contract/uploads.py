"""Uploads that go on where they stopped: the headers of tus 1.0.0 that both sides use.

An upload is of one device and named by the SHA-256 of the whole file; extensions creation,
checksum and expiration. Which files a server lacks is asked by list.
"""

import base64
import binascii
import hashlib
from collections.abc import Mapping
from typing import Annotated

from pydantic import Field

from app.contract.wire import Body, Sha256Hex

UPLOADS = "/v1/uploads"
TUS_VERSION = "1.0.0"
TUS_EXTENSIONS = "creation,checksum,expiration"
TUS_ALGORITHMS = ("sha256", "sha1")
PART_TYPE = "application/offset+octet-stream"
PART_MAX_BYTES = 4 * 1024 * 1024  # of one with a checksum: it is held until it is proven
LACKING_MAX_FILES = 500

VERSION_HEADER = "Tus-Resumable"
OFFSET_HEADER = "Upload-Offset"
LENGTH_HEADER = "Upload-Length"
METADATA_HEADER = "Upload-Metadata"
CHECKSUM_HEADER = "Upload-Checksum"
EXPIRES_HEADER = "Upload-Expires"


class LackingBody(Body):
    """POST /v1/lacking-files: asked about, and answered with those of them that are not there."""

    files: Annotated[list[Sha256Hex], Field(max_length=LACKING_MAX_FILES)]


def checksum_of(data: bytes | memoryview) -> str:
    """The value of Upload-Checksum for one part."""
    return "sha256 " + base64.b64encode(hashlib.sha256(data).digest()).decode()


def metadata_of(file_sha256: str) -> str:
    """The value of Upload-Metadata: the name is all that is told of a file."""
    return "sha256 " + base64.b64encode(file_sha256.encode()).decode()


def metadata_in(text: str) -> dict[str, str]:
    """Key and value of each pair; ValueError when it is none."""
    found: dict[str, str] = {}
    for pair in filter(None, (part.strip() for part in text.split(","))):
        name, _, value = pair.partition(" ")
        try:
            found[name] = base64.b64decode(value, validate=True).decode()
        except binascii.Error as error:
            raise ValueError(name) from error
    return found


def count_in(headers: Mapping[str, str], name: str) -> int:
    """A header that is a whole number; ValueError when it is missing or none."""
    text = headers.get(name, "")
    if not (text.isascii() and text.isdigit() and len(text) < 16):
        raise ValueError(name)
    return int(text)
