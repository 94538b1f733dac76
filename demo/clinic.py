"""The server's process and what is in its database: invented people, a patient, a visit.

All is told to the server by its own commands, in a database marked DEMONSTRATION.
"""

import secrets
import sys
import uuid
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from demo.certificates import Certificates
from demo.network import HUB_ADDRESS
from demo.programs import Program, Programs, run
from demo.waiting import NotSo

PORT = 8470
GATE_PORT = 8471
COMMAND_LIMIT_S = 60.0
START_LIMIT_S = 60.0


@dataclass(frozen=True, slots=True)
class Account:
    username: str
    name: str
    role: str
    password: str


@dataclass(frozen=True, slots=True)
class Booked:
    """A visit as the demonstration knows it."""

    visit: uuid.UUID
    patient: uuid.UUID
    family: str
    given: str
    record_number: str


def new_account(username: str, name: str, role: str) -> Account:
    return Account(username, name, role, secrets.token_urlsafe(15))


CLINICIAN = new_account("d.lind", "Dr Dana Lind", "clinician")
PRESENTER = new_account("n.roy", "Nurse Noor Roy", "presenter")


class Clinic:
    """`data` is the server's folder; the demonstration reads its database and files directly."""

    def __init__(self, programs: Programs, folder: Path, environment: Mapping[str, str]) -> None:
        self._programs = programs
        self._environment = dict(environment)
        folder.mkdir(mode=0o700)
        self.data = folder / "data"
        self.certificates = Certificates(folder, (HUB_ADDRESS, "127.0.0.1"))
        self.server: Program | None = None
        self._gate: Program | None = None

    @property
    def database(self) -> Path:
        return self.data / "bedside.db"

    @property
    def url(self) -> str:
        return f"https://{HUB_ADDRESS}:{PORT}"

    @property
    def url_for_cart(self) -> str:
        """Through the gate that can repeat a request."""
        return f"https://{HUB_ADDRESS}:{GATE_PORT}"

    def open(self) -> None:
        self.start_server()
        self._gate = self._programs.start(
            "repeat-gate",
            [
                *(sys.executable, "-m", "demo.repeat_gate", HUB_ADDRESS, str(GATE_PORT)),
                *(str(PORT), str(self.certificates.authority)),
                *(str(self.certificates.certificate), str(self.certificates.key)),
            ],
            self._environment,
            keeps_stdin=True,
        )
        with ThreadPoolExecutor(2) as together:
            list(together.map(self.add_account, (CLINICIAN, PRESENTER)))
        self._gate.line_starting("ready", START_LIMIT_S)

    def start_server(self) -> None:
        """Also after a kill: the same folder, the same address."""
        self.server = self._programs.start(
            "server",
            [
                *(sys.executable, "-m", "server", "--host", HUB_ADDRESS, "--port", str(PORT)),
                *("--data", str(self.data), "--demonstration"),
                *("--tls-cert", str(self.certificates.certificate)),
                *("--tls-key", str(self.certificates.key)),
            ],
            self._environment,
        )
        self.server.line_starting("Listening", START_LIMIT_S)

    def add_account(self, account: Account) -> None:
        self.command(
            *("add-user", "--username", account.username, "--name", account.name),
            *("--role", account.role, "--demonstration"),
            stdin=f"{account.password}\n",
        )

    def book(self, family: str, given: str, *, reason: str, allergies: str) -> Booked:
        number = str(secrets.randbelow(9_000_000_000) + 1_000_000_000)
        said = self.command(
            *("add-visit", "--family", family, "--given", given, "--born", "1945-07-14"),
            *("--record-number", number, "--starts-at", "now", "--title", "Mrs", "--sex", "female"),
            *("--allergies", allergies, "--reason", reason, "--demonstration"),
        )
        ids = dict(line.split() for line in said.splitlines() if line)
        return Booked(uuid.UUID(ids["visit"]), uuid.UUID(ids["patient"]), family, given, number)

    def verify_audit(self, data: Path, witnesses: Mapping[str, str]) -> str:
        """What the product's own command says of this folder; NotSo when it is not sound."""
        told = [word for held in witnesses.values() for word in ("--witness", held)]
        command = [sys.executable, "-m", "server", "verify-audit", "--data", str(data), *told]
        return run(command, self._environment, COMMAND_LIMIT_S)

    def command(self, *arguments: str, stdin: str = "") -> str:
        name, *rest = arguments
        return run(
            [sys.executable, "-m", "server", name, "--data", str(self.data), *rest],
            self._environment,
            COMMAND_LIMIT_S,
            stdin=stdin.encode(),
        )

    def repeat_last_push(self) -> str:
        """The newest request that brought changes is sent once more, byte for byte."""
        if self._gate is None:
            raise NotSo("there is no gate that could repeat anything")
        before = self._gate.words().count("repeated")
        self._gate.order("repeat")
        return self._gate.nth_line("repeated", before + 1, COMMAND_LIMIT_S)
