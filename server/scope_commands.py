"""`python -m server add-scope | scopes | enter-scope | leave-scope`: who sees whom, by hand.

People are named by their user name, patients by their id, as `add-visit` prints it: what stands in
a program's arguments can be read by everybody on the machine.
"""

import argparse
from collections.abc import Callable
from datetime import datetime
from typing import TypeVar
from uuid import UUID

from sqlalchemy import Connection

from app.domain.changes import RecordType
from app.domain.clock import SystemClock
from app.domain.failures import Code, Rejected
from app.domain.ids import PatientId, PersonId
from server import scopes
from server.accounts.store import account_named
from server.database import migrate, prepare_folder, read_once, write_once
from server.records import find_of_type
from server.scopes import ScopeKind
from server.settings import ServerSettings

ResultT = TypeVar("ResultT")


def add_scope_parsers(
    commands: "argparse._SubParsersAction[argparse.ArgumentParser]",
    add_data: Callable[[argparse.ArgumentParser], None],
) -> None:
    add = commands.add_parser("add-scope", help="a new clinic or care team")
    add.add_argument("--kind", required=True, type=ScopeKind, choices=list(ScopeKind))
    add.add_argument("--name", required=True)
    add.set_defaults(act=_add)
    told = commands.add_parser("scopes", help="clinics and care teams, and how many are in each")
    told.set_defaults(act=_tell)
    enter = commands.add_parser("enter-scope", help="a person or patient comes into one")
    enter.set_defaults(act=_enter)
    leave = commands.add_parser("leave-scope", help="a person or patient leaves one")
    leave.set_defaults(act=_leave)
    for parser in (add, told, enter, leave):
        add_data(parser)
    for parser in (enter, leave):
        parser.add_argument("--scope", required=True, type=UUID, metavar="ID")
        who = parser.add_mutually_exclusive_group(required=True)
        who.add_argument("--person", metavar="USERNAME")
        who.add_argument("--patient", type=UUID, metavar="ID")


def _add(arguments: argparse.Namespace) -> int:
    now = SystemClock().now()
    scope = _write(arguments, lambda c: scopes.add_scope(c, arguments.kind, arguments.name, now))
    print(f"scope {scope}")
    return 0


def _tell(arguments: argparse.Namespace) -> int:
    settings = ServerSettings(data=arguments.data.absolute())
    for told in read_once(settings.database, scopes.told_scopes):
        one = told.scope
        print(f"{one.id} {one.kind} {one.name}: {told.people} people, {told.patients} patients")
    return 0


def _enter(arguments: argparse.Namespace) -> int:
    return _move(arguments, scopes.put_person, scopes.put_patient)


def _leave(arguments: argparse.Namespace) -> int:
    return _move(arguments, scopes.take_person, scopes.take_patient)


def _move(
    arguments: argparse.Namespace,
    move_person: Callable[[Connection, PersonId, UUID, datetime], None],
    move_patient: Callable[[Connection, PatientId, UUID, datetime], None],
) -> int:
    now = SystemClock().now()

    def write(connection: Connection) -> None:
        if arguments.person is not None:
            move_person(connection, _person(connection, arguments.person), arguments.scope, now)
        else:
            move_patient(connection, _patient(connection, arguments.patient), arguments.scope, now)

    _write(arguments, write)
    return 0


def _person(connection: Connection, username: str) -> PersonId:
    account = account_named(connection, username)
    if account is None:
        raise Rejected(Code.NOT_FOUND, "no such user")
    return account.person.id


def _patient(connection: Connection, patient: UUID) -> PatientId:
    if find_of_type(connection, patient, RecordType.PATIENT) is None:
        raise Rejected(Code.NOT_FOUND, "no such patient")
    return PatientId(patient)


def _write(arguments: argparse.Namespace, work: Callable[[Connection], ResultT]) -> ResultT:
    settings = ServerSettings(data=arguments.data.absolute())
    prepare_folder(settings.database.parent)
    migrate(settings.database)
    return write_once(settings.database, work)
