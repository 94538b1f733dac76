"""Everything a visit needs, standing: desk, line, server, both sides and the cuff.

Opened once; several visits may be held on it, one after the other.
"""

import os
import random
import signal
from contextlib import ExitStack, nullcontext
from dataclasses import dataclass
from pathlib import Path

from demo import sound
from demo.clinic import CLINICIAN, PRESENTER, Booked, Clinic
from demo.cuff import CYCLE_S, Cuff
from demo.database_view import DatabaseView
from demo.desk import Desk
from demo.network import Network
from demo.picture import FRAMES_PER_SECOND
from demo.programs import Program
from demo.server_view import ServerView
from demo.side import Equipment, Side
from demo.waiting import NotSo

PATIENTS = (("Doe", "Jane"), ("Marsh", "Ida"), ("Quill", "Rosa"), ("Vale", "Emma"))
HEART_SOUNDS_S = 30.0


@dataclass(frozen=True, slots=True)
class Given:
    """What a person brought instead of the simulated things."""

    film: Path | None = None
    sound: Path | None = None
    cuff: str | None = None
    frames_per_second: int = FRAMES_PER_SECOND
    cuff_cycle_s: float = CYCLE_S
    exam_camera: Path | None = None


class Stage:
    """`network` is made before, because it moves this whole process."""

    def __init__(
        self,
        network: Network,
        chance: random.Random,
        given: Given | None = None,
        *,
        always_private: bool = False,
    ) -> None:
        self.network = network
        self.chance = chance
        self.given = given or Given()
        self._house = ExitStack()
        self._always_private = always_private
        self._booked = 0
        self.saboteur: Program | None = None

    def __enter__(self) -> "Stage":
        try:
            self._open()
        except BaseException:
            self._house.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._house.close()

    def _open(self) -> None:
        desk = self.desk = self._house.enter_context(Desk(always_private=self._always_private))
        self.clinic = Clinic(desk.programs, desk.folder / "server", desk.base)
        self.cuff = None
        if self.given.cuff is None:
            self.cuff = Cuff(desk.programs, desk.folder, desk.base, self.given.cuff_cycle_s)
        self.workstation = self._side("workstation", self.clinic.url, Equipment())
        self.cart = self._side("cart", self.clinic.url_for_cart, self._equipment_of_cart())
        # The windows need a second to appear; the server is made ready meanwhile.
        self.workstation.start()
        self.cart.start()
        self.clinic.open()
        self.server = ServerView(self.clinic.url, self.clinic.certificates.authority)
        self._house.callback(self.server.close)
        self.server.sign_in(CLINICIAN)
        self.database = DatabaseView(self.clinic.database)
        if not (self.server.is_demonstration() and self.database.is_demonstration()):
            raise NotSo("this server is no demonstration: nothing is shown or saved of it")

    def _equipment_of_cart(self) -> Equipment:
        heart = self.given.sound
        if heart is None:
            heart = self.desk.folder / "synthetic heart sounds.wav"
            sound.write_heart_sounds(heart, HEART_SOUNDS_S)
        cuff = self.given.cuff or (self.cuff.port if self.cuff is not None else None)
        return Equipment(
            film=self.given.film,
            stethoscope=heart,
            cuff=cuff,
            exam_camera=self.given.exam_camera,
        )

    def _side(self, name: str, server: str, equipment: Equipment) -> Side:
        side = Side(
            self.desk,
            name,
            server=server,
            authority=self.clinic.certificates.authority,
            equipment=equipment,
            place=self.network.at_cart if name == "cart" else nullcontext,
            chance=self.chance,
            frames_per_second=self.given.frames_per_second,
        )
        self._house.callback(side.forget)
        return side

    @property
    def sides(self) -> tuple[Side, Side]:
        return self.workstation, self.cart

    def sign_in(self) -> None:
        self.workstation.sign_in(CLINICIAN)
        self.cart.sign_in(PRESENTER)

    def end_sabotage(self) -> None:
        """What goes on breaking things ends, and its last victim goes on."""
        if self.saboteur is not None:
            self.saboteur.end()
            self.saboteur = None
            os.kill(self.cart.camera_pid(), signal.SIGCONT)

    def make_ready(self) -> None:
        """Both users signed in with no visit open, whatever happened before."""
        for side, account, page in (
            (self.workstation, CLINICIAN, "today.list"),
            (self.cart, PRESENTER, "cart.start-visit"),
        ):
            if side.is_at(page):
                continue
            side.close()
            side.start()
            side.sign_in(account)

    def book(self) -> Booked:
        """A further patient with a visit of today."""
        family, given = PATIENTS[self._booked % len(PATIENTS)]
        self._booked += 1
        return self.clinic.book(
            family, given, reason="Follow-up after pneumonia", allergies="Penicillin (rash)"
        )
