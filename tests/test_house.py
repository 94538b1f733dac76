"""The laws of the house that no linter knows, a row for each; exceptions stand here, with why."""

import ast
import json
import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

from tests.closure import DESKTOP, ROOT, SERVER, Environment, make_environment

ROOMS = ("app", "ui", "media", "peripherals", "offline_store", "server", "demo")
ALL_ROOMS = (*ROOMS, "bench", "tests", "tools")

# Who has a thread of its own, and why the loop cannot do it.
THREADS = {
    "app/remote/late_near_desks.py": "reading seventy modules would hold the loop for 0.1 s",
    "app/runtime/aside.py": "a large page of the feed is packed and unpacked",
    "app/services/day_sheet.py": "a day's forms are painted on paper in a second",
    "app/services/sign_in.py": "what a password costs to try would hold the loop for 0.1 s",
    "media/audio/echo_control.py": "10 ms of echo control every 10 ms, in no sound callback",
    "media/call_host.py": "one worker that scales and converts pictures for the screen",
    "media/surface_share.py": "gives its work to call_host's worker",
    "media/devices/camera_requests.py": "the thread that reads a camera may hang in its driver",
    "ui/widgets/picture_reader.py": "a still of millions of pixels takes longer than the loop may",
    "media/rtc/picture_out.py": "libvpx encodes in the loop's workers; it frees the interpreter",
    "media/scope_player.py": "a long sound is read and slowed in a worker",
    "media/devices/sound_library.py": "PortAudio's callbacks; opening and closing may block",
    "media/devices/scope_file.py": "reads a file of sound",
    "peripherals/finding/instrument_desk.py": "reads and writes its small file",
    "peripherals/finding/port_watch.py": "a driver may hang in the list of ports",
    "peripherals/finding/udev_events.py": "looking for the system's library runs other programs",
    "peripherals/serial_port.py": "a serial port, its clock and its dead man's switch",
    "offline_store/key_vault.py": "a locked keyring can block for ever; a PIN costs time to try",
    "offline_store/database.py": "the one writer of the store",
    "offline_store/readers.py": "two that read beside it",
    "offline_store/recordings.py": "encrypts and writes files",
    "offline_store/outside_files.py": "reads and writes where a person said, perhaps far away",
    "server/database.py": "the one writer, which is the sequencer",
    "server/workers.py": "hashing, readers of the database, files",
    "demo/clinic.py": "two commands of the server at once",
}
THREAD_WORDS = {
    "Thread",
    "Timer",
    "ThreadPoolExecutor",
    "ProcessPoolExecutor",
    "to_thread",
    "run_in_executor",
    "start_new_thread",
    "QThread",
    "QThreadPool",
    "InputStream",
    "OutputStream",
    "RawInputStream",
    "RawOutputStream",
}

# Who starts tasks without a TaskOwner.
TASKS = {
    "app/runtime/tasks.py": "TaskOwner itself",
    "demo/repeat_gate.py": "the demonstration shares no code with the product",
}
TASK_WORDS = {"create_task", "ensure_future", "run_coroutine_threadsafe"}

# Who catches what nobody foresaw, without raising it again.
CATCHES_ALL = {
    "app/runtime/tasks.py": "TaskOwner",
    "ui/qt_loop.py": "the window's last handler",
    "server/border.py": "the server's last handler",
    "server/database.py": "hands it to whoever asked, in their own thread",
    "server/sync/service.py": "the changes of a push are judged one by one then",
    "offline_store/key_vault.py": "hands it to whoever asked, in their own thread",
}

# Where SQL stands. In server/ it is SQLAlchemy's words.
SQL = re.compile(
    r"^\s*(SELECT\s.+\sFROM|INSERT\s+(OR\s+\w+\s+)?INTO|UPDATE\s+\w+\s+SET|DELETE\s+FROM"
    r"|PRAGMA\s|CREATE\s+(TABLE|VIEW|TRIGGER|INDEX)|DROP\s|VACUUM|BEGIN\b|COMMIT|ROLLBACK)",
    re.S,
)
SQL_FILES = {
    "offline_store/act_journal.py",
    "offline_store/asked_again.py",
    "offline_store/attachments.py",
    "offline_store/audit_log.py",
    "offline_store/confirmed.py",
    "offline_store/connection.py",
    "offline_store/counters.py",
    "offline_store/database.py",
    "offline_store/departures.py",
    "offline_store/file_purges.py",
    "offline_store/heard.py",
    "offline_store/kept.py",
    "offline_store/measurements.py",
    "offline_store/migrate.py",
    "offline_store/name_words.py",
    "offline_store/outbox.py",
    "offline_store/readers.py",
    "offline_store/records.py",
    "offline_store/retention.py",
    "offline_store/sent.py",
    "offline_store/snapshot.py",
    "server/accounts/store.py",
    "server/audit/store.py",
    "server/calls/store.py",
    "server/audit_trail.py",
    "server/auth.py",
    "server/database.py",
    "server/facts.py",
    "server/records.py",
    "server/departures.py",
    "server/scopes.py",
    "server/recordings/store.py",
    "server/sync/store.py",
    "server/visits/store.py",
    "demo/database_view.py",  # looks at the server's file from outside
    "demo/sabotage.py",  # breaks it from outside
}
SQLALCHEMY_WORDS = {"select", "insert", "update", "delete", "text"}

