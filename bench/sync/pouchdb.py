"""PouchDB and express-pouchdb, measured in the same run; None where they are not installed."""

import json
import shutil
import socket
import subprocess
from dataclasses import dataclass
from pathlib import Path

from bench.sync.amount import Amount

HERE = Path(__file__).resolve().parent / "peer"
INSTALLED = Path(__file__).resolve().parent.parent.parent / ".venv" / "bench-pouchdb"
RUN_LIMIT_S = 900.0
NAME = "PouchDB with express-pouchdb"


@dataclass(frozen=True, slots=True)
class Peer:
    """Seconds each; `rounds`: of a sync with nothing to do."""

    load_s: float
    loaded: int
    push_s: float
    pushed: int
    rounds_s: tuple[float, ...]
    version: str

    @property
    def note(self) -> str:
        return (
            f"peer: PouchDB {self.version}, express-pouchdb 4.2.0 on express 4, both on LevelDB"
            " (which does not fsync), batch_size 500"
        )


def is_there() -> bool:
    return shutil.which("node") is not None and (INSTALLED / "node_modules").is_dir()


def measured(folder: Path, amount: Amount, document_bytes: int) -> Peer | None:
    if not is_there():
        return None
    for name in ("far", "near", "program"):
        (folder / name).mkdir(parents=True)
    for script in HERE.glob("*.js"):  # beside its packages, as node looks for them
        shutil.copy(script, INSTALLED / script.name)
    port = _free_port()
    serving = subprocess.Popen(
        ["node", str(INSTALLED / "server.js"), str(port), str(folder / "far")],
        cwd=folder / "program",
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        assert serving.stdout is not None
        if serving.stdout.readline().strip() != "ready":
            return None
        return _client(folder, port, amount, document_bytes)
    finally:
        serving.kill()
        serving.wait()


def _client(folder: Path, port: int, amount: Amount, document_bytes: int) -> Peer:
    figures = (amount.patients, amount.edits, amount.idle_rounds, document_bytes)
    told = subprocess.run(
        [
            "node",
            str(INSTALLED / "client.js"),
            f"http://127.0.0.1:{port}",
            str(folder / "near"),
            *map(str, figures),
        ],
        cwd=folder / "program",
        capture_output=True,
        text=True,
        timeout=RUN_LIMIT_S,
        check=True,
    )
    found = json.loads(told.stdout.strip().splitlines()[-1])
    return Peer(
        found["load"],
        found["loaded"],
        found["push"],
        found["pushed"],
        tuple(found["rounds"]),
        found["version"],
    )


def _free_port() -> int:
    with socket.socket() as asking:
        asking.bind(("127.0.0.1", 0))
        port: int = asking.getsockname()[1]
    return port
