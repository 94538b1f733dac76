"""Three real places (clinician, cart, server) on a line of 100 ms that is cut, and joined anew.

Nobody does anything: media come back by themselves, in the same visit. Needs root.
"""

import json
import os
import secrets
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

import pytest

from app.domain.access import Role
from demo.certificates import Certificates
from demo.desk import ROOT
from tests.unproven import unproven
from tests.whole.star_relay import inside_of

CLINICIAN, CART, SERVER = 0, 1, 2
ONE_WAY_MS = 50
LIMIT_S = 30.0
SERVER_ADDRESS = f"10.98.{SERVER}.2"
PASSWORD = secrets.token_urlsafe(12)


class Program:
    """A child whose lines of JSON are read as they come."""

    def __init__(self, *words: str, typed: str = "") -> None:
        self.process = subprocess.Popen(
            words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT
        )
        self.lines: list[str] = []
        assert self.process.stdin is not None
        self.process.stdin.write(typed)
        self.process.stdin.flush()
        self._reading = threading.Thread(target=self._read, daemon=True)
        self._reading.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.lines.append(line)

    def told(self) -> list[dict[str, object]]:
        return [json.loads(line) for line in tuple(self.lines) if line.startswith("{")]

    def newest(self, field: str) -> float:
        return float(str(next((w[field] for w in reversed(self.told()) if field in w), 0.0)))

    def ends(self) -> None:
        self.process.terminate()
        self.process.wait(10)
        self._reading.join(10)
        for pipe in (self.process.stdin, self.process.stdout):
            assert pipe is not None
            pipe.close()


def until(is_so: Callable[[], object], what: str, limit_s: float = LIMIT_S) -> None:
    began = time.monotonic()
    while not is_so():
        assert time.monotonic() - began < limit_s, f"{what}: not within {limit_s} s"
        time.sleep(0.01)


class Places:
    def __init__(
        self, folder: Path, house: ExitStack, *words_of_clinician: str, both: tuple[str, ...] = ()
    ) -> None:
        self._names = [f"back{os.getpid()}{letter}" for letter in "abs"]
        self._last = {CLINICIAN: 2, CART: 2}  # what each one's address ends in
        for name in self._names:
            subprocess.run(["ip", "netns", "add", name], check=True)
            house.callback(subprocess.run, ["ip", "netns", "delete", name], check=True)
        python = (sys.executable, "-m")
        self.relay = Program(*python, "tests.whole.star_relay", str(ONE_WAY_MS), *self._names)
        house.callback(self.relay.ends)
        until(lambda: self.relay.lines, "the relay")
        certificates = Certificates(folder, (SERVER_ADDRESS,))
        data = ("--data", str(folder / "server"))
        for username, role in (("dr-lin", Role.CLINICIAN), ("nurse-kim", Role.PRESENTER)):
            words = ("add-user", "--username", username, "--name", username, "--role", role)
            self._run("server", *words, *data, typed=PASSWORD + "\n")
        said = self._run(
            *("server", "add-visit", "--starts-at", datetime.now(UTC).isoformat(), *data),
            typed="Doe\nAnn\n1950-01-01\n1\n\n\n",
        )
        self.visit = said.split("visit ")[1].split()[0]
        tls = ("--tls-cert", str(certificates.certificate), "--tls-key", str(certificates.key))
        server = self._at(SERVER, "server", *data, "--host", SERVER_ADDRESS, "--port", "8470", *tls)
        house.callback(server.ends)
        until(lambda: any("Listening" in line for line in server.lines), "the server")
        self.desks = []
        for place, role, username in (
            (CLINICIAN, Role.CLINICIAN, "dr-lin"),
            (CART, Role.PRESENTER, "nurse-kim"),
        ):
            url = f"https://{SERVER_ADDRESS}:8470"
            more = (*both, *(words_of_clinician if place == CLINICIAN else ()))
            given = (role, url, username, self.visit, str(certificates.authority), *more)
            desk = self._at(place, "tests.whole.called_desk", *given, typed=PASSWORD + "\n")
            house.callback(desk.ends)
            self.desks.append(desk)

    def _run(self, *words: str, typed: str) -> str:
        run = [sys.executable, "-m", *words]
        return subprocess.run(
            run, input=typed, check=True, capture_output=True, text=True, cwd=ROOT
        ).stdout

    def _at(self, place: int, *words: str, typed: str = "") -> Program:
        inside = inside_of(self._names[place])
        return Program(*inside, sys.executable, "-m", *words, typed=typed)

    def line(self, word: str, *places: int) -> float:
        """`cut` or `heal`; when it was said."""
        assert self.relay.process.stdin is not None
        self.relay.process.stdin.write("".join(f"{word} {place}\n" for place in places))
        self.relay.process.stdin.flush()
        return time.monotonic()

    def moves(self, place: int) -> float:
        """To another address; when that was done."""
        name, last = self._names[place], self._last[place]
        self._last[place] += 1
        for words in (
            f"address delete 10.98.{place}.{last}/24 dev line0",
            f"address add 10.98.{place}.{last + 1}/24 dev line0",
            "route add default dev line0",
        ):
            subprocess.run([*inside_of(name), "ip", *words.split()], check=True)
        return time.monotonic()

    def until_heard(self, since: float, limit_s: float = LIMIT_S) -> float:
        """Seconds until both have picture and voice that were heard after `since`."""

        def heard_at() -> float:
            return max(desk.newest(kind) for desk in self.desks for kind in ("picture", "voice"))

        def first_after() -> list[float]:
            return [
                next(
                    (
                        float(str(word[kind]))
                        for word in desk.told()
                        if float(str(word.get(kind, 0))) > since
                    ),
                    0.0,
                )
                for desk in self.desks
                for kind in ("picture", "voice")
            ]

        until(lambda: heard_at() > since and all(first_after()), "media", limit_s)
        return max(first_after()) - since

    def until_live(self) -> None:
        """And for a moment already: the next cut is of a call that runs."""

        def is_live() -> bool:
            phases = [
                [word["phase"] for word in desk.told() if "phase" in word] for desk in self.desks
            ]
            return all(each[-1:] == ["live"] for each in phases)

        until(is_live, "the call")
        time.sleep(1.0)
        self.until_heard(time.monotonic())


