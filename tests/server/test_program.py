"""`python -m server` as a program: what it prints, refuses, keeps, and how it is stopped."""

import io
import os
import select
import signal
import socket
import sqlite3
import ssl
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from app.domain.access import Role
from app.domain.failures import Code, Rejected, Untrusted
from app.domain.ids import new_id
from server.__main__ import main
from server.opening import open_folder
from server.serving import serve
from server.settings import ServerSettings, is_loopback
from tests.server.given import PASSWORD, clinic_in

ROOT = Path(__file__).parents[2]
COMMAND = [sys.executable, "-m", "server"]
USER = ("--username", "dr-lin", "--name", "Dr Lin", "--role", "clinician")
VISIT = ("--family", "Doe", "--given", "Ana", "--born", "1970-01-02", "--record-number", "R-1")


@dataclass
class Said:
    """What a command printed and how it ended."""

    code: int
    out: str
    err: str


def run(*words: str | Path, typed: str = "") -> Said:
    """A command, in this process; what is typed comes on its standard input."""
    out, err, stdin = io.StringIO(), io.StringIO(), sys.stdin
    sys.stdin = io.StringIO(typed)
    try:
        with redirect_stdout(out), redirect_stderr(err):
            code = main([str(word) for word in words])
    except SystemExit as ended:  # argparse ends the program itself
        code = int(ended.code or 0)
    finally:
        sys.stdin = stdin
    return Said(code, out.getvalue(), err.getvalue())


@contextmanager
def running(*arguments: str | Path) -> Iterator[tuple[subprocess.Popen[str], list[str]]]:
    """The program, once it said where it listens; and the lines it printed until then."""
    program = subprocess.Popen(
        [*COMMAND, "--port", "0", *map(str, arguments)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert program.stdout is not None
    assert program.stderr is not None
    lines: list[str] = []
    try:
        for line in program.stdout:
            lines.append(line.strip())
            if line.startswith("Listening: "):
                break
        yield program, lines
    finally:
        if program.poll() is None:
            program.terminate()
            program.wait(timeout=20)
        program.stdout.close()
        program.stderr.close()


def address_of(lines: list[str]) -> str:
    assert lines, "the program said nothing"
    return lines[-1].removeprefix("Listening: ")


def test_an_empty_server_a_user_a_visit_and_the_audit(tmp_path: Path) -> None:
    data = tmp_path / "data"
    with running("--data", data) as (program, lines):
        assert [line.split(":")[0] for line in lines] == ["One-time set-up code", "Listening"]
        address = address_of(lines)
        assert address.startswith("http://127.0.0.1:")
        assert stat.S_IMODE(data.stat().st_mode) == 0o700
        assert stat.S_IMODE((data / "server.key").stat().st_mode) == 0o600
        health = httpx.get(f"{address}/v1/health").json()
        assert health == {"status": "ok", "is_demonstration": False, "has_accounts": False}
        added = run("add-user", "--data", data, *USER, typed="correct horse\n")
        assert (added.code, added.out.split()[0]) == (0, "person")
        visit = run("add-visit", "--data", data, *VISIT, "--starts-at", "now")
        assert [line.split()[0] for line in visit.out.splitlines()] == ["patient", "visit"]
        assert httpx.get(f"{address}/v1/health").json()["has_accounts"] is True
        with pytest.raises(Rejected) as caught:
            serve(ServerSettings(data=data, port=0), tell=lines.append)
        assert caught.value.code is Code.STORE_IN_USE
        program.kill()  # nothing that was answered is lost
        program.wait(timeout=20)
    with running("--data", data) as (program, lines):
        assert [line.split(":")[0] for line in lines] == ["Listening"]  # no code any more
        assert httpx.get(f"{address_of(lines)}/v1/health").json()["has_accounts"] is True
        program.send_signal(signal.SIGINT)
        assert program.wait(timeout=20) == 0
        assert program.stderr is not None
        assert program.stderr.read() == ""


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("\nRichard\n1938-02-11\n77001\n\n\n", "family name"),
        ("Roe\n \n1938-02-11\n77001\n\n\n", "given name"),
        ("Roe\nRichard\n1938-02-11\n\n\n\n", "record number"),
        ("Roe\nRichard\n2099-01-01\n77001\n\n\n", "lies in the past"),
        ("Roe\nRichard\n1838-02-11\n77001\n\n\n", "lies in the past"),
    ],
)
def test_half_a_patient_is_refused(tmp_path: Path, typed: str, said: str) -> None:
    refused = run("add-visit", "--data", tmp_path, "--starts-at", "now", typed=typed)
    assert refused.code == 2
    assert said in refused.err
    assert not (tmp_path / "bedside.db").exists()


