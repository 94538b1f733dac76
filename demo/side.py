"""One of the two sides: its program, its user, its display, its camera film and its voice.

What it knows of the product is the command line, the accessible ids and the words on the screen.
"""

import os
import random
import re
import signal
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

from demo import barcode, sound
from demo.accessibility import User
from demo.clinic import Account
from demo.desk import ROOT, Desk
from demo.picture import Colour, write_video
from demo.programs import END_LIMIT_S, Program, command_of, descendants_of, parents, run
from demo.screen import Box, Pixels, Screen
from demo.waiting import NotSo, wait_for

WINDOW_LIMIT_S, LOOK_FOR_WINDOW_S = 60.0, 2.0
SIGN_IN_LIMIT_S = 30.0
WITNESS_LIMIT_S = 60.0
LISTEN_S = 1.4  # one round of the tones
FLAT = 20.0  # spread of an area that shows words or nothing, not a picture

Boxes = tuple[Box, Box | None]  # of the far picture, and of our own that lies on it


@dataclass(frozen=True, slots=True)
class Equipment:
    """What is plugged into a side; a film or a sound of one's own replaces the synthetic one."""

    film: Path | None = None
    stethoscope: Path | None = None
    cuff: str | None = None
    exam_camera: Path | None = None


class Side:
    def __init__(
        self,
        desk: Desk,
        name: str,
        *,
        server: str,
        authority: Path,
        equipment: Equipment,
        place: Callable[[], AbstractContextManager[None]],
        chance: random.Random,
        frames_per_second: int,
    ) -> None:
        self._desk = desk
        self.name = name
        self.profile = desk.folder / f"profile-{name}"
        self.number = chance.getrandbits(32)
        self.tones = sound.new_sequence(chance)
        self.equipment = equipment
        self.user = User(name, desk.base)
        self.screen = Screen(desk.displays[name])
        self.program: Program | None = None
        self._place = place
        self._media_pid = 0
        self.has_number = equipment.film is None  # nothing is drawn into a film of one's own
        film = equipment.film or self._own_film(frames_per_second)
        self._command = [
            *(sys.executable, str(ROOT / "main.py"), "--role", name, "--server", server),
            *("--ca", str(authority), "--profile", str(self.profile), "--camera", str(film)),
            *("--name", f"Demonstration {name}"),
            *("--lock-after", "0"),  # who plays the users touches no key
        ]
        if equipment.stethoscope is not None:
            self._command += ["--stethoscope", str(equipment.stethoscope)]
        if equipment.cuff is not None:
            self._command += ["--cuff", equipment.cuff]
        if equipment.exam_camera is not None:
            self._command += ["--exam-camera", str(equipment.exam_camera)]
        self._voice = desk.folder / f"voice-{name}.wav"
        sound.write_sequence(self._voice, self.tones)

    def _own_film(self, frames_per_second: int) -> Path:
        film = self._desk.folder / f"synthetic-{self.name}.y4m"
        shirts: Mapping[str, Colour] = {"workstation": (52, 98, 150), "cart": (70, 132, 96)}
        write_video(film, self.number, self.name, shirts[self.name], frames_per_second)
        return film

    # --- the program ---------------------------------------------------------------------------

    @property
    def pid(self) -> int:
        if self.program is None:
            raise NotSo(f"the {self.name} does not run")
        return self.program.pid

    def start(self) -> None:
        """Also after a kill: the same profile. Its user finds the new window by process id."""
        environment = self._desk.environment_of(self.name)
        with self._place():
            self.program = self._desk.programs.start(self.name, self._command, environment)
        self.user.pid = self.program.pid

    def close(self) -> None:
        """As a person closes a window: asked, and waited for."""
        if self.program is not None:
            self.program.end()

    def forget(self) -> None:
        self.user.close()
        self.screen.close()

    def witness(self) -> str:
        """The newest audit digest that this profile holds; its program must have ended."""
        said = run(
            [*self._command, "--show-witness"],
            self._desk.environment_of(self.name),
            WITNESS_LIMIT_S,
        )
        found = re.search(r"^\d+:[0-9a-f]{64}$", said, re.MULTILINE)
        if found is None:
            raise NotSo(f"the {self.name} holds no witness: {said[-200:]}")
        return found[0]

    def media_pid(self) -> int:
        """The process of the call: a child of the screen, or what a killed screen left to us."""
        for pid in descendants_of(self.pid):
            if any("media.process" in word for word in command_of(pid)):
                self._media_pid = pid
                return pid
        if self._media_pid in parents():
            return self._media_pid
        raise NotSo(f"the {self.name} has no process for the call")

    def camera_pid(self) -> int:
        for pid in descendants_of(self.media_pid()):
            if any("camera_process" in word for word in command_of(pid)):
                return pid
        raise NotSo(f"the {self.name} has no camera process")

    # --- the user ------------------------------------------------------------------------------

    def sees_window(self, widget: str) -> None:
        """The first thing a started program shows; one that shows nothing tells where it stands."""
        until = time.monotonic() + WINDOW_LIMIT_S
        while True:
            try:
                self.user.sees(widget, limit_s=LOOK_FOR_WINDOW_S)
                return
            except NotSo as error:
                if self.program is None or not self.program.is_running:
                    raise NotSo(f"the {self.name} ended: {self._last_words()}") from error
                if time.monotonic() > until:
                    os.kill(self.pid, signal.SIGABRT)  # faulthandler prints every thread's stack
                    self.program.process.wait(END_LIMIT_S)
                    raise NotSo(f"{error}; it stood at: {self._last_words()}") from error

    def _last_words(self) -> str:
        return "" if self.program is None else self.program.words()[-3000:]

    def sign_in(self, account: Account) -> None:
        self.sees_window("sign-in.username")
        self.user.write("sign-in.username", account.username)
        self.user.write("sign-in.password", account.password)
        self.user.press("sign-in.submit")
        self.user.sees("status.person", account.name, limit_s=SIGN_IN_LIMIT_S)
        self.user.sees("status.server", "Server reachable", limit_s=SIGN_IN_LIMIT_S)

    def is_at(self, page: str) -> bool:
        """Whether this widget is to be seen now."""
        if self.program is None or not self.program.is_running:
            return False
        try:
            return self.user.read(page).is_showing
        except NotSo:
            return False

    def picture(self) -> Pixels:
        """The whole window, for a person to look at."""
        return self.screen.pixels(self.pid)

    # --- the far picture -----------------------------------------------------------------------

    def far_box(self) -> Boxes:
        """Where the far picture is, and our own small one that lies on it."""
        far = self.user.read("visit.far-picture").box
        if far is None or min(far[2:]) < 1:
            raise NotSo(f"the {self.name} shows no place for the far picture")
        try:
            own = self.user.read("visit.self-picture").box
        except NotSo:
            own = None
        return far, own

    def far_code(self, boxes: Boxes) -> barcode.Seen | None:
        """The number drawn into what the other side's camera sees, from this window's pixels."""
        return barcode.read(self.far_pixels(boxes))

    def far_pixels(self, boxes: Boxes) -> Pixels:
        far, own = boxes
        pixels = self.screen.pixels(self.pid, far)
        if own is not None:
            x, y = own[0] - far[0], own[1] - far[1]
            pixels[max(0, y) : y + own[3], max(0, x) : x + own[2]] = 0
        return pixels

    def far_counters(self, seconds: float, number: int) -> list[int]:
        """The different frame numbers seen in this time, in the order they were painted."""
        boxes = self.far_box()
        until = time.monotonic() + seconds
        found: list[int] = []
        while time.monotonic() < until:
            seen = self.far_code(boxes)
            if seen is not None and seen.number != number:
                raise NotSo(f"the {self.name} shows the number {seen.number:08x}")
            if seen is not None and (not found or found[-1] != seen.counter):
                found.append(seen.counter)
            time.sleep(0.01)
        return found

    def far_changes(self, seconds: float) -> int:
        """How many different pictures, of a film into which no number is drawn."""
        boxes = self.far_box()
        until = time.monotonic() + seconds
        found: set[bytes] = set()
        while time.monotonic() < until:
            pixels = self.far_pixels(boxes)[::8, ::8]
            if pixels.std() > FLAT:
                found.add((pixels // 16).tobytes())
            time.sleep(0.02)
        return len(found)

    # --- the voice -----------------------------------------------------------------------------

    def speak(self) -> Program:
        """The tones into this side's microphone, until ended."""
        return self._desk.sound.play(self.name, self._voice)

    def hears(self, tones: tuple[int, ...], limit_s: float) -> int:
        """What this side's speaker is given: how often the sequence was heard."""
        raw = self._desk.folder / f"heard-{self.name}-{os.urandom(4).hex()}.raw"
        recording = self._desk.sound.record(self.name, raw)
        try:
            wait_for(f"the {self.name} is given sound", raw.exists, 5.0)
            return wait_for(
                f"the tones {tones} reach the {self.name}",
                lambda: sound.check_sequence(raw, tones),
                limit_s,
                look_s=LISTEN_S / 4,
            )
        finally:
            recording.end()
