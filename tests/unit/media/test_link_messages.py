"""Every word between screen and media process goes there and back; nothing else is understood."""

from dataclasses import fields, replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from app.domain.access import Role
from app.domain.changes import Json
from app.domain.device import DeviceIdentity, DeviceKind, DeviceStatus, Presence
from app.domain.engine import (
    CallSetup,
    DevicesSeen,
    Equipment,
    FarScreen,
    LadderTold,
    Levels,
    LinkChanged,
    LinkPhase,
    LiveFromFar,
    LiveWay,
    Measures,
    Path,
    ScopeContinues,
    ScopeDone,
    ScopeProgress,
    ScopeProof,
    ScopeTimeline,
    SignalMade,
    SoundFault,
    SoundPlaying,
    SoundRefused,
    SoundStopped,
)
from app.domain.exam_camera import (
    Control,
    ControlsSeen,
    ControlState,
    FarExamCamera,
    FarStill,
    Focus,
    StillDone,
    StillRefused,
)
from app.domain.failures import Code, Rejected
from app.domain.ids import LinkId, RecordId, VisitId, new_id
from app.domain.ladder import Matters, Reason, Stand, Step, Wants
from app.domain.listening import Listening, Playing, Slot, SoundBand
from app.domain.picture import Layout
from app.domain.recordings import SoundGap, SoundSpan
from app.domain.relays import RelayAccess
from media.link import messages as m
from media.link import sound_words as sound
from media.link.local_channel import framed, parsed

VISIT, LINK, RECORD = VisitId(new_id()), LinkId(new_id()), RecordId(new_id())
NOW = datetime(2026, 11, 21, 10, 0, 0, 123456, tzinfo=UTC)
SETUP = CallSetup(VISIT, Role.PRESENTER, "Cart 3", "/dev/video0", None, "", "/data/heart.wav")
STATUS = DeviceStatus(
    DeviceIdentity(DeviceKind.CAMERA, "model", "port"), Presence.MISSING, NOW, Code.DEVICE_PULLED
)

