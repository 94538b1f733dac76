"""Invented screens of the device page for the gallery: all well, all ill, nothing, from afar."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from app.domain.device import (
    DeviceIdentity,
    DeviceKind,
    DeviceStatus,
    Evidence,
    Impairment,
    Presence,
)
from app.domain.failures import Code
from ui.tone import Tone
from ui.view_models.devices import (
    AttemptScreen,
    DeviceCardScreen,
    DevicesScreen,
    PortCardScreen,
    card_of,
)
from ui.wording import failure, isolate, spoken, text

NOW = datetime(2026, 11, 21, 14, 3, tzinfo=UTC)
SINCE = NOW - timedelta(minutes=5)
AT = isolate("14:03")
PULLED = Code.DEVICE_PULLED
MODELS = tuple(
    text("devices.model", kind=text(f"device.{kind}"), model=model, line=isolate(line))
    for kind, model, line in (
        (DeviceKind.BLOOD_PRESSURE_CUFF, "SunTech Advantage family", "9600 8N1"),
        (DeviceKind.BLOOD_PRESSURE_CUFF, "A&D TM-2655(P) / TM-2657(P)", "2400 8N1"),
        (DeviceKind.OXIMETER, "Nonin 9560 / OEM III / Xpod, data format 2", "9600 8N1"),
        (DeviceKind.SCALE, "A&D scale", "2400 7E1"),
    )
)


def _status(
    kind: DeviceKind,
    model: str,
    port: str,
    *,
    driver: str = "",
    evidence: Evidence | None = None,
    reason: Code | None = None,
    impairment: Impairment | None = None,
    firmware: str = "",
) -> DeviceStatus:
    return DeviceStatus(
        DeviceIdentity(kind, model, port, driver_version=driver),
        Presence.FOUND if reason is None else Presence.MISSING,
        SINCE,
        reason,
        impairment,
        None if impairment is None else NOW,
        evidence,
        firmware,
    )


CUFF = _status(
    DeviceKind.BLOOD_PRESSURE_CUFF,
    "SunTech Advantage family",
    "/dev/ttyUSB0",
    driver="suntech 1",
    evidence=Evidence.OTHER_PROJECT,
)
OXIMETER = _status(
    DeviceKind.OXIMETER,
    "Nonin 9560 / OEM III / Xpod, data format 2",
    "/dev/ttyUSB1",
    driver="nonin_df2 1",
    evidence=Evidence.VENDOR,
    firmware="29",
)
SCALE = _status(
    DeviceKind.SCALE,
    "A&D scale",
    "/dev/ttyUSB4",
    driver="and_scale 1",
    evidence=Evidence.CONSTRUCTED,
    reason=Code.DEVICE_PULLED,
)
SCOPE = _status(
    DeviceKind.STETHOSCOPE,
    "alsa_input.usb-Acme_Digital_Scope_77-00.mono-fallback",
    "alsa_input.usb-Acme_Digital_Scope_77-00.mono-fallback",
    firmware="1.05",
)
CAMERA = _status(DeviceKind.CAMERA, "HD Webcam C525", "/dev/video0", firmware="0.10")
MICROPHONE = _status(DeviceKind.MICROPHONE, "default", "default", reason=Code.NO_SOUND_DEVICE)


def _card(status: DeviceStatus, attempt: str = "", tone: Tone = Tone.PLAIN) -> DeviceCardScreen:
    is_serial = status.evidence is not None
    return card_of(
        status,
        NOW,
        attempt=AttemptScreen(attempt, tone),
        can_try=is_serial,
        can_forget=is_serial,
    )


def _port(path: str, title: str, *facts: str) -> PortCardScreen:
    told = (text("devices.port", port=path), *facts)
    return PortCardScreen(path, title, told, MODELS, spoken(", ".join((title, *told))))


CHEAP = _port(
    "/dev/ttyUSB2",
    text("devices.adapter", name="USB Serial", ids=isolate("1A86:7523")),
    text("devices.no-number"),
)
BUILT_IN = _port("/dev/ttyS0", text("devices.built-in"))

DEVICES_CART = DevicesScreen(
    title=text("devices.title"),
    devices=(
        _card(CUFF, text("answer.answered", time=AT), Tone.GOOD),
        _card(OXIMETER),
        _card(SCOPE),
        _card(CAMERA),
    ),
    ports=(replace(CHEAP, attempt=AttemptScreen(text("devices.trying")), can_act=False), BUILT_IN),
)
DEVICES_ILL = replace(
    DEVICES_CART,
    message=failure(Code.BINDINGS_NOT_KEPT),
    message_tone=Tone.BAD,
    question=text(
        "devices.question",
        what=text("device.scale"),
        model="A&D scale",
        port=f"{CHEAP.title}, {CHEAP.path}",
    ),
    devices=(
        _card(replace(CUFF, impairment=Impairment.LINE_FAULTS, impaired_since=NOW)),
        _card(replace(OXIMETER, impairment=Impairment.LOW_BATTERY, impaired_since=NOW)),
        _card(SCALE, text("answer.missing", time=AT), Tone.BAD),
        _card(replace(SCOPE, impairment=Impairment.CLIPPING, impaired_since=NOW)),
        _card(MICROPHONE),
    ),
    ports=(replace(CHEAP, attempt=AttemptScreen(text("answer.unreadable", time=AT), Tone.BAD)),),
)
DEVICES_CLINICIAN = DevicesScreen(
    title=text("devices.title"),
    devices=(_card(CAMERA), _card(MICROPHONE)),
    has_far=True,
    far_remark=text("devices.far-told", time=AT),
    far=tuple(
        card_of(replace(one, identity=replace(one.identity, port="")), NOW)
        for one in (CUFF, OXIMETER, replace(SCOPE, presence=Presence.MISSING, reason=PULLED))
    ),
)
DEVICES_NONE = DevicesScreen(title=text("devices.title"), has_far=True)
