"""Whoever runs the server: lets the nurse and a patient into a care team and out of the clinic.

The clinician is in both, and sees everybody all the time.
"""

import random
from collections.abc import Callable
from contextlib import suppress
from uuid import UUID

from sqlalchemy import Connection

from app.domain.failures import Rejected
from app.domain.ids import PatientId
from server import scopes
from server.database import Work, _engine
from tests.fakes.time_loop import MORNING
from tests.simulation.ground import KIM, Ground

SEEN = """
SELECT DISTINCT patient FROM patient_scopes JOIN person_scopes USING (scope) WHERE person = '{}'
"""


class Operator:
    """What a command line would write, beside the server."""

    def __init__(self, ground: Ground, dice: random.Random) -> None:
        self._ground = ground
        self._dice = dice
        self._engine = _engine(ground.settings.database, begin="BEGIN IMMEDIATE")

    def close(self) -> None:
        self._engine.dispose()

    def _write(self, work: Work[str]) -> str:
        """As `write_once`, on an engine that knows its statements already."""
        with self._engine.begin() as connection:
            return work(connection)

    def moves_somebody(self) -> str:
        """A patient from the clinic into the team alone or back; or the nurse, in or out of it."""
        patient = self._dice.choice(self._ground.patients)
        is_patient = self._dice.random() < 0.6
        move = self._patient_moves(patient) if is_patient else self._nurse_moves
        return self._write(move)

    def last_moves(self) -> list[Callable[[], str]]:
        """With quiet between them: the nurse sees the first patient, and then not, or again."""
        patient, team = self._ground.patients[0], self._ground.team

        def move(said: str, *steps: Callable[[Connection, UUID], None]) -> Callable[[], str]:
            def write(connection: Connection) -> str:
                home = scopes.home_clinic(connection)
                for step in steps:
                    with suppress(Rejected):  # it is so already
                        step(connection, home)
                return said

            return lambda: self._write(write)

        nurse_comes = move(
            "the nurse comes into the team",
            lambda c, home: scopes.put_person(c, KIM.id, team, MORNING),
        )
        nurse_goes = move(
            "the nurse leaves the team",
            lambda c, home: scopes.take_person(c, KIM.id, team, MORNING),
        )
        patient_comes = move(
            "the patient comes into the clinic",
            lambda c, home: scopes.put_patient(c, patient, home, MORNING),
        )
        patient_goes = move(
            "the patient leaves the clinic",
            lambda c, home: scopes.put_patient(c, patient, team, MORNING),
            lambda c, home: scopes.take_patient(c, patient, home, MORNING),
        )
        return self._dice.choice(
            [
                [patient_goes, nurse_comes, nurse_goes],
                [patient_comes, nurse_goes, patient_goes],
                [nurse_goes, patient_goes, patient_comes],
            ]
        )

    def _patient_moves(self, patient: PatientId) -> Callable[[Connection], str]:
        def write(connection: Connection) -> str:
            home, team = scopes.home_clinic(connection), self._ground.team
            try:
                scopes.put_patient(connection, patient, team, MORNING)
                scopes.take_patient(connection, patient, home, MORNING)
            except Rejected:  # was not in the clinic
                scopes.put_patient(connection, patient, home, MORNING)
                scopes.take_patient(connection, patient, team, MORNING)
                return f"patient {patient} comes into the clinic"
            return f"patient {patient} leaves the clinic"

        return write

    def _nurse_moves(self, connection: Connection) -> str:
        try:
            scopes.take_person(connection, KIM.id, self._ground.team, MORNING)
        except Rejected:
            scopes.put_person(connection, KIM.id, self._ground.team, MORNING)
            return "the nurse comes into the team"
        return "the nurse leaves the team"
