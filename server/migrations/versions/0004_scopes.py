"""Clinics and care teams. Whoever was here before is in the one clinic there was."""

from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

from app.domain.ids import new_id

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "scopes",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("created_at", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_scopes")),
        sa.UniqueConstraint("kind", "name", name=op.f("uq_scopes_kind_name")),
    )
    op.create_table(
        "person_scopes",
        sa.Column("person", sa.String(length=36), nullable=False),
        sa.Column("scope", sa.String(length=36), nullable=False),
        sa.ForeignKeyConstraint(
            ["person"], ["persons.id"], name=op.f("fk_person_scopes_person_persons")
        ),
        sa.ForeignKeyConstraint(
            ["scope"], ["scopes.id"], name=op.f("fk_person_scopes_scope_scopes")
        ),
        sa.PrimaryKeyConstraint("person", "scope", name=op.f("pk_person_scopes")),
    )
    op.create_table(
        "patient_scopes",
        sa.Column("patient", sa.String(length=36), nullable=False),
        sa.Column("scope", sa.String(length=36), nullable=False),
        sa.ForeignKeyConstraint(
            ["scope"], ["scopes.id"], name=op.f("fk_patient_scopes_scope_scopes")
        ),
        sa.PrimaryKeyConstraint("patient", "scope", name=op.f("pk_patient_scopes")),
    )
    op.create_table(
        "departures",
        sa.Column("position", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("patient", sa.String(length=36), nullable=False),
        sa.Column("record", sa.String(length=36), nullable=True),
        sa.Column("scope", sa.String(length=36), nullable=True),
        sa.Column("reason", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("position", name=op.f("pk_departures")),
    )
    clinic = {
        "id": str(new_id()),
        "kind": "clinic",
        "name": "Clinic",
        "now": datetime.now(UTC).isoformat(timespec="microseconds"),
    }
    connection = op.get_bind()
    connection.execute(
        sa.text("INSERT INTO scopes (id, kind, name, created_at) VALUES (:id, :kind, :name, :now)"),
        clinic,
    )
    for statement in (
        "INSERT INTO facts (name, value) VALUES ('home clinic', :id)",
        "INSERT INTO person_scopes (person, scope) SELECT id, :id FROM persons",
        "INSERT INTO patient_scopes (patient, scope)"
        " SELECT id, :id FROM records WHERE record_type = 'patient'",
    ):
        connection.execute(sa.text(statement), {"id": clinic["id"]})


def downgrade() -> None:
    for name in ("departures", "patient_scopes", "person_scopes", "scopes"):
        op.drop_table(name)