WISHES: list[m.Wish] = [
    m.Hello(1, "ab" * 32, None),
    m.Hello(1, "ab" * 32, 7),
    m.LookFor(Equipment("0", None, "", "heart.wav")),
    m.Prepare(SETUP),
    m.UseRelays(RelayAccess(("turn:relay.example",), "1:desk", "password", 60, "/ca.pem")),
    m.Connect(LINK, True),
    m.WarmUp(LINK, False),
    m.FillLink(LINK),
    m.HeardSignal(LINK, {"type": "offer", "sdp": "v=0\r\n"}),
    m.CloseLink(),
    m.Release(),
    m.Mute(True),
    m.ShowCamera(False),
    m.Want(Wants(Matters.SCOPE, True)),
    m.SendLive({"kind": "cuff-pressure", "value": "132", "deep": [{"a": None}, 1.5]}),
    sound.StartScope(RECORD, "apex"),
    sound.StopScope(RECORD),
    sound.ScopeKept(RECORD),
    sound.Listen(Listening(True, SoundBand.DIAPHRAGM, 6)),
    sound.OpenSound(Slot.FIRST, RECORD, 160_044),
    sound.CloseSound(Slot.SECOND),
    sound.PlaySound(Playing(Slot.FIRST, 0.5, 9.5, SoundBand.BELL, 12, 0.5, True, False)),
    sound.StopSound(),
    m.ShowExamCamera(True),
    m.LookAt(Focus.BESIDE),
    m.Freeze(RECORD, 12.25, False),
    m.Freeze(RECORD, None, True),
    m.StillKept(RECORD),
    m.SetExamControl(Control.ZOOM, 120),
    m.SetExamControl(None, 0),
    m.Surface(m.Which.FAR, 1280, 720, Layout.BGRA),
    m.Quit(),
]
TOLD: list[m.Told] = [
    m.StillHere(),
    m.Greeted(1, 3, SETUP, LINK, True, False, True),
    m.Greeted(1, 1, None, None, False, False, True),
    m.Refused(Code.FENCED),
    m.Fenced(4),
    SignalMade(LINK, {"type": "answer", "sdp": "v=0\r\n"}),
    LinkChanged(LINK, LinkPhase.LOST, Code.MEDIA_LOST),
    LinkChanged(LINK, LinkPhase.LIVE),
    FarScreen(False, NOW),
    DevicesSeen((STATUS, replace(STATUS, reason=None))),
    Levels(0.25, 0.0),
    sound.ScopeBegan(RECORD),
    sound.ScopeRefused(RECORD, Code.DEVICE_MISSING),
    ScopeProgress(RECORD, VISIT, "apex", True, 1.5, 0.25, 0, True),
    ScopeProgress(
        RECORD,
        VISIT,
        "mitral",
        False,
        1.5,
        0.25,
        3,
        True,
        way=LiveWay.MONITOR,
        delay_ms=312.5,
        heart_rate_bpm=71.5,
        heart_confidence=0.75,
        faults=(SoundFault.QUIET,),
        is_away=True,
        sample_rate_hz=48_000,
        continues=RecordId(new_id()),
        at_s=1.25,
    ),
    ScopeContinues(RECORD, RecordId(new_id())),
    ScopeTimeline(RECORD, 2.5, "AAH/", (SoundSpan(0.5, 1.25),), (SoundGap(4000, 1500),)),
    sound.CurveMemory(512),
    sound.SoundShown(
        slot=Slot.FIRST,
        recording=RECORD,
        sample_rate_hz=4000,
        seconds=20.0,
        bands=(SoundBand.BELL, SoundBand.LUNG),
        peaks_bytes=80,
        pairs_bytes=19_200,
        columns_bytes=76_800,
        column_bytes=128,
        columns_per_s=30.0,
        peak=12_000,
        heart_rate_bpm=None,
        heart_confidence=0.0,
        faults=(),
    ),
    SoundRefused(Slot.SECOND, RECORD, Code.DEVICE_UNUSABLE),
    SoundPlaying(Slot.FIRST, 2.5, True),
    SoundStopped(Slot.FIRST, 20.0),
    sound.ScopeFile(RECORD, VISIT, "apex", True, 4000, 8, "00" * 32, "file a.wav", True, 60),
    sound.ScopeFile(
        RECORD,
        VISIT,
        "apex",
        True,
        4000,
        8,
        "00" * 32,
        "scope",
        True,
        60,
        (SoundGap(4, 250),),
        RecordId(new_id()),
    ),
    ScopeProof(RECORD, "00" * 32, True),
    LiveFromFar({"kind": "reading"}),
    Measures(join_ms=80.5),
    Measures(freezes=2, path=Path.RELAY, step=Step.SD, concealed_share=0.25),
    LadderTold(Stand(Step.VOICE, Reason.SLOW, NOW, 60_000), None, Wants(), None),
    LadderTold(
        Stand(Step.HD, Reason.CARRIED, NOW),
        Stand(Step.MESSAGES, Reason.NO_LINE, NOW),
        Wants(),
        Wants(Matters.SOUND),
    ),
    m.StillFile(RECORD, VISIT, Role.CLINICIAN, 8, 6, "0" * 64, "1" * 64, NOW, "a", "MJPG", 99),
    StillRefused(RECORD, Code.EXAM_CAMERA_OFF),
    FarStill(RECORD, "00" * 32),
    FarExamCamera(True, True, Code.CAMERA_STUCK, NOW),
    ControlsSeen((ControlState(Control.FOCUS, 0, 250, 5, 40, False),), Code.OUT_OF_RANGE),
    m.Surfaces(m.Which.SELF, 4096),
    m.Frame(m.Which.FAR, 3, 17, 640, 480, 12.5),
    m.NoPicture(m.Which.FAR),
]


@pytest.mark.parametrize("wish", WISHES, ids=lambda wish: type(wish).__name__)
def test_a_wish_goes_there_and_back(wish: m.Wish) -> None:
    assert m.WISHES.said(parsed(framed(m.WISHES.word(wish))[5:])) == wish


@pytest.mark.parametrize("told", TOLD, ids=lambda told: type(told).__name__)
def test_what_is_told_goes_there_and_back(told: m.Told) -> None:
    assert m.TOLD.said(parsed(framed(m.TOLD.word(told))[5:])) == told