DRAWS = (
    *("ui/views/", "ui/widgets/", "ui/gallery"),
    *("ui/main_window.py", "ui/opening.py", "ui/qt_loop.py", "ui/day_sheet_paper.py", "main.py"),
)
FORBIDDEN_NAMES = {"utils", "util", "helpers", "helper", "common", "misc", "manager", "base"}
DOCSTRING_LINES_MAX = 5
LONG_DOCSTRINGS = {"offline_store/chunk_stream.py"}  # shows its format


@dataclass(frozen=True, slots=True)
class Facts:
    """What the laws ask of one file, so that no tree outlives its reading."""

    imported: frozenset[str]
    words: frozenset[str]
    told: str
    breaks: frozenset[str]


@cache
def facts_of(path: Path) -> Facts:
    """Read and walked once: hundreds of trees kept would be gone through at every collection."""
    tree = ast.parse(path.read_text(), str(path))
    nodes = list(ast.walk(tree))
    names = frozenset(imported_in(nodes))
    broken = frozenset(law.__name__ for law in LAWS if any(map(law, nodes)))
    return Facts(names, words_in(nodes, names), ast.get_docstring(tree) or "", broken)


def files(*rooms: str) -> list[Path]:
    found = [path for room in rooms for path in (ROOT / room).rglob("*.py")]
    if rooms != ("tests",):
        found.append(ROOT / "main.py")
    return sorted(path for path in found if "__pycache__" not in path.parts)


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def imported_in(nodes: Iterable[ast.AST]) -> Iterator[str]:
    """Every module that a file names in an import, `a.b` for `from a import b` as well."""
    for node in nodes:
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def words_in(nodes: Iterable[ast.AST], imported: Iterable[str]) -> frozenset[str]:
    """Names and attributes that the code speaks of."""
    names = {node.id for node in nodes if isinstance(node, ast.Name)}
    attributes = {node.attr for node in nodes if isinstance(node, ast.Attribute)}
    return frozenset(names | attributes | {name.rsplit(".", 1)[-1] for name in imported})


# --- what one node of a file may break -----------------------------------------------------------


def imports_late(node: ast.AST) -> bool:
    return isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and any(
        isinstance(inner, ast.Import | ast.ImportFrom) for inner in ast.walk(node)
    )


def nests(node: ast.AST) -> bool:
    return (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in ("exec", "exec_")
    )


def swallows(node: ast.AST) -> bool:
    return isinstance(node, ast.ExceptHandler) and _catches_all(node) and not _raises_again(node)


def _catches_all(handler: ast.ExceptHandler) -> bool:
    if handler.type is None:
        return True
    caught = {node.id for node in ast.walk(handler.type) if isinstance(node, ast.Name)}
    return bool(caught & {"Exception", "BaseException"})


def _raises_again(handler: ast.ExceptHandler) -> bool:
    last = handler.body[-1]
    return isinstance(last, ast.Raise) and last.exc is None


def suppresses_all(node: ast.AST) -> bool:
    return (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id == "suppress"
        and bool(
            {"Exception", "BaseException"}
            & {arg.id for arg in node.args if isinstance(arg, ast.Name)}
        )
    )


def speaks_sql(node: ast.AST) -> bool:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return bool(SQL.match(node.value))
    return (
        isinstance(node, ast.ImportFrom)
        and (node.module or "").startswith("sqlalchemy")
        and any(alias.name in SQLALCHEMY_WORDS for alias in node.names)
    )


def sleeps(node: ast.AST) -> bool:
    return (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == "sleep"
        and isinstance(node.func.value, ast.Name)
        and node.func.value.id == "time"
    )


Law = Callable[[ast.AST], bool]
LAWS: tuple[Law, ...] = (imports_late, nests, swallows, suppresses_all, speaks_sql, sleeps)


