"""Which instrument is behind which port: what is known is taken, what is not is asked."""

import itertools
from dataclasses import replace

import pytest

from app.domain.device import DeviceKind
from app.domain.device_binding import (
    Assignment,
    Binding,
    Match,
    PortIdentity,
    PortQuestion,
    SeenPort,
    assign,
    bound,
    forgotten,
    match,
)

CHEAP = PortIdentity(0x1A86, 0x7523, "", "1-2")
NUMBERED = PortIdentity(0x0403, 0x6001, "A900XYZ1", "1-3")
CUFF = Binding(DeviceKind.BLOOD_PRESSURE_CUFF, "suntech", CHEAP, "/dev/ttyUSB0")
OXIMETER = Binding(DeviceKind.OXIMETER, "nonin", NUMBERED, "/dev/ttyUSB1")


def port(identity: PortIdentity, path: str = "/dev/ttyUSB0") -> SeenPort:
    return SeenPort(path, identity, "adapter")


@pytest.mark.parametrize(
    ("binding", "seen", "expected"),
    [
        (CUFF, port(CHEAP), Match.SAME),
        (CUFF, port(CHEAP, "/dev/ttyUSB7"), Match.SAME),  # the same socket under another name
        (CUFF, port(replace(CHEAP, place="1-4")), Match.ASK),
        (CUFF, port(replace(CHEAP, place="")), Match.ASK),
        (CUFF, port(replace(CHEAP, product_id=0x5523)), Match.OTHER),
        (CUFF, port(replace(CHEAP, serial_number="A9")), Match.OTHER),
        (CUFF, port(PortIdentity()), Match.OTHER),
        (OXIMETER, port(replace(NUMBERED, place="2-1")), Match.SAME),
        (OXIMETER, port(replace(NUMBERED, serial_number="A900XYZ2")), Match.OTHER),
        (OXIMETER, port(replace(NUMBERED, serial_number="")), Match.OTHER),
    ],
)
def test_a_port_is_known_by_what_its_adapter_tells(
    binding: Binding, seen: SeenPort, expected: Match
) -> None:
    assert match(binding, seen) is expected


@pytest.mark.parametrize("number", ["0001", "00000000", "", "1", "0123456789", "AAAA", " "])
def test_a_number_that_all_of_a_series_carry_is_none(number: str) -> None:
    shared = replace(CHEAP, serial_number=number)
    assert shared.own_number == ""
    here = replace(CUFF, identity=shared)
    assert match(here, port(shared)) is Match.SAME
    assert match(here, port(replace(shared, place="1-4"))) is Match.ASK


def test_a_port_that_is_built_in_is_known_by_its_name() -> None:
    built_in = Binding(DeviceKind.SCALE, "scale", PortIdentity(), "/dev/ttyS0")
    assert match(built_in, port(PortIdentity(), "/dev/ttyS0")) is Match.SAME
    assert match(built_in, port(PortIdentity(), "/dev/ttyS1")) is Match.OTHER


def test_what_is_known_is_taken_and_the_rest_is_free() -> None:
    here, there = port(CHEAP), port(NUMBERED, "/dev/ttyUSB1")
    stranger = port(PortIdentity(0x10C4, 0xEA60, "77", "1-9"), "/dev/ttyUSB2")
    found = assign((CUFF, OXIMETER), (stranger, there, here))
    assert found.taken == ((CUFF, here), (OXIMETER, there))
    assert found.questions == ()
    assert found.free == (stranger,)
    assert found.port_of(DeviceKind.OXIMETER) == there
    assert found.port_of(DeviceKind.SCALE) is None


def test_a_cheap_adapter_elsewhere_is_asked_about_and_not_taken() -> None:
    moved = port(replace(CHEAP, place="1-4"))
    question = PortQuestion(CUFF, moved)
    assert assign((CUFF,), (moved,)) == Assignment((), (question,), (moved,))
    declined = assign((CUFF,), (moved,), frozenset({question}))
    assert declined == Assignment((), (), (moved,))


def test_one_more_cheap_adapter_is_no_question_while_the_first_is_in_its_place() -> None:
    here, more = port(CHEAP), port(replace(CHEAP, place="1-4"), "/dev/ttyUSB1")
    assert assign((CUFF,), (here, more)) == Assignment(((CUFF, here),), (), (more,))


def test_two_of_one_number_are_asked_about() -> None:
    """Copies carry the number of the original, too."""
    one, two = port(NUMBERED, "/dev/ttyUSB0"), port(replace(NUMBERED, place="9"), "/dev/ttyUSB1")
    found = assign((OXIMETER,), (one, two))
    assert found.taken == ()
    assert found.questions == (PortQuestion(OXIMETER, one), PortQuestion(OXIMETER, two))


def test_no_port_is_given_twice_in_whatever_order_things_are_told() -> None:
    scale = replace(CUFF, kind=DeviceKind.SCALE, identity=replace(CHEAP, place="1-5"))
    ports = [port(CHEAP, "a"), port(replace(CHEAP, place="1-5"), "b"), port(NUMBERED, "c")]
    seen = set()
    for bindings in itertools.permutations((CUFF, OXIMETER, scale)):
        for order in itertools.permutations(ports):
            found = assign(bindings, order)
            paths = [taken.path for _, taken in found.taken]
            assert len(paths) == len(set(paths)) == 3
            seen.add(frozenset((binding.kind, taken.path) for binding, taken in found.taken))
    assert len(seen) == 1


def test_the_newest_word_counts_for_a_kind_and_for_an_adapter() -> None:
    better = replace(CUFF, driver="tm2657", identity=replace(CHEAP, place="1-4"))
    assert bound((CUFF, OXIMETER), better) == (OXIMETER, better)
    other_kind = replace(CUFF, kind=DeviceKind.SCALE, driver="scale")
    assert bound((CUFF, OXIMETER), other_kind) == (OXIMETER, other_kind)
    assert forgotten((CUFF, OXIMETER), DeviceKind.OXIMETER) == (CUFF,)