def test_the_folder_may_be_named_before_the_command(tmp_path: Path) -> None:
    folder = tmp_path / "elsewhere"
    added = run("--data", folder, "add-user", *USER, typed=f"{PASSWORD}\n")
    assert added.code == 0
    assert (folder / "bedside.db").exists()
    verified = run("--data", folder, "verify-audit")
    assert verified.out.startswith("audit: 2 events")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--port", "99999"), "0 to 65535"),
        (("add-visit", "--starts-at", "tomorrow"), "a time is written"),
        (("verify-audit", "--witness", "foo"), "COUNT:DIGEST"),
        (("add-user", "--username", "  ", "--name", "X", "--role", "presenter"), "user name"),
        (("add-user", "--username", "x", "--name", "", "--role", "presenter"), "a name"),
    ],
)
def test_what_does_not_fit_is_told_by_its_form(
    tmp_path: Path, arguments: tuple[str, ...], said: str
) -> None:
    told = run("--data", tmp_path / "none", *arguments, typed="long enough\n")
    assert told.code == 2
    assert said in told.err
    assert "Traceback" not in told.err


def test_one_record_number_is_one_patient(tmp_path: Path) -> None:
    add = ("add-visit", "--data", tmp_path, "--starts-at", "now")
    first = run(*add, typed="Roe\nRichard\n1938-02-11\n77 001\n\n\n")
    again = run(*add, typed="ROE\nRichard\n1938-02-11\n77 001\n\n\n")
    assert again.out.splitlines()[0] == first.out.splitlines()[0]  # the same patient
    assert again.out.splitlines()[1] != first.out.splitlines()[1]  # another visit
    for other in ("Doe\nRichard\n1938-02-11", "Roe\nRichard\n1938-02-12"):
        refused = run(*add, typed=f"{other}\n77 001\n\n\n")
        assert refused.code == 2
        assert "another patient has this record number" in refused.err


def test_a_patient_is_asked_for_on_standard_input(tmp_path: Path) -> None:
    """Everybody on a machine can read the arguments of its programs."""
    typed = "Roe\nRichard\n1938-02-11\n77001\npenicillin\n\n"
    added = run("add-visit", "--data", tmp_path, "--starts-at", "now", typed=typed)
    assert [line.split()[0] for line in added.out.splitlines()] == ["patient", "visit"]
    database = sqlite3.connect(tmp_path / "bedside.db")
    found = database.execute("SELECT document FROM records").fetchall()
    database.close()
    patient = next(text for (text,) in found if "Roe" in text)
    assert all(part in patient for part in ("Richard", "1938-02-11", "77001", "penicillin"))
    wrong = run("add-visit", "--data", tmp_path, "--starts-at", "now", typed="Roe\nR\nsoon\n1\n")
    assert wrong.code == 2
    assert "YYYY-MM-DD" in wrong.err and "soon" not in wrong.err


def test_the_audit_is_verified_by_command(tmp_path: Path) -> None:
    run("add-user", "--data", tmp_path, *USER, typed="correct horse\n")
    run("add-visit", "--data", tmp_path, *VISIT, "--starts-at", "2026-11-21T14:00")
    found = run("verify-audit", "--data", tmp_path)
    assert (found.code, found.out.splitlines()[-1]) == (0, "sound")
    _, count, _, _, digest = found.out.splitlines()[0].split()
    assert count == "5"
    assert run("verify-audit", "--data", tmp_path, "--witness", f"5:{digest}").code == 0
    for wrong in (f"6:{digest}", f"4:{digest}", f"5:{'0' * 64}"):
        told = run("verify-audit", "--data", tmp_path, "--witness", wrong)
        assert (told.code, told.out.splitlines()[-1]) == (1, "NOT SOUND")
    assert run("verify-audit", "--data", tmp_path, "--witness", "3:abc").code == 2


