"""`python -m server`: serves, or does by a command what whoever runs the server does by hand."""

import argparse
import getpass
import sys
from datetime import UTC, date, datetime
from pathlib import Path
from uuid import UUID

from pydantic import ValidationError

from app.contract.bodies import PatientBody, VisitBody
from app.contract.sign_in import PASSWORD_LEAST, FirstAccountIn
from app.domain.access import Role
from app.domain.audit import Witness
from app.domain.failures import Code, Failure, Rejected
from app.domain.ids import DeviceId, PersonId, new_id
from app.domain.people import Person
from app.domain.visits import VisitState
from app.runtime import log
from app.runtime.process_guard import forbid_core_dumps
from server.commands import (
    add_patient_and_visit,
    add_user,
    erase_file,
    erasures,
    readmit_device,
    remove_record,
    revoke_device,
    verify_audit,
)
from server.scope_commands import add_scope_parsers
from server.serving import serve
from server.settings import ServerSettings, default_data_folder

WRONG_USE = 2
SURE, SURE_TO_REMOVE = "ERASE", "REMOVE"
ASKED = ("family", "given", "born", "record_number", "allergies", "reason")


def main(words: list[str] | None = None) -> int:
    arguments = _parser().parse_args(words)
    forbid_core_dumps()
    try:
        return int(arguments.act(arguments))
    except Failure as failure:
        print(f"bedside server: {failure.what or failure.code}", file=sys.stderr)
    except ValidationError as error:
        fields = sorted({str(part) for fault in error.errors() for part in fault["loc"]})
        print(f"bedside server: does not fit: {', '.join(fields)}", file=sys.stderr)
    except OSError as error:
        print(f"bedside server: {error.strerror}: {error.filename}", file=sys.stderr)
    return WRONG_USE


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m server", description=__doc__)
    _add_data(parser, default_data_folder(), is_demonstration=False)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=_port, default=8470, help="0: any free one")
    parser.add_argument("--tls-cert", type=Path, help="certificate chain (PEM)")
    parser.add_argument("--tls-key", type=Path, help="its private key (PEM)")
    parser.add_argument(
        "--relay",
        action="append",
        default=[],
        metavar="URL",
        help="of media: turn:HOST, turn:HOST:PORT?transport=tcp or turns:HOST; may be said again",
    )
    parser.add_argument(
        "--relay-secret", type=Path, metavar="FILE", help="the relays' static-auth-secret"
    )
    parser.add_argument(
        "--lease-hours",
        type=float,
        metavar="HOURS",
        help="so long a machine may work without the server, 1 to 72 (default: 72)",
    )
    parser.add_argument("--lost-after", type=float, metavar="SECONDS", help=argparse.SUPPRESS)
    parser.add_argument("--seat-kept", type=float, metavar="SECONDS", help=argparse.SUPPRESS)
    parser.set_defaults(act=_serve)
    commands = parser.add_subparsers(metavar="COMMAND")
    _add_user_parser(
        commands.add_parser(
            "add-user", help="asks for the password, or reads it from standard input"
        )
    )
    _add_visit_parser(
        commands.add_parser(
            "add-visit", help="a new patient and a booked visit; what is not given is asked"
        )
    )
    _add_device_parsers(commands)
    add_scope_parsers(commands, _add_data)
    verify = commands.add_parser("verify-audit", help="exit 0 when the whole chain holds")
    _add_data(verify)
    verify.add_argument(
        "--witness", action="append", default=[], type=_witness, metavar="COUNT:DIGEST"
    )
    verify.set_defaults(act=_verify)
    _add_erasing_parsers(commands)
    return parser