@pytest.fixture(scope="module")
def places(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Places]:
    if os.geteuid() != 0 or not os.path.exists("/dev/net/tun"):
        unproven(RuntimeError("network namespaces and /dev/net/tun need root"))
    with ExitStack() as house:
        made = Places(tmp_path_factory.mktemp("places"), house)
        made.until_live()
        yield made


def black_hole(places: Places, seconds: float, *cut: int) -> float:
    """Seconds from the line's return until both see and hear what was sent after it."""
    places.until_live()
    places.line("cut", *cut)
    time.sleep(seconds)
    healed_at = places.line("heal", *cut)
    took_s = places.until_heard(healed_at + 2 * ONE_WAY_MS / 1000) + 2 * ONE_WAY_MS / 1000
    print(f"{seconds:.0f} s of black hole at {cut}: media back after {took_s:.2f} s")
    return took_s


def another_address(places: Places, place: int) -> float:
    places.until_live()
    moved_at = places.moves(place)
    took_s = places.until_heard(moved_at + 2 * ONE_WAY_MS / 1000) + 2 * ONE_WAY_MS / 1000
    print(f"another address at {place}: media back after {took_s:.2f} s")
    return took_s


def best_of_three(took_s: Callable[[], float], limit_s: float) -> float:
    """A busy machine spoils a try; when media do not come back as they should, none is good."""
    return next((s for s in (took_s() for _ in range(3)) if s <= limit_s), float("inf"))


def test_media_are_back_within_a_second_of_a_line_that_was_dead_for_five(places: Places) -> None:
    assert best_of_three(lambda: black_hole(places, 5, CART), 1.0) <= 1.0


def test_media_are_back_within_two_seconds_at_another_address(places: Places) -> None:
    assert best_of_three(lambda: another_address(places, CART), 2.0) <= 2.0


@pytest.mark.long
@pytest.mark.timeout(300)
@pytest.mark.parametrize("cut", [(CART,), (CLINICIAN,), (CART, CLINICIAN, SERVER)])
def test_media_are_back_within_three_seconds_of_a_line_that_was_dead_for_sixty(
    places: Places, cut: tuple[int, ...]
) -> None:
    assert black_hole(places, 60, *cut) <= 3.0


@pytest.mark.long
@pytest.mark.timeout(120)
def test_the_clinician_too_may_be_at_another_address(places: Places) -> None:
    assert another_address(places, CLINICIAN) <= 2.0