def test_what_is_typed_wrongly_is_told_in_a_sentence(tmp_path: Path) -> None:
    short = run("add-user", "--data", tmp_path, *USER, typed="short\n")
    assert (short.code, short.err) == (2, "bedside server: a password has at least 8 characters\n")
    assert run("add-user", "--data", tmp_path, *USER, typed="long enough\n").code == 0
    taken = run("add-user", "--data", tmp_path, *USER, typed="long enough\n")
    assert (taken.code, "taken" in taken.err) == (2, True)
    nothing = run("verify-audit", "--data", tmp_path / "nothing")
    assert nothing.code == 2
    assert "there is no database" in nothing.err


def on_a_terminal(*words: str | Path, answers: list[str]) -> Said:
    """A command on a terminal of its own; an answer is typed whenever it asks. All it shows."""
    ours, theirs = os.openpty()
    take = "import os, sys; os.login_tty(0); os.execv(sys.argv[1], sys.argv[1:])"
    program = subprocess.Popen(
        [sys.executable, "-c", take, *COMMAND, *map(str, words)],
        cwd=ROOT,
        stdin=theirs,
    )
    os.close(theirs)
    shown, asked = "", 0
    try:
        with suppress(OSError):  # Linux tells the end of a terminal so
            while select.select([ours], [], [], 20)[0] and (data := os.read(ours, 4096)):
                shown += data.decode()
                while asked < min(shown.count(": "), len(answers)):
                    os.write(ours, f"{answers[asked]}\n".encode())
                    asked += 1
        code = program.wait(timeout=5)
    finally:
        program.kill()
        program.wait(timeout=20)
        os.close(ours)
    return Said(code, shown, "")


def test_a_password_typed_on_a_terminal_is_asked_twice_and_never_shown(tmp_path: Path) -> None:
    words = ("add-user", "--data", tmp_path, *USER)
    unlike = on_a_terminal(*words, answers=["correct horse", "correct hoarse"])
    assert (unlike.code, "not the same" in unlike.out) == (2, True)
    given_up = on_a_terminal(*words, answers=["\x04"])
    assert (given_up.code, "Traceback" in given_up.out) == (2, False)
    added = on_a_terminal(*words, answers=["correct horse", "correct horse"])
    assert added.code == 0, added.out
    assert added.out.count("assword") == 2
    assert "person" in added.out
    for said in (unlike, added):
        assert "correct" not in said.out


async def test_the_mark_demonstration_stays_in_the_database(tmp_path: Path) -> None:
    added = run("add-user", "--data", tmp_path, *USER, "--demonstration", typed=f"{PASSWORD}\n")
    assert added.code == 0
    async with clinic_in(tmp_path) as clinic:
        assert (await clinic.client().get("/v1/health")).json()["is_demonstration"] is True
        desk = await clinic.sign_in("dr-lin", Role.CLINICIAN)
        assert desk.signed_in["is_demonstration"] is True


def test_a_real_database_is_never_marked(tmp_path: Path) -> None:
    assert run("add-user", "--data", tmp_path, *USER, typed="long enough\n").code == 0
    with pytest.raises(Rejected, match="is no demonstration"):
        open_folder(ServerSettings(data=tmp_path, is_demonstration=True))


@pytest.mark.parametrize("host", ["0.0.0.0", "192.0.2.1", "::", "clinic.example"])
def test_plain_http_is_for_loopback_only(tmp_path: Path, host: str) -> None:
    with pytest.raises(Rejected) as caught:
        ServerSettings(data=tmp_path, host=host)
    assert caught.value.code is Code.PLAIN_HTTP_REFUSED
    cert, key = tmp_path / "cert", tmp_path / "key"
    assert ServerSettings(data=tmp_path, host=host, tls_cert=cert, tls_key=key).host == host
    with pytest.raises(Rejected):
        ServerSettings(data=tmp_path, tls_cert=cert)


def test_the_program_refuses_plain_http_to_others(tmp_path: Path) -> None:
    refused = run("--data", tmp_path, "--host", "0.0.0.0")
    assert refused.code == 2
    assert "--tls-cert" in refused.err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.9.1", "::1", "localhost"])
def test_what_loopback_is(host: str) -> None:
    assert is_loopback(host)