def broken_in(law: Law, paths: Iterable[Path]) -> set[str]:
    return those(paths, lambda path: law.__name__ in facts_of(path).breaks)


def rooms_of(path: Path) -> set[str]:
    """The first words of what a file imports."""
    return {name.split(".")[0] for name in facts_of(path).imported}


def those(paths: Iterable[Path], breaks: Callable[[Path], bool]) -> set[str]:
    return {name_of(path) for path in paths if breaks(path)}


# --- who imports what ----------------------------------------------------------------------------


def test_main_imports_what_the_table_allows() -> None:
    names = facts_of(ROOT / "main.py").imported
    tops = {name.split(".")[0] for name in names}
    assert tops.isdisjoint({"server", "demo", "cv2", "av", "aiortc", "numpy", "sounddevice"})
    of_media = {name for name in names if name.split(".")[0] == "media"}
    assert {name.split(".")[1] for name in of_media} == {"link"}


@pytest.mark.parametrize("room", ["app", "media"])
def test_the_ground_and_media_have_empty_front_doors(room: str) -> None:
    assert (ROOT / room / "__init__.py").read_bytes() == b""


def test_only_what_draws_knows_widgets_and_pictures_of_qt() -> None:
    def draws(path: Path) -> bool:
        return any(
            name.startswith(("PySide6.QtWidgets", "PySide6.QtGui"))
            for name in facts_of(path).imported
        )

    assert [name for name in those(files(*ROOMS), draws) if not name.startswith(DRAWS)] == []


def test_opencv_is_imported_by_the_camera_process_alone() -> None:
    found = those(files(*ROOMS), lambda path: "cv2" in rooms_of(path))
    assert found == {"media/devices/camera_process.py"}


def test_no_import_inside_a_function() -> None:
    assert broken_in(imports_late, files(*ROOMS)) == set()


def test_no_import_for_types_only() -> None:
    assert those(files(*ROOMS), lambda path: "TYPE_CHECKING" in facts_of(path).words) == set()


# --- threads, tasks, failures --------------------------------------------------------------------


def test_threads_stand_where_they_are_listed() -> None:
    found = those(files(*ROOMS), lambda path: bool(facts_of(path).words & THREAD_WORDS))
    assert found == set(THREADS)


def test_tasks_start_through_a_task_owner() -> None:
    found = those(files(*ROOMS), lambda path: bool(facts_of(path).words & TASK_WORDS))
    assert found == set(TASKS)


def test_nobody_runs_a_loop_inside_the_loop() -> None:
    """`exec()` of a dialog stops every other task; `open()` and an awaited answer do not."""
    assert broken_in(nests, files("ui", "app", "media", "peripherals", "offline_store")) == set()


def test_what_nobody_foresaw_is_caught_where_it_is_listed() -> None:
    assert broken_in(swallows, files(*ROOMS)) - set(CATCHES_ALL) == set()


def test_nothing_is_swallowed_by_suppress() -> None:
    assert broken_in(suppresses_all, files(*ROOMS)) == set()


def test_no_object_is_read_from_bytes_that_can_run_code() -> None:
    forbidden = {"pickle", "cPickle", "marshal", "shelve", "dill"}
    assert those(files(*ROOMS), lambda path: bool(forbidden & rooms_of(path))) == set()


# --- SQL -----------------------------------------------------------------------------------------


def test_sql_stands_where_it_is_listed() -> None:
    found = broken_in(speaks_sql, files(*ROOMS))
    assert {name for name in found if "/migrations/" not in name} == SQL_FILES


# --- form ----------------------------------------------------------------------------------------


def test_no_file_is_named_after_nothing() -> None:
    stems = {name_of(path): path.stem for path in files(*ALL_ROOMS)}
    named = {name for name, stem in stems.items() if stem in FORBIDDEN_NAMES}
    folders = {
        name_of(path)
        for room in ROOMS
        for path in (ROOT / room).rglob("*")
        if path.is_dir() and path.name in FORBIDDEN_NAMES
    }
    assert named | folders == {"ui/view_models/base.py"}


def test_every_file_opens_with_what_it_is_for() -> None:
    def is_silent(path: Path) -> bool:
        return path.stat().st_size > 0 and not facts_of(path).told

    assert those(files(*ALL_ROOMS), is_silent) == set()


def test_what_it_is_for_is_said_in_a_few_lines() -> None:
    def talks(path: Path) -> bool:
        return len(facts_of(path).told.splitlines()) > DOCSTRING_LINES_MAX

    assert those(files(*ROOMS), talks) == LONG_DOCSTRINGS