def _add_erasing_parsers(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    erasing = commands.add_parser(
        "erase-file", help="destroy a record's file and its key for good; asks before it does"
    )
    _add_data(erasing)
    erasing.add_argument("--record", required=True, type=UUID, help="the record's id")
    erasing.set_defaults(act=_erase_file)
    removing = commands.add_parser(
        "remove-record",
        help="take out what was entered in error, with what hangs on it; asks before it does",
    )
    _add_data(removing)
    removing.add_argument("--record", required=True, type=UUID, help="the record's id")
    removing.set_defaults(act=_remove_record)
    told = commands.add_parser("erasures", help="what was erased, and which devices did it too")
    _add_data(told)
    told.set_defaults(act=_tell_erasures)


def _add_data(
    parser: argparse.ArgumentParser,
    folder: Path | str = argparse.SUPPRESS,
    *,
    is_demonstration: bool | str = argparse.SUPPRESS,
) -> None:
    """Before the command or behind it. A command has no defaults of its own here: they would undo
    what was said before it."""
    parser.add_argument("--data", type=Path, default=folder, metavar="FOLDER")
    parser.add_argument(
        "--demonstration",
        action="store_true",
        default=is_demonstration,
        help="mark a new database as DEMONSTRATION",
    )


def _add_device_parsers(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    revoke = commands.add_parser(
        "revoke-device",
        help="a machine was lost: nobody works on it once it hears of this",
    )
    readmit = commands.add_parser("readmit-device", help="a revoked machine that was found again")
    for parser, act in ((revoke, _revoke_device), (readmit, _readmit_device)):
        _add_data(parser)
        parser.add_argument("device", type=UUID, metavar="DEVICE-ID")
        parser.set_defaults(act=act)
    revoke.add_argument(
        "--wipe",
        action="store_true",
        help="what it holds is made unreadable, with what it has not sent yet",
    )


def _revoke_device(arguments: argparse.Namespace) -> int:
    settings = ServerSettings(data=arguments.data.absolute())
    revoke_device(settings.database, DeviceId(arguments.device), wipes=arguments.wipe)
    return 0


def _readmit_device(arguments: argparse.Namespace) -> int:
    settings = ServerSettings(data=arguments.data.absolute())
    readmit_device(settings.database, DeviceId(arguments.device))
    return 0


def _add_user_parser(parser: argparse.ArgumentParser) -> None:
    _add_data(parser)
    parser.add_argument("--username", required=True)
    parser.add_argument("--name", required=True)
    parser.add_argument("--role", required=True, type=Role, choices=list(Role))
    parser.add_argument("--clinic", type=UUID, metavar="ID", help="default: the first one")
    parser.set_defaults(act=_add_user)


def _add_visit_parser(parser: argparse.ArgumentParser) -> None:
    _add_data(parser)
    parser.add_argument("--family")
    parser.add_argument("--given")
    parser.add_argument("--born", metavar="YYYY-MM-DD")
    parser.add_argument("--record-number")
    parser.add_argument("--starts-at", required=True, type=_instant, metavar="ISO|now")
    parser.add_argument("--allergies")
    parser.add_argument("--reason")
    parser.add_argument("--title", default="")
    parser.add_argument("--sex", default="")
    parser.add_argument("--clinic", type=UUID, metavar="ID", help="default: the first one")
    parser.set_defaults(act=_add_visit)


def _serve(arguments: argparse.Namespace) -> int:
    times = {
        name: value
        for name, value in (
            ("lost_after_s", arguments.lost_after),
            ("seat_kept_s", arguments.seat_kept),
            ("lease_hours", arguments.lease_hours),
        )
        if value is not None
    }
    settings = ServerSettings(
        data=arguments.data.absolute(),
        host=arguments.host,
        port=arguments.port,
        tls_cert=arguments.tls_cert,
        tls_key=arguments.tls_key,
        is_demonstration=arguments.demonstration,
        relays=tuple(arguments.relay),
        relay_secret=arguments.relay_secret,
        **times,
    )
    log.set_up("server")
    return serve(settings, tell=lambda line: print(line, flush=True))


def _add_user(arguments: argparse.Namespace) -> int:
    username, name = arguments.username.strip(), arguments.name.strip()
    if not (username and name):
        raise Rejected(Code.MALFORMED, "an account has a user name and a name")
    password = _ask_password()
    body = FirstAccountIn(  # the same bounds as over the wire
        setup_code="",
        username=username,
        password=password,
        name=name,
        role=arguments.role,
    )
    person = Person(PersonId(new_id()), body.name, body.role)
    settings = ServerSettings(data=arguments.data.absolute())
    is_demonstration = arguments.demonstration
    add_user(
        settings.database,
        person,
        body.username,
        password,
        is_demonstration=is_demonstration,
        clinic=arguments.clinic,
    )
    print(f"person {person.id}")
    return 0


def _ask_password() -> str:
    """On a terminal asked twice and not shown; else one line of standard input."""
    if not sys.stdin.isatty():
        return _long_enough(sys.stdin.readline().rstrip("\r\n"))
    try:
        password = getpass.getpass("Password: ")
        is_same = getpass.getpass("The same password again: ") == password
    except (EOFError, KeyboardInterrupt) as error:
        raise Rejected(Code.MALFORMED, "no password was given") from error
    if not is_same:
        raise Rejected(Code.MALFORMED, "the two passwords are not the same")
    return _long_enough(password)


def _long_enough(password: str) -> str:
    if len(password) < PASSWORD_LEAST:
        raise Rejected(Code.MALFORMED, f"a password has at least {PASSWORD_LEAST} characters")
    return password


def _ask(arguments: argparse.Namespace) -> None:
    """Line by line on standard input: everybody on a machine can read a program's arguments."""
    if None not in (arguments.family, arguments.given, arguments.born, arguments.record_number):
        return
    for name in ASKED:
        if getattr(arguments, name) is None:
            if sys.stdin.isatty():
                print(f"{name.replace('_', ' ')}: ", end="", file=sys.stderr, flush=True)
            try:
                setattr(arguments, name, sys.stdin.readline().strip())
            except KeyboardInterrupt as error:
                raise Rejected(Code.MALFORMED, "no visit was added") from error


def _add_visit(arguments: argparse.Namespace) -> int:
    _ask(arguments)
    patient = PatientBody(
        family_name=arguments.family,
        given_name=arguments.given,
        born=_day(arguments.born),
        record_number=arguments.record_number,
        title=arguments.title,
        sex=arguments.sex,
        allergies=arguments.allergies or "",
    )
    visit = VisitBody(
        patient=new_id(),
        starts_at=arguments.starts_at,
        state=VisitState.BOOKED,
        reason=arguments.reason or "",
    )
    settings = ServerSettings(data=arguments.data.absolute())
    is_demonstration = arguments.demonstration
    patient_id, visit_id = add_patient_and_visit(
        settings.database,
        patient,
        visit,
        is_demonstration=is_demonstration,
        clinic=arguments.clinic,
    )
    print(f"patient {patient_id}\nvisit {visit_id}")
    return 0


def _erase_file(arguments: argparse.Namespace) -> int:
    print(f"The file of record {arguments.record} will be erased here and at every device,")
    print("for good. Backups of the database still hold its key: they must go, too.")
    if not _is_sure(SURE):
        raise Rejected(Code.MALFORMED, "nothing was erased")
    erased = erase_file(ServerSettings(data=arguments.data.absolute()), arguments.record)
    known = "" if erased.is_news else " (ordered before)"
    print(f"erased: {erased.record_type}, {len(erased.files)} files{known}")
    return 0


def _remove_record(arguments: argparse.Namespace) -> int:
    print(f"Record {arguments.record} will be removed here and at every device, with all that")
    print("hangs on it and its files, for good. Backups of the database still hold it.")
    if not _is_sure(SURE_TO_REMOVE):
        raise Rejected(Code.MALFORMED, "nothing was removed")
    removed = remove_record(ServerSettings(data=arguments.data.absolute()), arguments.record)
    print(f"removed: {removed.records} records, {len(removed.files)} files")
    return 0


def _is_sure(word: str) -> bool:
    if sys.stdin.isatty():
        print(f"Type {word} to go on: ", end="", file=sys.stderr, flush=True)
    return sys.stdin.readline().strip() == word


def _tell_erasures(arguments: argparse.Namespace) -> int:
    told = erasures(ServerSettings(data=arguments.data.absolute()).database)
    for one in told:
        print(f"{one.at.isoformat(timespec='seconds')} {one.record}: {len(one.devices)} devices")
        for device in one.devices:
            print(f"  destroyed at {device}")
    print(f"{len(told)} erased")
    return 0


def _verify(arguments: argparse.Namespace) -> int:
    settings = ServerSettings(data=arguments.data.absolute())
    found = verify_audit(settings.database, arguments.witness)
    print(f"audit: {found.reached.count} events, digest {found.reached.digest}")
    for trigger in found.missing_guards:
        print(f"the guard {trigger} is missing: rows could be changed")
    if found.fault is not None:
        print(f"FAULT at event {found.fault.number}: {found.fault.what}")
    print("sound" if found.is_sound else "NOT SOUND")
    return 0 if found.is_sound else 1


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise Rejected(Code.MALFORMED, "a day of birth is written YYYY-MM-DD") from error


def _port(text: str) -> int:
    if not text.isdecimal() or not 0 <= int(text) <= 65_535:
        raise argparse.ArgumentTypeError(f"a port is a number from 0 to 65535, not {text!r}")
    return int(text)


def _instant(text: str) -> datetime:
    """Local time when no zone is given: whoever types it means the clinic's clock."""
    if text == "now":
        return datetime.now(UTC)
    try:
        return datetime.fromisoformat(text).astimezone(UTC)
    except ValueError as error:
        raise argparse.ArgumentTypeError(
            f"a time is written 2026-11-28T09:30 or 'now', not {text!r}"
        ) from error


def _witness(text: str) -> Witness:
    count, _, digest = text.partition(":")
    try:
        if len(bytes.fromhex(digest)) != 32:
            raise ValueError(text)
        return Witness(int(count), digest.lower())
    except ValueError as error:
        raise argparse.ArgumentTypeError(
            "a witness is COUNT:DIGEST, as --show-witness prints it"
        ) from error


if __name__ == "__main__":
    sys.exit(main())