def test_every_kind_of_word_is_among_the_examples() -> None:
    assert {type(wish) for wish in WISHES} == set(m.WISHES._kind_of)
    assert {type(told) for told in TOLD} == set(m.TOLD._kind_of)


def test_the_file_is_the_domains_event_less_its_bytes() -> None:
    done = {field.name for field in fields(ScopeDone)}
    assert {field.name for field in fields(sound.ScopeFile)} == done - {"wav"} | {"wav_bytes"}
    still = {field.name for field in fields(StillDone)}
    assert {field.name for field in fields(m.StillFile)} == still - {"png"} | {"png_bytes"}


GOOD: Any = m.WISHES.word(m.Prepare(SETUP))["setup"]
DEEP: Any = []
for _ in range(20):
    DEEP = [DEEP]


@pytest.mark.parametrize(
    "word",
    [
        {},
        {"kind": None},
        {"kind": ["quit"]},
        {"kind": "no-such-word"},
        {"kind": "quit", "more": 1},
        {"kind": "mute"},
        {"kind": "mute", "is_muted": 1},
        {"kind": "mute", "is_muted": "true"},
        {"kind": "hello", "version": True, "secret": "x", "resume": None},
        {"kind": "hello", "version": 1.0, "secret": "x", "resume": None},
        {"kind": "hello", "version": 2**60, "secret": "x", "resume": None},
        {"kind": "hello", "version": 1, "secret": "x" * 5000, "resume": None},
        {"kind": "hello", "version": 1, "secret": "\ud800", "resume": None},
        {"kind": "connect", "link": "not an id", "is_offerer": True},
        {"kind": "connect", "link": "{" + str(LINK) + "}", "is_offerer": True},
        {"kind": "connect", "link": str(LINK).upper(), "is_offerer": True},
        {"kind": "signal", "link": str(LINK), "payload": []},
        {"kind": "signal", "link": str(LINK), "payload": {"deep": DEEP}},
        {"kind": "surface", "which": "other", "width": 1, "height": 1, "layout": "bgra"},
        {"kind": "prepare", "setup": None},
        {"kind": "prepare", "setup": {**GOOD, "side": "admin"}},
        {"kind": "prepare", "setup": {**GOOD, "visit": None}},
        {"kind": "levels", "own": 0.5, "far": 0.5},  # told, not asked
    ],
)
def test_what_no_screen_may_ask_is_refused(word: dict[str, Json]) -> None:
    with pytest.raises(Rejected) as refused:
        m.WISHES.said(word)
    assert refused.value.code is Code.MALFORMED


@pytest.mark.parametrize(
    "word",
    [
        {"kind": "levels", "own": "0.5", "far": 0.5},
        {"kind": "levels", "own": float("inf"), "far": 0.5},
        {"kind": "far-screen", "is_attached": True, "since": "2026-11-21T10:00:00"},
        {"kind": "far-screen", "is_attached": True, "since": "yesterday"},
        {"kind": "devices", "devices": {}},
        {"kind": "devices", "devices": [None]},
    ],
)
def test_what_no_media_process_may_tell_is_refused(word: dict[str, Json]) -> None:
    with pytest.raises(Rejected):
        m.TOLD.said(word)


json_values = some.recursive(
    some.none() | some.booleans() | some.integers() | some.floats() | some.text(max_size=20),
    lambda inner: (
        some.lists(inner, max_size=4) | some.dictionaries(some.text(max_size=8), inner, max_size=4)
    ),
    max_leaves=12,
)


@settings(max_examples=150, deadline=None)
@given(
    kind=some.sampled_from(sorted({*m.WISHES._parsers, *m.TOLD._parsers})),
    values=some.lists(json_values, min_size=20, max_size=20),
)
def test_any_value_in_any_field_is_understood_or_refused(kind: str, values: list[Any]) -> None:
    for known in (m.WISHES, m.TOLD):
        made = {name: kind_of for kind_of, name in known._kind_of.items()}.get(kind)
        if made is None:
            continue
        names = [field.name for field in fields(made)]
        word: dict[str, Json] = {"kind": kind, **dict(zip(names, values, strict=False))}
        try:
            said = known.said(word)
        except Rejected as refused:
            assert refused.code is Code.MALFORMED
        else:
            assert isinstance(said, made)