def test_every_room_of_tests_is_a_package() -> None:
    folders = {path.parent for path in (ROOT / "tests").rglob("*.py")}
    assert [name_of(folder) for folder in folders if not (folder / "__init__.py").exists()] == []


def test_nothing_waits_for_the_clock_outside_of_the_whole_tests() -> None:
    """The loops of tests/fakes/time_loop.py jump; time.sleep does not."""
    fast = [path for path in files("tests") if not name_of(path).startswith("tests/whole/")]
    allowed = {
        "tests/unit/runtime/test_runtime.py",  # its subject is a loop that is held
        "tests/fakes/sound_server.py",  # starts a real program, for the whole tests
        "tests/store/test_wrappings.py",  # starts a TPM in software
    }
    assert broken_in(sleeps, fast) - allowed == set()


def test_no_file_names_a_package_registry_or_a_machine() -> None:
    hosts = ["pypi" + ".org", "python" + "hosted", "npm" + "js.", "registry" + "."]
    places = ["/wor" + "k/", "/ro" + "ot/", f"{Path.home()}/"]
    words = re.compile("|".join(re.escape(word) for word in hosts + places))
    found = {}
    for path in tracked():
        try:
            told = words.search(path.read_text())
        except UnicodeDecodeError:
            continue  # a picture or a sound
        if told:
            found[name_of(path)] = told.group()
    assert found == {}


def tracked() -> list[Path]:
    """What is committed; in a tree without git, what is not plainly made here."""
    done = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=False)
    if done.returncode == 0 and done.stdout:
        paths = [ROOT / name for name in done.stdout.decode().split("\0") if name]
        return [path for path in paths if path.is_file()]
    made = {".git", ".venv", "__pycache__", "build", "dist", "out"}
    return [
        path
        for path in ROOT.rglob("*")
        if path.is_file() and not made & set(path.parts) and not path.name.startswith(".")
    ]


def test_no_file_is_made_for_a_while_but_where_it_is_listed() -> None:
    """A temporary file outlives a kill: nothing in the clear may ever lie in one."""
    allowed = {
        "offline_store/connection.py",  # zeros, to see whether there is room
        "offline_store/profile_folder.py",  # what is encrypted already
        "offline_store/tpm.py",  # what the TPM has sealed; its secret goes through pipes
    }
    found = those(files(*ROOMS), lambda path: "tempfile" in rooms_of(path))
    assert {name for name in found if not name.startswith("demo/")} == allowed


def test_the_import_laws_are_written_without_exceptions() -> None:
    """`lint-imports` runs in `make check`; an ignored import would be a hole in it."""
    laws = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]
    assert len(laws["contracts"]) >= 19
    assert [law["name"] for law in laws["contracts"] if "ignore_imports" in law] == []


# --- what runs without what ----------------------------------------------------------------------

IMPORT_ALL = """
import importlib, json, pkgutil
def modules(*rooms):
    for room in rooms:
        package = importlib.import_module(room)
        if hasattr(package, "__path__"):
            for found in pkgutil.walk_packages(package.__path__, room + "."):
                if not found.name.endswith(".__main__"):
                    importlib.import_module(found.name)
"""


def test_app_works_without_qt() -> None:
    script = f"""
import sys
class Refused:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in ("PySide6", "shiboken6", "qasync"):
            raise ImportError(name)
sys.meta_path.insert(0, Refused())
{IMPORT_ALL}
modules("app")
assert not any(name.startswith(("PySide6", "shiboken6", "qasync")) for name in sys.modules)
print("works")
"""
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, timeout=60
    )
    assert (done.returncode, done.stdout) == (0, "works\n"), done.stderr


def test_the_ground_needs_nothing_installed() -> None:
    script = f"import sys; sys.path[:0] = [{str(ROOT)!r}]\n{IMPORT_ALL}\n"
    script += 'modules("app.domain", "app.runtime")\nprint("works")'
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", script], capture_output=True, text=True, timeout=60
    )
    assert (done.returncode, done.stdout) == (0, "works\n"), done.stderr


@pytest.fixture(scope="module")
def server_only(tmp_path_factory: pytest.TempPathFactory) -> Environment:
    return make_environment(tmp_path_factory.mktemp("server-only"), "server", SERVER)


@pytest.fixture(scope="module")
def desktop_only(tmp_path_factory: pytest.TempPathFactory) -> Environment:
    return make_environment(tmp_path_factory.mktemp("desktop-only"), "desktop", DESKTOP)