def test_tls_of_today_only(tmp_path: Path) -> None:
    cert, key = _certificate(tmp_path)
    data = tmp_path / "data"
    with running("--data", data, "--tls-cert", cert, "--tls-key", key) as (_, lines):
        address = address_of(lines)
        assert address.startswith("https://127.0.0.1:")
        trusting = ssl.create_default_context(cafile=str(cert))
        assert httpx.get(f"{address}/v1/health", verify=trusting).status_code == 200
        with pytest.raises(httpx.ConnectError):
            httpx.get(f"{address}/v1/health")
        old = ssl.create_default_context(cafile=str(cert))
        old.set_ciphers("DEFAULT:@SECLEVEL=0")  # this side would; the server must not
        with pytest.warns(DeprecationWarning):
            old.minimum_version = old.maximum_version = ssl.TLSVersion.TLSv1_1
        port = int(address.rsplit(":", 1)[1])
        with socket.create_connection(("127.0.0.1", port), timeout=5) as plain:
            with pytest.raises((ssl.SSLError, ConnectionError)):
                old.wrap_socket(plain, server_hostname="127.0.0.1")


def test_a_certificate_that_is_none_is_told(tmp_path: Path) -> None:
    broken = tmp_path / "broken.pem"
    broken.write_text("nothing")
    settings = ServerSettings(data=tmp_path, port=0, tls_cert=broken, tls_key=broken)
    with pytest.raises(Rejected, match="cannot be used"):
        serve(settings, tell=print)


def test_a_port_in_use_is_told(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(OSError, match="cannot listen") as caught:
            serve(ServerSettings(data=tmp_path, port=port), tell=print)
    assert caught.value.filename == f"127.0.0.1:{port}"


def test_a_database_without_its_key_is_not_given_a_new_one(tmp_path: Path) -> None:
    settings = ServerSettings(data=tmp_path)
    open_folder(settings)
    key = tmp_path / "server.key"
    right = key.read_bytes()
    for wrong in (None, os.urandom(32), b"short"):
        key.unlink()
        if wrong is not None:
            key.write_bytes(wrong)
        with pytest.raises(Untrusted) as caught:
            open_folder(settings)
        assert caught.value.code is Code.SERVER_UNTRUSTED
        key.write_bytes(wrong or right)
    key.write_bytes(right)
    open_folder(settings)


def _certificate(folder: Path) -> tuple[Path, Path]:
    """One that signs itself, for 127.0.0.1."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "bedside test")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(minutes=5))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]),
            critical=False,
        )
        .sign(key, SHA256())
    )
    cert_path, key_path = folder / "cert.pem", folder / "key.pem"
    cert_path.write_bytes(certificate.public_bytes(Encoding.PEM))
    key_path.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return cert_path, key_path


def test_clinics_and_care_teams_are_kept_by_command(tmp_path: Path) -> None:
    data = ("--data", tmp_path)
    run("add-user", *data, *USER, typed=f"{PASSWORD}\n")
    said = run("add-scope", *data, "--kind", "clinic", "--name", "Hill Road").out
    hill = said.removeprefix("scope ").strip()
    assert run("add-scope", *data, "--kind", "clinic", "--name", "Hill Road").code == 2
    typed = "Roe\nRichard\n1938-02-11\n77001\n\n\n"
    added = run("add-visit", *data, "--starts-at", "now", "--clinic", hill, typed=typed).out
    patient = added.split()[1]
    username = USER[USER.index("--username") + 1]
    assert run("enter-scope", *data, "--scope", hill, "--person", username).code == 0
    told = run("scopes", *data).out.splitlines()
    assert [line.split(" ", 2)[2] for line in told] == [
        "Clinic: 1 people, 0 patients",
        "Hill Road: 1 people, 1 patients",
    ]
    last = run("leave-scope", *data, "--scope", hill, "--patient", patient)
    assert (last.code, "nobody would see" in last.err) == (2, True)
    for wrong in (("--person", "nobody"), ("--patient", str(new_id()))):
        assert run("enter-scope", *data, "--scope", hill, *wrong).code == 2
    assert run("leave-scope", *data, "--scope", hill, "--person", username).code == 0
    assert run("verify-audit", *data).code == 0
