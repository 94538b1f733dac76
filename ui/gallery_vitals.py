"""Invented screens of vital signs: instruments, the tray, a series of pressures, the score."""

from dataclasses import replace
from uuid import UUID

from app.domain.bp_protocol import BpPolicy
from app.domain.bp_setting import Arm, CuffSize, Position
from app.domain.device import DeviceKind
from app.domain.failures import Code
from app.domain.ids import RecordId
from app.domain.measurement import VitalKind
from app.domain.news2 import COMPONENTS, Consciousness, Incomplete, Risk
from ui.gallery_screens import (
    AT,
    CUFF_FOUND,
    READINGS,
    VITALS_CART,
    VITALS_FAR,
)
from ui.tone import Tone
from ui.view_models.bp_protocol import BpProtocolScreen, TryRowScreen, plan_words
from ui.view_models.news2 import ComponentRowScreen, News2Screen, incomplete_words
from ui.view_models.running_cuff import RunningCuffScreen
from ui.view_models.tiles import Colour, TileScreen
from ui.view_models.tray import TrayRowScreen, TrayScreen
from ui.view_models.vitals import InstrumentScreen
from ui.wording import DASH, failure, isolate, spoken, text

FOUND = text("device.found", time=isolate("13:58"))
JUST = text("age.ago", span=isolate("1 s"))
OLD = text("age.ago", span=isolate("4 min"))

CUFF_RUNS = RunningCuffScreen(is_shown=True, state=text("vitals.running"))
CUFF_MAY_START = RunningCuffScreen(is_shown=True, state=text("vitals.starts-by-itself"))


def _tile(vital: VitalKind, value: str, unit: str, age: str, colour: Colour) -> TileScreen:
    name = text(f"vital.{vital}")
    return TileScreen(name, isolate(value), unit, "", age, is_stale=not value, colour=colour)


SPO2, PULSE = VitalKind.SPO2_PERCENT, VitalKind.PULSE_PER_MINUTE
SATURATION = _tile(SPO2, "97", "%", JUST, Colour.SATURATION)
PULSE_NOW = _tile(PULSE, "72", "/min", JUST, Colour.PULSE)
OXIMETER = InstrumentScreen(
    kind=DeviceKind.OXIMETER,
    name=text("device.oximeter"),
    state=text("instrument.running"),
    tone=Tone.ATTENTION,
    tiles=(SATURATION, PULSE_NOW),
    has_controls=True,
    is_running=True,
)
OXIMETER_WITH_INDEX = replace(
    OXIMETER,
    tiles=(
        SATURATION,
        PULSE_NOW,
        _tile(VitalKind.PERFUSION_INDEX_PERCENT, "4.57", "%", JUST, Colour.PLAIN),
    ),
)
OXIMETER_GONE = replace(
    OXIMETER,
    state=f"{text('device.missing', time=AT)}. {failure(Code.DEVICE_PULLED)}",
    tone=Tone.BAD,
    tiles=(replace(SATURATION, is_stale=True), replace(PULSE_NOW, is_stale=True)),
    is_running=False,
)
FEVER = replace(
    _tile(VitalKind.TEMPERATURE_CELSIUS, "38.4", "°C", JUST, Colour.TEMPERATURE),
    name=text("tile.not-kept", name=text("vital.temperature-celsius")),
)
THERMOMETER = InstrumentScreen(
    kind=DeviceKind.THERMOMETER,
    name=text("device.thermometer"),
    state=FOUND,
    tone=Tone.GOOD,
    tiles=(_tile(VitalKind.TEMPERATURE_CELSIUS, "36.6", "°C", OLD, Colour.TEMPERATURE),),
    has_controls=True,
    can_start=True,
)
THERMOMETER_DECIDE = replace(
    THERMOMETER,
    tiles=(FEVER,),
    message=failure(Code.RESULT_UNDECIDED),
    message_tone=Tone.ATTENTION,
    can_start=False,
    can_keep=True,
    can_discard=True,
)
SCALE = InstrumentScreen(
    kind=DeviceKind.SCALE,
    name=text("device.scale"),
    state=FOUND,
    tone=Tone.GOOD,
    tiles=(
        replace(
            _tile(VitalKind.WEIGHT_KG, "312.5", "kg", JUST, Colour.PLAIN),
            is_refused=True,
        ),
    ),
    message=failure(Code.OUT_OF_RANGE),
    message_tone=Tone.BAD,
    has_controls=True,
    can_start=True,
    can_discard=True,
)
TEMPERATURE_READING = replace(
    READINGS[1],
    what=text("vital.temperature-celsius"),
    value=isolate("38.4 °C"),
    extra="",
    spoken=spoken("Temperature 38.4 °C, kept 14:01, confirmed by the server"),
)
AVERAGE_READING = replace(
    READINGS[0],
    notes=(
        text("quality.irregular"),
        text("vitals.average", count=2),
        text(
            "vitals.taken",
            arm=text("arm.left"),
            cuff=text("cuff-size.adult"),
            position=text("position.seated"),
            rest=isolate("5 min"),
        ),
    ),
)
ASSIGNED_READING = replace(
    READINGS[2],
    notes=(
        text("vitals.assigned", clock=text("tray.own-clock", time=isolate("20-Nov-2026 09:10"))),
    ),
)
VITALS_INSTRUMENTS = replace(
    VITALS_CART,
    instruments=(OXIMETER_WITH_INDEX, THERMOMETER),
    readings=(AVERAGE_READING, TEMPERATURE_READING, ASSIGNED_READING),
)
VITALS_DECIDE = replace(
    VITALS_CART, instruments=(OXIMETER_GONE, THERMOMETER_DECIDE, SCALE), readings=READINGS
)
VITALS_FAR_INSTRUMENTS = replace(
    VITALS_FAR,
    instruments=(
        InstrumentScreen(
            DeviceKind.OXIMETER, text("device.oximeter"), tiles=(SATURATION, PULSE_NOW)
        ),
        InstrumentScreen(
            DeviceKind.THERMOMETER, text("device.thermometer"), tiles=THERMOMETER.tiles
        ),
    ),
    readings=(AVERAGE_READING, TEMPERATURE_READING, ASSIGNED_READING),
)
VITALS_SET_ASIDE = replace(
    VITALS_CART, message=failure(Code.NOBODY_ASKED), message_tone=Tone.ATTENTION
)
VITALS_SERIES_OVER = replace(VITALS_CART, can_start=False)
VITALS_IN_SERIES = replace(VITALS_CART, cuff_state=CUFF_FOUND, can_start=False, can_stop=True)


