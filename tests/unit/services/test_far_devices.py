"""The cart's instruments are seen at the clinician's desk, of this visit and of no other."""

from datetime import UTC, datetime
from uuid import uuid4

import pytest

from app.domain.access import Role
from app.domain.changes import Json
from app.domain.device import (
    DeviceIdentity,
    DeviceKind,
    DeviceStatus,
    Evidence,
    Impairment,
    Presence,
)
from app.domain.device_words import MOST_DEVICES, statuses_from, words_of
from app.domain.failures import Code, Rejected
from app.domain.ids import VisitId
from app.domain.visits import VisitState
from app.services.devices import Devices
from app.services.far_devices import AGAIN_S, FarDevices, FarDevicesState
from tests.fakes.channel import room, seat
from tests.fakes.time_loop import settled
from tests.unit.services.given import DeskOnFakes, Known

NINE = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
CUFF = DeviceStatus(
    DeviceIdentity(DeviceKind.BLOOD_PRESSURE_CUFF, "SunTech", "", driver_version="1"),
    Presence.FOUND,
    NINE,
    None,
    Impairment.LOW_BATTERY,
    NINE,
    Evidence.OTHER_PROJECT,
    "2.1",
)
SCOPE = DeviceStatus(
    DeviceIdentity(DeviceKind.STETHOSCOPE, "Scope", ""), Presence.MISSING, NINE, Code.DEVICE_PULLED
)


def test_what_is_told_is_what_is_read() -> None:
    assert statuses_from(words_of((CUFF, SCOPE))) == (CUFF, SCOPE)


def first(**wrong: Json) -> dict[str, Json]:
    told = words_of((CUFF,))
    devices = told["devices"]
    assert isinstance(devices, list) and isinstance(devices[0], dict)
    return {**told, "devices": [{**devices[0], **wrong}]}


@pytest.mark.parametrize(
    "payload",
    [
        {},
        {"devices": {}},
        {"devices": ["cuff"]},
        {"devices": [{}] * (MOST_DEVICES + 1)},
        first(kind="teapot"),
        first(presence="perhaps"),
        first(since="yesterday"),
        first(since="2026-11-21T09:00:00"),
        first(reason="because"),
        first(model="x" * 500),
        first(firmware=3),
        first(evidence=["vendor-document"]),
    ],
)
def test_what_is_no_device_list_is_refused(payload: dict[str, Json]) -> None:
    with pytest.raises(Rejected) as refused:
        statuses_from(payload)
    assert refused.value.code is Code.FAR_UNREADABLE


def far_devices_of(desk: DeskOnFakes, devices: Devices, role: Role) -> FarDevices:
    made = FarDevices(acts=desk.acts, chart=desk.chart, call=desk.call, devices=devices, role=role)
    made.start()
    return made


async def opened(desk: DeskOnFakes) -> Known:
    desk.listens()
    known = await desk.knows_visit(VisitState.IN_VISIT)
    await desk.desk.open(known.visit)
    await settled()
    return known


async def test_the_clinician_sees_what_the_cart_tells_of_this_visit(doctor: DeskOnFakes) -> None:
    known = await opened(doctor)
    far = far_devices_of(doctor, Devices(), Role.CLINICIAN)
    far.heard(VisitId(uuid4()), words_of((CUFF,)))
    far.heard(known.visit, {"kind": "cuff-pressure", "value": "120"})
    assert far.state.value == FarDevicesState()
    far.heard(known.visit, words_of((CUFF, SCOPE)))
    seen = far.state.value
    assert seen.devices == (CUFF, SCOPE)
    assert seen.told_at is not None and seen.told_at <= doctor.clock.now()
    await far.close()


async def test_another_visits_cart_is_another_cart(doctor: DeskOnFakes) -> None:
    known = await opened(doctor)
    far = far_devices_of(doctor, Devices(), Role.CLINICIAN)
    far.heard(known.visit, words_of((CUFF,)))
    other = await doctor.knows_visit(VisitState.IN_VISIT, family_name="Vale")
    await doctor.desk.open(other.visit)
    await settled()
    assert far.state.value.told_at is None
    await far.close()


async def test_an_unreadable_word_changes_nothing(
    doctor: DeskOnFakes, caplog: pytest.LogCaptureFixture
) -> None:
    known = await opened(doctor)
    far = far_devices_of(doctor, Devices(), Role.CLINICIAN)
    far.heard(known.visit, words_of((CUFF,)))
    far.heard(known.visit, {"kind": "devices", "devices": [3]})
    assert far.state.value.devices == (CUFF,)
    assert "not readable" in caplog.text
    await far.close()


async def test_the_cart_tells_when_somebody_is_there_and_again(cart: DeskOnFakes) -> None:
    devices = Devices()
    cart.channel.goes_up()
    far = far_devices_of(cart, devices, Role.PRESENTER)
    devices.seen((CUFF,))
    await cart.clock.passes(30)
    assert told(cart) == []  # nobody there
    known = await opened(cart)
    await cart.clock.passes(5)
    assert told(cart) == []
    cart.channel.hears(room(known.visit, seat(Role.CLINICIAN, cart.clock)))
    await cart.clock.passes(2)
    assert [statuses_from(word) for word in told(cart)] == [(CUFF,)]
    devices.seen((SCOPE,))
    await cart.clock.passes(2)
    assert statuses_from(told(cart)[-1]) == (CUFF, SCOPE)
    count = len(told(cart))
    await cart.clock.passes(3 * AGAIN_S)
    assert count + 2 <= len(told(cart)) <= count + 4
    await far.close()


def told(cart: DeskOnFakes) -> list[dict[str, Json]]:
    payloads = [words[2] for words in cart.channel.said_of("live")]
    return [one for one in payloads if isinstance(one, dict) and one["kind"] == "devices"]
