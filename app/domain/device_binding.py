"""Which instrument speaks on which port, and when a person must say so. Pure rules.

A port is known by what its USB adapter tells of itself. A cheap adapter has no number of its own:
the same one at another place may carry another instrument, so a person is asked.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from app.domain.device import DeviceKind, DeviceStatus, Evidence
from app.domain.failures import Code
from app.domain.measurement import Measurement

# Numbers that whole series of adapters carry alike: they tell two of them as little apart as none.
SHARED_NUMBERS = frozenset({"1", "0001", "00000001", "123456", "12345678", "0123456789", "n/a"})


@dataclass(frozen=True, slots=True)
class PortIdentity:
    """What an adapter tells of itself; all empty for a port that is built in."""

    vendor_id: int | None = None
    product_id: int | None = None
    serial_number: str = ""
    place: str = ""  # the socket it is plugged into, as the system counts them

    @property
    def is_usb(self) -> bool:
        return self.vendor_id is not None

    @property
    def own_number(self) -> str:
        """Empty when it has none, or one that others have, too."""
        number = self.serial_number.strip()
        is_shared = number.lower() in SHARED_NUMBERS or len(set(number)) <= 1
        return "" if is_shared else number


@dataclass(frozen=True, slots=True)
class SeenPort:
    """A port as it is there now. `path` may be another one after the next plugging in."""

    path: str
    identity: PortIdentity = PortIdentity()
    description: str = ""


@dataclass(frozen=True, slots=True)
class Binding:
    """A person said: the instrument of this kind speaks `driver` behind this adapter."""

    kind: DeviceKind
    driver: str
    identity: PortIdentity
    path: str  # where it was seen last


@dataclass(frozen=True, slots=True)
class NamedInstrument:
    """Of the command line: a port by its name, whatever adapter it is. Kept nowhere."""

    kind: DeviceKind
    path: str
    driver: str


class Match(StrEnum):
    SAME = "same"
    ASK = "ask"  # it may be, and only a person can tell
    OTHER = "other"


def match(binding: Binding, port: SeenPort) -> Match:
    """Whether the instrument of this binding is behind this port."""
    known, seen = binding.identity, port.identity
    if (known.vendor_id, known.product_id) != (seen.vendor_id, seen.product_id):
        return Match.OTHER
    if not known.is_usb:  # built in: it cannot be carried to another place
        return Match.SAME if binding.path == port.path else Match.OTHER
    if known.own_number or seen.own_number:
        return Match.SAME if known.own_number == seen.own_number else Match.OTHER
    is_in_place = known.place != "" and known.place == seen.place
    return Match.SAME if is_in_place else Match.ASK


@dataclass(frozen=True, slots=True)
class PortQuestion:
    """Is the instrument of this binding now behind that port?"""

    binding: Binding
    port: SeenPort


@dataclass(frozen=True, slots=True)
class Assignment:
    taken: tuple[tuple[Binding, SeenPort], ...] = ()
    questions: tuple[PortQuestion, ...] = ()
    free: tuple[SeenPort, ...] = ()  # no instrument is known to be there

    def port_of(self, kind: DeviceKind) -> SeenPort | None:
        return next((port for binding, port in self.taken if binding.kind is kind), None)


def assign(
    bindings: Iterable[Binding],
    ports: Iterable[SeenPort],
    declined: frozenset[PortQuestion] = frozenset(),
) -> Assignment:
    """Ports to instruments. Where two ports could be meant nobody is taken: a person is asked."""
    every, left = tuple(bindings), list(ports)
    taken: list[tuple[Binding, SeenPort]] = []
    unsure: list[PortQuestion] = []
    for binding in every:
        same = [port for port in left if match(binding, port) is Match.SAME]
        if len(same) == 1:
            taken.append((binding, same[0]))
            left.remove(same[0])
        else:
            unsure += [PortQuestion(binding, port) for port in same]
    found = {binding.kind for binding, _ in taken}
    for binding in every:
        if binding.kind not in found:
            unsure += [
                PortQuestion(binding, port) for port in left if match(binding, port) is Match.ASK
            ]
    asked = tuple(one for one in unsure if one.port in left and one not in declined)
    return Assignment(tuple(taken), asked, tuple(left))


def bound(bindings: Iterable[Binding], new: Binding) -> tuple[Binding, ...]:
    """One instrument of a kind, and one instrument behind an adapter: the newest word counts."""
    kept = (
        one
        for one in bindings
        if one.kind is not new.kind and (one.identity, one.path) != (new.identity, new.path)
    )
    return (*kept, new)


def forgotten(bindings: Iterable[Binding], kind: DeviceKind) -> tuple[Binding, ...]:
    return tuple(one for one in bindings if one.kind is not kind)


# --- what the screen is told ---------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class KnownModel:
    """One that we have a driver for; `line` is how its serial line is set, "9600 8N1"."""

    driver: str
    kind: DeviceKind
    model: str
    evidence: Evidence
    line: str


class Answer(StrEnum):
    """What came of a handshake; each has a sentence."""

    ANSWERED = "answered"
    LISTENING = "listening"  # the line is open; such a device speaks only when it has measured
    UNREADABLE = "unreadable"  # bytes came, and none of them are of this device
    SILENT = "silent"
    MISSING = "missing"
    BUSY = "busy"  # another program has the port
    UNUSABLE = "unusable"


@dataclass(frozen=True, slots=True)
class Tried:
    """A handshake. What the device told meanwhile belongs to no visit, and is not lost."""

    answer: Answer
    told: tuple[Measurement, ...] = ()


@dataclass(frozen=True, slots=True)
class InstrumentsState:
    """What is known of this desk's serial instruments. `can_forget`: those that a person bound."""

    devices: tuple[DeviceStatus, ...] = ()
    can_forget: tuple[DeviceKind, ...] = ()
    free: tuple[SeenPort, ...] = ()
    questions: tuple[PortQuestion, ...] = ()
    models: tuple[KnownModel, ...] = ()
    code: Code | None = None  # why what was bound earlier is not known or not kept
