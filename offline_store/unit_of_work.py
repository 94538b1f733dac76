"""The repositories of one transaction."""

from dataclasses import dataclass
from typing import Self

from offline_store.attachments import Attachments
from offline_store.audit_log import AuditLog
from offline_store.connection import Connection
from offline_store.departures import Departures
from offline_store.file_purges import FilePurges
from offline_store.heard import HeardRecords
from offline_store.kept import Kept
from offline_store.measurements import Measurements
from offline_store.outbox import Outbox
from offline_store.records import Records
from offline_store.retention import Retention


@dataclass(frozen=True, slots=True)
class UnitOfWork:
    """Everything that one transaction may touch; of no use after it."""

    outbox: Outbox
    audit: AuditLog
    records: Records
    attachments: Attachments
    kept: Kept
    heard: HeardRecords
    measurements: Measurements
    retention: Retention
    purges: FilePurges
    departures: Departures

    @classmethod
    def on(cls, connection: Connection) -> Self:
        return cls(
            Outbox(connection),
            AuditLog(connection),
            Records(connection),
            Attachments(connection),
            Kept(connection),
            HeardRecords(connection),
            Measurements(connection),
            Retention(connection),
            FilePurges(connection),
            Departures(connection),
        )
