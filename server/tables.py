"""The server's tables (SQLAlchemy Core). Ids and times are text; times in UTC sort as they read.

`server/migrations` makes them; a test holds both equal. Triggers guard `audit_log` (0001).
"""

from datetime import UTC, datetime
from functools import lru_cache

from sqlalchemy import (
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
)

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

# What this database is: its mark, its server's public key, the hash of the one-time code.
facts = Table(
    "facts",
    metadata,
    Column("name", String, primary_key=True),
    Column("value", Text, nullable=False),
)

persons = Table(
    "persons",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("username", String, nullable=False, unique=True),
    Column("name", String, nullable=False),
    Column("role", String, nullable=False),
    Column("password_hash", String, nullable=False),
    Column("created_at", String, nullable=False),
)

devices = Table(
    "devices",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("name", String, nullable=False),
    Column("public_key", String, nullable=False),
    Column("certificate", Text, nullable=False),
    Column("certificate_signature", String, nullable=False),
    Column("enrolled_at", String, nullable=False),
    Column("enrolled_by", String(36), ForeignKey("persons.id"), nullable=False),
)

# One row per sign-in, kept for ever: it tells who ever signed in on which device.
sessions = Table(
    "sessions",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("person", String(36), ForeignKey("persons.id"), nullable=False),
    Column("device", String(36), ForeignKey("devices.id"), nullable=False),
    Column("created_at", String, nullable=False),
    Column("refresh_sha256", String(64), nullable=False, unique=True),
    Column("previous_sha256", String(64), unique=True),
    Column("previous_until", String),
    Column("expires_at", String, nullable=False),
    Column("ended_at", String),
    Index(None, "device", "person"),
)

# Who may see whom (server/scopes.py): clinics and care teams, their people, their patients.
scopes = Table(
    "scopes",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("kind", String, nullable=False),
    Column("name", String, nullable=False),
    Column("created_at", String, nullable=False),
    UniqueConstraint("kind", "name"),
)

person_scopes = Table(
    "person_scopes",
    metadata,
    Column("person", String(36), ForeignKey("persons.id"), primary_key=True),
    Column("scope", String(36), ForeignKey("scopes.id"), primary_key=True),
)

patient_scopes = Table(
    "patient_scopes",
    metadata,
    Column("patient", String(36), primary_key=True),
    Column("scope", String(36), ForeignKey("scopes.id"), primary_key=True),
)

# What went out of the feed, in it: a patient who left `scope`, or a record that was removed.
departures = Table(
    "departures",
    metadata,
    Column("position", Integer, primary_key=True, autoincrement=False),
    Column("patient", String(36), nullable=False),
    Column("record", String(36)),
    Column("scope", String(36)),
    Column("reason", String, nullable=False),
)

# Each record as it stands. `position` is the feed's: each write moves the record to its end.
records = Table(
    "records",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("record_type", String, nullable=False),
    Column("version", Integer, nullable=False),
    Column("position", Integer, nullable=False, unique=True),
    Column("schema_version", Integer, nullable=False),
    Column("document", Text, nullable=False),
    Column("patient", String(36), index=True),
    Column("visit", String(36), index=True),
    Column("file_sha256", String(64), index=True),
)

# Each change that was judged: the answer to a repeated one, and the history of the records.
ops = Table(
    "ops",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("record", String(36), nullable=False, index=True),
    Column("body_sha256", String(64), nullable=False),
    Column("outcome", String, nullable=False),
    Column("code", String),
    Column("device", String(36), nullable=False),
    Column("received_at", String, nullable=False),
    Column("change", Text, nullable=False),
)

# `at` is the corrected time: a device's raw one stands in the event with its known offset.
audit_log = Table(
    "audit_log",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("event", LargeBinary, nullable=False),
    Column("digest", String(64), nullable=False),
    Column("event_id", String(36), nullable=False, unique=True),
    Column("at", String, nullable=False),
    Column("patient", String(36)),
    Index(None, "patient", "at"),
)

# How far each device's own chain is held here without a gap.
device_chains = Table(
    "device_chains",
    metadata,
    Column("device", String(36), ForeignKey("devices.id"), primary_key=True),
    Column("event_count", Integer, nullable=False),
    Column("digest", String(64), nullable=False),
    Column("alarmed_at", Integer),
)

# Each start of this server, and the feed's head at that moment (server/sync/cursors.py).
epochs = Table(
    "epochs",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("id", String(36), nullable=False, unique=True),
    Column("began_at", Integer, nullable=False),
)

files = Table(
    "files",
    metadata,
    Column("sha256", String(64), primary_key=True),
    Column("byte_count", Integer, nullable=False),
    Column("stored_at", String, nullable=False),
    Column("stored_by", String(36), ForeignKey("persons.id"), nullable=False),
)

# Who sits in which visit's room, so that a restarted server still knows whom it waits for.
seats = Table(
    "seats",
    metadata,
    Column("visit", String(36), primary_key=True),
    Column("device", String(36), primary_key=True),
    Column("person", String(36), nullable=False),
    Column("name", String, nullable=False),
    Column("role", String, nullable=False),
    Column("since", String, nullable=False),
)

# When each reported call began; the report itself is a record.
call_reports = Table(
    "call_reports",
    metadata,
    Column("record", String(36), primary_key=True),
    Column("visit", String(36), nullable=False, index=True),
    Column("began_at", String, nullable=False, index=True),
)


@lru_cache(64)  # a push writes the same time into each of its rows
def time_text(at: datetime) -> str:
    """The one form of times in the tables: equal length, so that text order is time order."""
    return at.astimezone(UTC).isoformat(timespec="microseconds")


def time_of(text: str) -> datetime:
    return datetime.fromisoformat(text)