# --- the tray ------------------------------------------------------------------------------------


def _tray_row(number: int, device: str, clock: str, *why: str, can_assign: bool) -> TrayRowScreen:
    what = text("tray.what", device=text(f"device.{device}"), time=AT)
    reason = " ".join(why)
    return TrayRowScreen(
        record=RecordId(UUID(int=number)),
        time=AT,
        what=what,
        clock=clock,
        why=reason,
        spoken=spoken(f"{what}. {clock}. {reason}"),
        question=text(
            "tray.assign-question",
            patient="DOE, Jane (Mrs)",
            value=f"{isolate('131/79 mmHg')}, {text('vitals.extra-pulse', value=isolate('74'))}",
            clock=clock,
        ),
        can_assign=can_assign,
    )


TRAY = TrayScreen(
    rows=(
        _tray_row(
            31,
            "blood-pressure-cuff",
            text("tray.own-clock", time=isolate("20-Nov-2026 09:12")),
            text("tray.why.from-memory"),
            text("tray.told-times", count=3),
            can_assign=True,
        ),
        _tray_row(
            32,
            "blood-pressure-cuff",
            text("tray.no-own-clock"),
            text("tray.why.late"),
            text("tray.of-another-visit"),
            can_assign=True,
        ),
        _tray_row(
            33,
            "scale",
            text("tray.clock-never-set"),
            text("tray.why.nobody-asked"),
            failure(Code.OUT_OF_RANGE),
            can_assign=False,
        ),
    ),
    told_again=text("tray.told-again", count=26),
)


# --- a series of pressures -----------------------------------------------------------------------

SERIES_IDLE = BpProtocolScreen(
    arms=tuple(text(f"arm.{one}") for one in Arm),
    cuff_sizes=tuple(text(f"cuff-size.{one}") for one in CuffSize),
    positions=tuple(text(f"position.{one}") for one in Position),
    plan=plan_words(BpPolicy(leaves_out_first=True)),
    can_begin=True,
)
SERIES_NO_CUFF = replace(
    SERIES_IDLE,
    can_begin=False,
    message=failure(Code.DEVICE_MISSING),
    message_tone=Tone.PLAIN,
)


def _try(number: int, value: str, doubt: str, verdict: str, tone: Tone) -> TryRowScreen:
    head = text("series.row", number=number, value=isolate(value) if value else DASH)
    words = text(f"series.verdict.{verdict}")
    beside = text("vitals.extra-pulse", value=isolate("74 /min")) if value else ""
    return TryRowScreen(head, beside, doubt, words, tone, spoken(f"{head}, {doubt}, {words}"))


