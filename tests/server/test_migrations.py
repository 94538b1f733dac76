"""The migrations make what server/tables.py says, up and down, from wherever they are called."""

import sqlite3
import stat
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from sqlalchemy import create_engine

from server.database import MIGRATIONS, migrate
from server.tables import metadata


def test_upgrade_makes_the_tables_and_check_finds_no_difference(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "bedside.db"
    migrate(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    engine = create_engine(f"sqlite:///{path}")
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []
        config = Config()
        config.set_main_option("script_location", str(MIGRATIONS))
        config.attributes["connection"] = connection
        command.check(config)
    engine.dispose()


def test_upgrading_again_changes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "bedside.db"
    migrate(path)
    before = _schema(path)
    migrate(path)
    assert _schema(path) == before
    assert {name for kind, name, _ in before if kind == "trigger"} == {
        "audit_log_no_update",
        "audit_log_no_delete",
    }


def test_down_and_up_again(tmp_path: Path) -> None:
    path = tmp_path / "bedside.db"
    migrate(path)
    before = _schema(path)
    engine = create_engine(f"sqlite:///{path}")
    with engine.begin() as connection:
        config = Config()
        config.set_main_option("script_location", str(MIGRATIONS))
        config.attributes["connection"] = connection
        command.downgrade(config, "base")
    engine.dispose()
    assert [name for _, name, _ in _schema(path)] == ["alembic_version"]
    migrate(path)
    assert _schema(path) == before


def test_what_the_release_before_wrote_is_still_there(tmp_path: Path) -> None:
    path = tmp_path / "bedside.db"
    engine = create_engine(f"sqlite:///{path}")
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
        connection.exec_driver_sql(
            "INSERT INTO records (id, record_type, version, position, schema_version, document) "
            "VALUES ('a', 'note', 1, 1, 1, '{}')"
        )
    engine.dispose()
    migrate(path)
    found = sqlite3.connect(path)
    try:
        assert found.execute("SELECT id FROM records").fetchall() == [("a",)]
        assert found.execute("SELECT count(*) FROM call_reports").fetchall() == [(0,)]
    finally:
        found.close()


def test_the_developers_way_in(tmp_path: Path) -> None:
    config = Config(str(MIGRATIONS.parent / "alembic.ini"))
    config.cmd_opts = _Options([f"data={tmp_path}"])  # type: ignore[assignment]  # as -x gives it
    command.upgrade(config, "head")
    by_server = tmp_path / "server"
    by_server.mkdir()
    migrate(by_server / "bedside.db")
    assert _schema(tmp_path / "bedside.db") == _schema(by_server / "bedside.db")


class _Options:
    def __init__(self, x: list[str]) -> None:
        self.x = x


def _schema(path: Path) -> list[tuple[str, str, str]]:
    connection = sqlite3.connect(path)
    try:
        query = "SELECT type, name, sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY name"
        return connection.execute(query).fetchall()
    finally:
        connection.close()
