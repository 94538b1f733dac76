"""The way in for desks of the site: a listening socket with a certificate that lives as long as it.

Nobody is known before they have proven themselves: strangers are few at once and soon gone, and
whoever fails again and again is not let in for a while. It reads nothing and proves nothing.
"""

import os
import socket
import ssl
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from app.domain.clock import Clock
from app.domain.failures import Code, Unavailable

MOST_CONNECTIONS = 16
MOST_UNPROVEN = 8
MOST_UNPROVEN_OF_ONE = 4
MOST_FAILURES, FAILURES_WITHIN_S = 10, 30.0
MOST_ADDRESSES = 256  # whose failures are remembered
CERTIFICATE_LASTS = timedelta(days=366)

Place = tuple[Any, ...]  # a socket address


@dataclass(slots=True)
class _Guest:
    socket: socket.socket
    is_proven: bool = False


class Guests:
    """Who came in by the door and is still here; `dialled`: connections that we began ourselves."""

    def __init__(self, clock: Clock, dialled: Callable[[], int]) -> None:
        self._clock = clock
        self._dialled = dialled
        self._here: dict[Place, _Guest] = {}
        self._failures: dict[str, deque[float]] = {}  # in the order of who failed last

    def admit(self, guest: socket.socket, place: Place) -> bool:
        self._count_out()
        unproven = [place for place, each in self._here.items() if not each.is_proven]
        of_one = [each for each in unproven if each[0] == place[0]]
        if (
            self.is_full
            or len(unproven) >= MOST_UNPROVEN
            or len(of_one) >= MOST_UNPROVEN_OF_ONE
            or self._failed_lately(place[0]) >= MOST_FAILURES
        ):
            return False
        self._here[place] = _Guest(guest)
        return True

    @property
    def is_full(self) -> bool:
        return len(self._here) + self._dialled() >= MOST_CONNECTIONS

    def has_proven(self, place: Place) -> None:
        if place in self._here:
            self._here[place].is_proven = True

    def see_out(self) -> None:
        """Whoever is still being greeted need not be waited for."""
        for guest in self._here.values():
            if guest.socket.fileno() != -1:
                try:
                    guest.socket.shutdown(socket.SHUT_RDWR)
                except OSError:
                    pass  # it has left by itself

    def _count_out(self) -> None:
        """A socket that is closed has no number any more; who left unproven has failed."""
        for place, guest in list(self._here.items()):
            if guest.socket.fileno() == -1:
                del self._here[place]
                if not guest.is_proven:
                    self._note_failure(place[0])

    def _note_failure(self, address: str) -> None:
        failures = self._failures.pop(address, deque(maxlen=MOST_FAILURES))
        failures.append(self._clock.monotonic())
        self._failures[address] = failures
        if len(self._failures) > MOST_ADDRESSES:
            del self._failures[next(iter(self._failures))]

    def _failed_lately(self, address: str) -> int:
        since = self._clock.monotonic() - FAILURES_WITHIN_S
        return sum(at > since for at in self._failures.get(address, ()))


class Door(socket.socket):
    """What `guests` does not admit is closed before a byte of it is read."""

    guests: Guests

    def accept(self) -> tuple[socket.socket, Any]:
        while True:
            guest, place = super().accept()
            if self.guests.admit(guest, place):
                return guest, place
            guest.close()


def open_door(guests: Guests, address: str | None) -> Door:
    """On a free port of this address of ours, of all when None. Unavailable: PORT_TAKEN."""
    refusal: OSError | None = None
    for family, host in _places(address):
        try:
            door = Door(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        except OSError as error:
            refusal = error
            continue
        try:
            if family == socket.AF_INET6:
                door.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, int(address is not None))
            door.bind((host, 0))
        except OSError as error:
            door.close()
            refusal = error
            continue
        door.guests = guests
        door.setblocking(False)
        return door
    raise Unavailable(Code.PORT_TAKEN, "near") from refusal


def _places(address: str | None) -> list[tuple[socket.AddressFamily, str]]:
    if address is None:
        return [(socket.AF_INET6, "::"), (socket.AF_INET, "0.0.0.0")]
    return [(socket.AF_INET6 if ":" in address else socket.AF_INET, address)]


def listener_tls(clock: Clock) -> tuple[ssl.SSLContext, bytes]:
    """TLS with a certificate made now, and that certificate (DER): the proof speaks of it."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "bedside near")])
    now = clock.now()
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - CERTIFICATE_LASTS)
        .not_valid_after(now + CERTIFICATE_LASTS)
        .sign(key, SHA256())
    )
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    _load(context, certificate.public_bytes(Encoding.PEM) + private)
    return context, certificate.public_bytes(Encoding.DER)


def dialler_tls() -> ssl.SSLContext:
    """Takes any certificate: which one it was is part of what both sides prove afterwards."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def _load(context: ssl.SSLContext, chain: bytes) -> None:
    """OpenSSL takes a key from a file only: this one has no name and is on no disk (memfd)."""
    file = os.memfd_create("near", os.MFD_CLOEXEC)
    try:
        os.write(file, chain)
        context.load_cert_chain(f"/proc/self/fd/{file}")
    finally:
        os.close(file)
