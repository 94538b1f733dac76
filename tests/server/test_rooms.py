"""The rules of rooms: no socket, no database, time by hand."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from app.contract.signalling import Seat
from app.domain.access import Role
from app.domain.failures import Code, Rejected
from app.domain.ids import DeviceId, VisitId, new_id
from server.signalling.rooms import (
    ROOMS_OF_ONE_DEVICE_MAX,
    Changed,
    Effect,
    Interrupted,
    Joined,
    Left,
    Resumed,
    Rooms,
)

START = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
VISIT = VisitId(new_id())
LOST_AFTER_S, SEAT_KEPT_S = 60.0, 900.0


def seat(role: Role, device: UUID | None = None, person: UUID | None = None) -> Seat:
    return Seat(
        device=device or new_id(),
        person=person or new_id(),
        name=str(role),
        role=role,
        is_connected=True,
        since=START,
    )


def kinds(effects: list[Effect]) -> list[type[Effect]]:
    return [type(effect) for effect in effects]


@pytest.fixture
def rooms() -> Rooms:
    return Rooms(LOST_AFTER_S, SEAT_KEPT_S)


DOCTOR, NURSE = seat(Role.CLINICIAN), seat(Role.PRESENTER)
DESK, CART = DeviceId(DOCTOR.device), DeviceId(NURSE.device)


def both_in(rooms: Rooms) -> None:
    rooms.join(VISIT, DOCTOR)
    rooms.join(VISIT, NURSE)


def at(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def test_who_joins_is_told_with_all_who_sit_there(rooms: Rooms) -> None:
    assert rooms.join(VISIT, DOCTOR) == [Joined(VISIT, DOCTOR), Changed(VISIT, (DOCTOR,))]
    assert rooms.join(VISIT, NURSE) == [Joined(VISIT, NURSE), Changed(VISIT, (DOCTOR, NURSE))]
    assert rooms.others(VISIT, DESK) == [CART]


def test_joining_again_is_no_second_seat(rooms: Rooms) -> None:
    both_in(rooms)
    assert rooms.join(VISIT, DOCTOR) == [Changed(VISIT, (DOCTOR, NURSE))]


def test_a_closed_socket_keeps_the_seat_and_mutes_it(rooms: Rooms) -> None:
    both_in(rooms)
    [changed] = rooms.lose_socket(CART, at(5), 5)
    assert isinstance(changed, Changed)
    away = changed.seats[1]
    assert (away.device, away.is_connected, away.since) == (NURSE.device, False, at(5))
    assert not rooms.is_seated(VISIT, CART)
    assert rooms.others(VISIT, DESK) == []
    assert rooms.lose_socket(CART, at(6), 6) == []


def test_back_within_a_minute_nothing_was_interrupted(rooms: Rooms) -> None:
    both_in(rooms)
    rooms.lose_socket(CART, at(0), 0)
    assert rooms.tick(LOST_AFTER_S - 0.1) == []
    assert kinds(rooms.join(VISIT, NURSE)) == [Changed]
    assert rooms.tick(10 * LOST_AFTER_S) == []
    assert rooms.next_tick() is None


def test_after_a_minute_the_visit_is_interrupted_once_since_the_socket_went(rooms: Rooms) -> None:
    both_in(rooms)
    rooms.lose_socket(CART, at(5), 5)
    assert rooms.next_tick() == 5 + LOST_AFTER_S
    assert rooms.tick(5 + LOST_AFTER_S) == [Interrupted(VISIT, at(5))]
    assert rooms.tick(6 + LOST_AFTER_S) == []
    assert rooms.next_tick() == 5 + SEAT_KEPT_S


def test_it_goes_on_when_all_are_back(rooms: Rooms) -> None:
    both_in(rooms)
    rooms.lose_socket(CART, at(0), 0)
    rooms.lose_socket(DESK, at(1), 1)
    assert kinds(rooms.tick(70)) == [Interrupted]
    assert kinds(rooms.join(VISIT, DOCTOR)) == [Changed]
    assert kinds(rooms.join(VISIT, NURSE)) == [Resumed, Changed]


def test_a_seat_is_given_up_after_a_quarter_of_an_hour_but_the_visit_still_waits(
    rooms: Rooms,
) -> None:
    both_in(rooms)
    rooms.lose_socket(CART, at(0), 0)
    rooms.tick(LOST_AFTER_S)
    left, changed = rooms.tick(SEAT_KEPT_S)
    assert isinstance(left, Left)
    assert (left.seat.device, left.why) == (NURSE.device, Code.PEER_AWAY)
    assert changed == Changed(VISIT, (DOCTOR,))
    rooms.lose_socket(DESK, at(1000), 1000)
    assert kinds(rooms.join(VISIT, DOCTOR)) == [Changed]
    another_cart = seat(Role.PRESENTER)
    assert kinds(rooms.join(VISIT, another_cart)) == [Joined, Resumed, Changed]


def test_long_absence_found_late_tells_everything_in_order(rooms: Rooms) -> None:
    both_in(rooms)
    rooms.lose_socket(CART, at(0), 0)
    assert kinds(rooms.tick(SEAT_KEPT_S + 1)) == [Interrupted, Left, Changed]


def test_hanging_up_leaves_and_interrupts_nothing(rooms: Rooms) -> None:
    both_in(rooms)
    assert rooms.leave(VISIT, CART) == [Left(VISIT, NURSE, None), Changed(VISIT, (DOCTOR,))]
    assert rooms.leave(VISIT, CART) == []
    assert kinds(rooms.leave(VISIT, DESK)) == [Left]
    assert not rooms.is_open(VISIT)
    assert rooms.tick(10_000) == []


def test_who_comes_back_only_to_hang_up_is_not_missed(rooms: Rooms) -> None:
    both_in(rooms)
    rooms.lose_socket(CART, at(0), 0)
    rooms.tick(LOST_AFTER_S)
    assert kinds(rooms.leave(VISIT, CART)) == [Left, Resumed, Changed]


def test_after_a_restart_those_who_sat_there_are_waited_for(rooms: Rooms) -> None:
    kept = [(VISIT, DOCTOR.model_copy(update={"is_connected": False})), (VISIT, NURSE)]
    rooms.restore(kept, set(), 0)
    assert kinds(rooms.join(VISIT, DOCTOR)) == [Changed]
    assert kinds(rooms.tick(LOST_AFTER_S)) == [Interrupted]
    assert kinds(rooms.join(VISIT, NURSE)) == [Resumed, Changed]


def test_after_a_restart_an_interrupted_visit_is_not_interrupted_twice(rooms: Rooms) -> None:
    rooms.restore([(VISIT, DOCTOR), (VISIT, NURSE)], {VISIT}, 0)
    assert rooms.tick(LOST_AFTER_S) == []
    assert kinds(rooms.join(VISIT, NURSE)) == [Changed]
    assert kinds(rooms.join(VISIT, DOCTOR)) == [Resumed, Changed]


def test_a_new_room_of_an_interrupted_visit_waits_for_both_sides(rooms: Rooms) -> None:
    assert kinds(rooms.join(VISIT, DOCTOR, is_interrupted=True)) == [Joined, Changed]
    assert kinds(rooms.join(VISIT, NURSE)) == [Joined, Resumed, Changed]


def test_another_person_at_the_same_device_is_told(rooms: Rooms) -> None:
    both_in(rooms)
    relief = seat(Role.PRESENTER, NURSE.device)
    assert rooms.join(VISIT, relief) == [Joined(VISIT, relief), Changed(VISIT, (DOCTOR, relief))]


def test_a_dead_seat_gives_way_to_the_same_role_at_another_device(rooms: Rooms) -> None:
    both_in(rooms)
    rooms.lose_socket(DESK, at(5), 5)
    another_desk = seat(Role.CLINICIAN)
    left, *others = rooms.join(VISIT, another_desk)
    assert isinstance(left, Left)
    assert (left.seat.device, left.why) == (DOCTOR.device, Code.SEAT_TAKEN)
    assert others == [Joined(VISIT, another_desk), Changed(VISIT, (NURSE, another_desk))]
    assert rooms.others(VISIT, CART) == [DeviceId(another_desk.device)]


def test_whose_seat_was_taken_meanwhile_does_not_take_it_back(rooms: Rooms) -> None:
    both_in(rooms)
    rooms.lose_socket(DESK, at(5), 5)
    rooms.join(VISIT, seat(Role.CLINICIAN))
    with pytest.raises(Rejected) as refused:
        rooms.join(VISIT, DOCTOR)
    assert refused.value.code is Code.SEAT_TAKEN
    assert not rooms.is_seated(VISIT, DESK)


def test_a_seat_that_lives_is_not_taken_by_the_same_role(rooms: Rooms) -> None:
    both_in(rooms)
    for other in (seat(Role.CLINICIAN), seat(Role.PRESENTER), seat(Role.CLINICIAN)):
        with pytest.raises(Rejected) as refused:
            rooms.join(VISIT, other)
        assert refused.value.code is Code.SEAT_TAKEN
    assert rooms.join(VISIT, DOCTOR) == [Changed(VISIT, (DOCTOR, NURSE))]
    assert rooms.others(VISIT, CART) == [DESK]


def test_an_interrupted_visit_goes_on_with_another_device_of_the_role(rooms: Rooms) -> None:
    both_in(rooms)
    rooms.lose_socket(DESK, at(0), 0)
    rooms.tick(LOST_AFTER_S)
    effects = rooms.join(VISIT, seat(Role.CLINICIAN))
    assert kinds(effects) == [Left, Joined, Resumed, Changed]
    assert rooms.next_tick() is None


def test_one_who_was_refused_holds_no_room(rooms: Rooms) -> None:
    rooms.join(VISIT, DOCTOR)
    for _ in range(2 * ROOMS_OF_ONE_DEVICE_MAX):
        with pytest.raises(Rejected):
            rooms.join(VISIT, seat(Role.CLINICIAN))
    rooms.leave(VISIT, DESK)
    assert not rooms.is_open(VISIT)


def test_rooms_of_one_device_are_bounded(rooms: Rooms) -> None:
    for _ in range(ROOMS_OF_ONE_DEVICE_MAX):
        rooms.join(VisitId(new_id()), DOCTOR)
    with pytest.raises(Rejected):
        rooms.join(VisitId(new_id()), DOCTOR)