ABSENT = """
import importlib.util, json, sys
print(json.dumps([name for name in sys.argv[1:] if importlib.util.find_spec(name) is None]))
"""


def test_the_two_environments_hold_nothing_of_each_other(
    server_only: Environment, desktop_only: Environment
) -> None:
    """Otherwise the rows below would prove nothing."""
    desktop = ["PySide6", "qasync", "aiortc", "av", "cv2", "sounddevice", "keyring", "sqlcipher3"]
    desktop += ["ui", "media", "main", "app.services", "app.remote", "pytest", "httpx"]
    assert json.loads(server_only.run(ABSENT, *desktop)) == desktop
    server = ["fastapi", "uvicorn", "sqlalchemy", "alembic", "argon2", "server", "pytest"]
    assert json.loads(desktop_only.run(ABSENT, *server)) == server


SERVE = """
import runpy
sys.argv = ["server", *sys.argv[1:]]
runpy.run_module("server", run_name="__main__")
"""

SIGN_IN = (
    IMPORT_ALL
    + """
import asyncio, sys
from pathlib import Path
modules("app", "ui", "media", "peripherals", "offline_store")
import main
from app.domain.clock import SystemClock
from app.domain.server_words import DeviceCredentials
from app.remote.address import server_address
from app.remote.server_api import ServerApi
from app.remote.server_places import ServerPlaces
from app.remote.signalling_channel import SignallingChannel
from app.remote.tokens import Tokens
from app.runtime.tasks import TaskOwner
from app.services.sign_in import SignInPhase
from app.settings import read_settings
from media.link.remote_control import RemoteControl
from offline_store.database import open_store
from peripherals.instruments import instruments_of
from ui import theme
from ui.main_window import MainWindow
from ui.models import make_models
from ui.qt_loop import make_application, run
from ui.widgets.video_surface import PictureSources

async def work(application):
    url, profile, password = sys.argv[1], sys.argv[2], sys.stdin.readline().strip()
    settings = read_settings(["--server", url, "--profile", profile], "desk")
    clock, tokens, engine = SystemClock(), Tokens(), RemoteControl()
    instruments = instruments_of(settings.profile, settings.devices, clock, print)
    async with open_store(settings.profile) as store, TaskOwner("window") as tasks:
        device = await store.transaction(lambda unit: DeviceCredentials(
            unit.kept.device_id(), "desk", unit.kept.device_private_key()))
        places = ServerPlaces(server_address(url))
        async with ServerApi(places, tokens, clock, device.id) as api:
            services = main.make_services(settings, store, api, SignallingChannel(places, tokens),
                                          device, engine, instruments, clock)
            models, _ = make_models(services, tasks, clock, role=settings.role,
                                    policy=settings.vitals_policy,
                                    device_name="desk", freeze_key="F9", why_not_kept=None,
                                    answering=lambda: "")
            sources = PictureSources(engine.far_picture, engine.self_picture, engine.exam_picture)
            window = MainWindow(models, theme.Look(), sources)
            window.show()
            assert models.window.screen.page == "sign-in"
            models.sign_in.sign_in("dr-lin", password)
            async with asyncio.timeout(20):
                while models.window.screen.page != "today":
                    assert not models.sign_in.screen.message_tone == "bad", models.sign_in.screen
                    await asyncio.sleep(0.02)
            window.hide()
    return 0

application = make_application("bedside")
code = run(application, work(application))
print("signed in" if code == 0 else code)
"""
)


def test_server_and_desktop_each_run_with_their_own_packages_up_to_a_sign_in(
    server_only: Environment, desktop_only: Environment, tmp_path: Path
) -> None:
    data = ["--data", str(tmp_path / "server")]
    who = ["--username", "dr-lin", "--name", "Dr Lin", "--role", "clinician"]
    password = "correct horse battery"
    server_only.run(SERVE, "add-user", *data, *who, input=f"{password}\n")
    command = server_only.command(SERVE, *data, "--port", "0")
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        try:
            assert server.stdout is not None
            address = ""
            while not address:
                line = server.stdout.readline()
                assert line, "the server ended before it listened"
                address = line.strip().removeprefix("Listening: ") if "Listening" in line else ""
            environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen"}
            environment.pop("DBUS_SESSION_BUS_ADDRESS", None)  # no keyring of whoever runs this
            told = desktop_only.run(
                SIGN_IN,
                address,
                str(tmp_path / "profile"),
                input=f"{password}\n",
                env=environment,
            )
            assert told == "signed in\n"
        finally:
            server.terminate()
