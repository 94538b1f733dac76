"""When each reported call began, beside its record."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "call_reports",
        sa.Column("record", sa.String(length=36), nullable=False),
        sa.Column("visit", sa.String(length=36), nullable=False),
        sa.Column("began_at", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("record", name=op.f("pk_call_reports")),
    )
    op.create_index("ix_call_reports_began_at", "call_reports", ["began_at"])
    op.create_index("ix_call_reports_visit", "call_reports", ["visit"])


def downgrade() -> None:
    op.drop_index("ix_call_reports_visit", table_name="call_reports")
    op.drop_index("ix_call_reports_began_at", table_name="call_reports")
    op.drop_table("call_reports")