SERIES_REST = replace(
    SERIES_IDLE,
    can_choose=False,
    plan="",
    state=text("series.phase.resting"),
    state_tone=Tone.ATTENTION,
    clock=TileScreen(text("series.rest-left"), isolate("4:32"), "min"),
    can_hurry=True,
)
SERIES_DECIDE = replace(
    SERIES_REST,
    state=text("series.phase.deciding"),
    clock=None,
    can_hurry=False,
    rows=(
        _try(1, "138/84 mmHg", "", "counted", Tone.GOOD),
        _try(2, "131/79 mmHg", text("quality.irregular"), "undecided", Tone.ATTENTION),
    ),
    question=text("series.question", number=2, doubt=text("quality.irregular")),
    can_repeat=True,
    can_leave_out=True,
    can_count=True,
)
SERIES_HELD = replace(
    SERIES_REST,
    state=text("series.held", reason=failure(Code.DEVICE_PULLED)),
    state_tone=Tone.BAD,
    clock=None,
    rows=(_try(1, "", failure(Code.CUFF_LEAK), "repeated", Tone.PLAIN),),
)
SERIES_DONE = replace(
    SERIES_REST,
    state=text("series.phase.done"),
    state_tone=Tone.GOOD,
    clock=None,
    can_hurry=False,
    rows=(
        _try(1, "138/84 mmHg", "", "first", Tone.PLAIN),
        _try(2, "131/79 mmHg", text("quality.irregular"), "counted", Tone.GOOD),
        _try(3, "119/73 mmHg", "", "counted", Tone.GOOD),
    ),
    average=TileScreen(
        text("series.average", count=2), isolate("125/76"), "mmHg", "SunTech Advantage", JUST
    ),
    average_extra=", ".join(
        (text("vitals.extra-pulse", value=isolate("74 /min")), text("quality.irregular"))
    ),
    can_once_more=True,
    can_keep=True,
    can_discard=True,
    message=text("series.far-apart", mmhg=10),
    message_tone=Tone.ATTENTION,
)


# --- the early warning score ---------------------------------------------------------------------

VALUES = {
    VitalKind.RESPIRATION_PER_MINUTE: ("22 /min", 2),
    VitalKind.SPO2_PERCENT: ("95 %", 1),
    VitalKind.OXYGEN_GIVEN: (text("oxygen.given"), 2),
    VitalKind.SYSTOLIC_MMHG: ("131 mmHg", 0),
    VitalKind.PULSE_PER_MINUTE: ("74 /min", 0),
    VitalKind.CONSCIOUSNESS_ACVPU: (text("consciousness.alert"), 0),
    VitalKind.TEMPERATURE_CELSIUS: ("38.4 °C", 1),
}
TONES = {0: Tone.PLAIN, 1: Tone.ATTENTION, 2: Tone.ATTENTION}


def _component(vital: VitalKind, *, is_scored: bool) -> ComponentRowScreen:
    name, (value, points) = text(f"vital.{vital}"), VALUES[vital]
    scored = text("news2.points", points=isolate(str(points)), age=OLD) if is_scored else OLD
    said = text("news2.row-spoken", name=name, value=value, points=scored)
    tone = TONES[points] if is_scored else Tone.PLAIN
    return ComponentRowScreen(name, isolate(value), scored, tone, spoken(said))


NEWS2_INCOMPLETE = News2Screen(
    can_type=True,
    consciousness=tuple(text(f"consciousness.{one}") for one in Consciousness),
    oxygen=(text("oxygen.air"), text("oxygen.given")),
    scales=tuple(text("spo2-scale", number=number) for number in (1, 2)),
    incomplete=incomplete_words(
        Incomplete(
            (VitalKind.RESPIRATION_PER_MINUTE, VitalKind.OXYGEN_GIVEN),
            (VitalKind.TEMPERATURE_CELSIUS,),
        ),
        isolate("1 h"),
    ),
    remark=text("news2.not-for"),
    rows=tuple(_component(vital, is_scored=False) for vital in COMPONENTS),
)
NEWS2_SCORE = replace(
    NEWS2_INCOMPLETE,
    incomplete="",
    score=text("news2.score", total=6),
    risk=text(f"news2.risk.{Risk.URGENT}"),
    tone=Tone.BAD,
    remark=f"{text('news2.oldest', age=OLD)} {text('news2.not-for')}",
    rows=tuple(_component(vital, is_scored=True) for vital in COMPONENTS),
)
NEWS2_NURSE = replace(NEWS2_INCOMPLETE, scales=(), message=failure(Code.OBSERVATION_INCOMPLETE))
