"""Secure messages between the two sides of a visit, and what the other side says of each.

A message is *sent* when the server or the far desk has it, *delivered* when it is stored at the far
desk, *read* when it stood on an attended, unlocked screen there. Nothing here says more than that.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import uuid5

from app.domain.changes import Json
from app.domain.ids import DeviceId, PatientId, PersonId, RecordId, VisitId
from app.domain.message_files import MessageFile, file_fields, part_fields

MESSAGE_MAX_CHARACTERS = 4_000
TURN_MOST = 10**9


class ReceiptKind(StrEnum):
    DELIVERED = "delivered"
    READ = "read"


@dataclass(frozen=True, slots=True)
class Receipt:
    """What one desk says of one message of somebody else's; made once, never changed."""

    message: RecordId
    kind: ReceiptKind
    by: PersonId
    at: datetime


@dataclass(frozen=True, slots=True)
class Message:
    """`turn` counts what its author had been shown of the talk; None: of an earlier release."""

    id: RecordId
    visit: VisitId
    patient: PatientId
    text: str
    author: PersonId
    author_name: str
    written_at: datetime
    is_pending: bool = True
    turn: int | None = None
    receipts: tuple[Receipt, ...] = ()
    file: MessageFile | None = None

    def receipt_of(self, kind: ReceiptKind) -> Receipt | None:
        """The earliest of this kind by anybody but the author."""
        found = [one for one in self.receipts if one.kind is kind and one.by != self.author]
        return min(found, key=lambda one: one.at, default=None)

    def is_read_by(self, person: PersonId) -> bool:
        return any(one.kind is ReceiptKind.READ and one.by == person for one in self.receipts)


def receipt_id(receipt: Receipt, device: DeviceId) -> RecordId:
    """The same one whenever this person's desk says it: said twice it is still one."""
    return RecordId(uuid5(receipt.message, f"{receipt.kind} {receipt.by} {device}"))


def message_fields(message: Message) -> dict[str, Json]:
    """The message's document as it is kept and sent (contract: MessageBody)."""
    fields: dict[str, Json] = {
        "visit": str(message.visit),
        "patient": str(message.patient),
        "text": message.text,
        "author": str(message.author),
        "author_name": message.author_name,
        "written_at": message.written_at.isoformat(),
        "turn": message.turn,
    }
    if message.file is not None:
        fields |= {"file": file_fields(message.file), "file_parts": part_fields(message.file)}
    return fields


def receipt_fields(
    receipt: Receipt, visit: VisitId, patient: PatientId, by_name: str
) -> dict[str, Json]:
    """The receipt's document as it is kept and sent (contract: ReceiptBody)."""
    return {
        "visit": str(visit),
        "patient": str(patient),
        "message": str(receipt.message),
        "kind": str(receipt.kind),
        "by": str(receipt.by),
        "by_name": by_name,
        "at": receipt.at.isoformat(),
    }


def next_turn(messages: Iterable[Message]) -> int:
    """Of a message whose author has been shown these: behind each of them, by no clock."""
    highest = max((message.turn or 0 for message in messages), default=0)
    return min(highest + 1, TURN_MOST)


def as_told(newest_first: Iterable[Message]) -> list[Message]:
    """Newest first, and no answer before what it answers, by whatever way each one came.

    Equal turns were written without knowing of each other and stay as they stand.
    """
    turn, placed = 0, []
    for message in reversed(list(newest_first)):
        turn = max(turn, message.turn or 0)
        placed.append((message.turn or turn, message))
    placed.sort(key=lambda item: item[0])
    return [message for _, message in reversed(placed)]
