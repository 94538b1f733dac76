"""Invented screens for the gallery: every page in the states that a hurried eye must tell apart."""

from dataclasses import replace
from uuid import UUID

from app.domain.device import DeviceKind
from app.domain.failures import Code
from app.domain.ids import ChangeId, RecordId, VisitId
from app.domain.ladder import Matters
from ui.tone import Tone
from ui.view_models.call import CallScreen, MeasureScreen
from ui.view_models.cart_home import CartHomeScreen, DeviceRowScreen
from ui.view_models.choices import ChoiceScreen
from ui.view_models.ladder import LadderScreen
from ui.view_models.lock import LockScreen
from ui.view_models.messages import MessageFileScreen, MessageRowScreen, MessagesScreen
from ui.view_models.notes import NoteRowScreen, NotesScreen
from ui.view_models.patients import BannerScreen
from ui.view_models.recordings import RecordingRowScreen, RecordingsScreen
from ui.view_models.sign_in import SignInScreen
from ui.view_models.status import StatusScreen
from ui.view_models.sync import UnsentRowScreen, UnsentScreen
from ui.view_models.tiles import TileScreen
from ui.view_models.visits import VisitScreen
from ui.view_models.vitals import ReadingRowScreen, VitalsScreen
from ui.view_models.worklist import WorklistRowScreen, WorklistScreen
from ui.wording import DASH, failure, isolate, megabytes, spoken, text

AT = isolate("14:03")
VISITS = [VisitId(UUID(int=number)) for number in range(1, 8)]
CONFIRMED, PENDING = text("confirmed"), text("not-confirmed")

STATUS = StatusScreen(
    server=text("status.server-up"),
    server_tone=Tone.GOOD,
    unsent=text("status.nothing-unsent"),
    unsent_tone=Tone.PLAIN,
    store=text("status.store-encrypted"),
    store_tone=Tone.PLAIN,
    person=text("status.person", name="Dr A. Lindqvist", role=text("role.clinician")),
    demonstration=text("demonstration"),
    can_open_unsent=True,
    can_open_devices=True,
    can_lock=True,
    can_sign_out=True,
)
STATUS_CART = replace(
    STATUS, person=text("status.person", name="N. Okafor", role=text("role.presenter"))
)
STATUS_OUT = replace(
    STATUS,
    server=text("status.server-down", time=AT),
    server_tone=Tone.BAD,
    unsent=text("status.unsent", count=isolate("3"), span=isolate("4 min")),
    unsent_tone=Tone.ATTENTION,
    store=text("status.store-memory"),
    store_tone=Tone.ATTENTION,
)
STATUS_LOCKED_AWAY = replace(
    STATUS_OUT,
    store=text("status.store-unopened"),
    person=text("status.person-offline", name="Dr A. Lindqvist", role=text("role.clinician")),
)
STATUS_CLOCK = replace(
    STATUS_CART,
    clock=text("status.clock-behind", span=isolate("3 min")),
    clock_tone=Tone.ATTENTION,
    can_confirm_clock=True,
)
STATUS_SECOND = replace(
    STATUS, server=text("status.server-up-at", address="bedside-2.clinic.example:8470")
)
STATUS_CONFLICTS = replace(STATUS, conflicts=text("status.conflicts", count=2))
STATUS_MARKS = replace(STATUS, unsent=text("status.only-marks-unsent"))
STATUS_NOBODY = StatusScreen("", Tone.PLAIN, "", Tone.PLAIN)

SIGN_IN = SignInScreen(
    title=text("place.clinician"),
    server="https://bedside.clinic.example:8470",
    demonstration=text("demonstration"),
)
SIGN_IN_WRONG = replace(
    SIGN_IN,
    title=text("place.presenter"),
    username="n.okafor",
    message=failure(Code.WRONG_CREDENTIALS),
    message_tone=Tone.BAD,
    store_warning=f"{failure(Code.KEYRING_MISSING)} {text('sign-in.store-unopened')}",
)
SIGN_IN_BUSY = replace(SIGN_IN, username="a.lindqvist", is_busy=True)

LOCK_CALL = LockScreen(
    person="Dr A. Lindqvist",
    explanation=text("lock.after-restart"),
    has_call=True,
    call_state=text("lock.call-since", time=isolate("13:58")),
    call_tone=Tone.GOOD,
)
LOCK_MUTED = replace(
    LOCK_CALL, is_muted=True, message=failure(Code.WRONG_CREDENTIALS), message_tone=Tone.BAD
)
LOCK_QUIET = LockScreen(person="N. Okafor", explanation=text("lock.by-person"))


def _row(
    place: int, time: str, patient: str, born: str, number: str, state: str, tone: Tone, why: str
) -> WorklistRowScreen:
    return WorklistRowScreen(
        visit=VISITS[place],
        record_key=number.replace(" ", ""),
        time=isolate(time),
        patient=patient,
        born=isolate(born),
        record_number=isolate(number),
        state=state,
        tone=tone,
        reason=why,
    )


ROWS = (
    _row(
        0,
        "13:30",
        "DOE, Jane (Mrs)",
        "14-Jul-1945 (81y)",
        "129 728 7652",
        text("visit-state.interrupted-since", time=AT),
        Tone.BAD,
        "Breathless on the stairs for two weeks",
    ),
    replace(
        _row(
            1,
            "14:00",
            "DOE, Janet (Ms)",
            "02-Mar-1971 (55y)",
            "129 728 7660",
            text("visit-state.in-visit"),
            Tone.GOOD,
            "Blood pressure review",
        ),
        detail=PENDING,
    ),
    _row(
        2,
        "14:15",
        "MACHADO DE OLIVEIRA-SCHWARZENBERGER, Maria Aparecida (Mrs)",
        "30-Nov-1938 (87y)",
        "900 000 0017",
        text("visit-state.checked-in"),
        Tone.ATTENTION,
        "Wound control after removal of a basal cell carcinoma, daughter interprets",
    ),
    _row(
        3,
        "15:00",
        "NG, Wei",
        "29-Feb-2024 (2y)",
        "900 000 0025",
        text("visit-state.booked"),
        Tone.PLAIN,
        "Cough",
    ),
    _row(
        4,
        "15:20",
        "SÆTHER, Bjørn (Mr)",
        "08-May-1990 (36y)",
        "900 000 0033",
        text("visit-state.booked"),
        Tone.PLAIN,
        "",
    ),
    _row(
        5,
        "09:10",
        "O'BRIEN, Sean (Mr)",
        "17-Aug-1959 (67y)",
        "900 000 0041",
        text("visit-state.finished"),
        Tone.PLAIN,
        "Follow-up after discharge",
    ),
)
TODAY_TITLE = text("today.title", weekday="Saturday", day=isolate("21-Nov-2026"))
TODAY = WorklistScreen(TODAY_TITLE, ROWS)
TODAY_OFFLINE = WorklistScreen(TODAY_TITLE, ROWS, text("today.offline", time=AT), Tone.ATTENTION)
TODAY_EMPTY = WorklistScreen(TODAY_TITLE, (), text("today.empty"), Tone.PLAIN)


def _device(kind: DeviceKind, model: str, code: Code | None = None) -> DeviceRowScreen:
    found = code is None
    return DeviceRowScreen(
        kind,
        text(f"device.{kind}"),
        model,
        text("device.found" if found else "device.missing", time=isolate("13:58")),
        Tone.GOOD if found else Tone.BAD,
        "" if code is None else failure(code),
    )


DEVICES = (
    _device(DeviceKind.BLOOD_PRESSURE_CUFF, "SunTech Advantage (simulated)"),
    _device(DeviceKind.STETHOSCOPE, "Synthetic heart sounds, 4 kHz"),
    _device(DeviceKind.CAMERA, "Moving test picture 1280 × 720"),
    _device(DeviceKind.MICROPHONE, "Built-in audio"),
    _device(DeviceKind.SPEAKER, "Built-in audio"),
)
BROKEN = (
    _device(DeviceKind.BLOOD_PRESSURE_CUFF, "/dev/ttyUSB0", Code.DEVICE_PULLED),
    *DEVICES[1:3],
    _device(DeviceKind.MICROPHONE, "", Code.NO_SOUND_DEVICE),
    _device(DeviceKind.SPEAKER, "", Code.NO_SOUND_DEVICE),
)
CART = CartHomeScreen(
    title="Cart 2, Ward North",
    devices=DEVICES,
    visits=(ROWS[2], *ROWS[0:2], *ROWS[3:5]),
    start_detail=text("cart.start-choose"),
    test_detail=text("cart.test-detail"),
    help_detail=text("cart.help-detail"),
)
CART_CHOSEN = replace(
    CART,
    chosen=VISITS[0],
    can_start=True,
    start_detail=text("cart.start-with", patient="DOE, Jane (Mrs)", born=isolate("14-Jul-1945")),
    test_detail=text("cart.test-good", time=AT),
    test_tone=Tone.GOOD,
)
CART_BROKEN = replace(
    CART,
    devices=BROKEN,
    chosen=VISITS[2],
    can_start=True,
    start_detail=text("cart.start-with", patient=ROWS[2].patient, born=isolate("30-Nov-1938")),
    test_detail=text("cart.test-missing", time=AT, names="Blood pressure cuff, Microphone"),
    test_tone=Tone.BAD,
    help_detail=text("cart.help-card", cart="Cart 2, Ward North"),
    message=text("today.offline", time=AT),
    message_tone=Tone.ATTENTION,
)

BANNER = BannerScreen(
    name="DOE, Jane (Mrs)",
    born=isolate("14-Jul-1945 (81y)"),
    record_number=isolate("129 728 7652"),
    allergies="Penicillin (rash 2011), latex",
    has_allergies=True,
    sex="Female",
)
BANNER_LONG = BannerScreen(
    name="MACHADO DE OLIVEIRA-SCHWARZENBERGER, Maria Aparecida (Mrs)",
    born=isolate("30-Nov-1938 (87y)"),
    record_number=isolate("900 000 0017"),
    allergies=text("unknown"),
)
VISIT = VisitScreen(
    banner=BANNER,
    state=text("visit-state.in-visit"),
    state_tone=Tone.GOOD,
    since_check_in=isolate("0:12:41"),
    in_contact=isolate("0:09:12"),
    contact_tone=Tone.GOOD,
    shows_finish=True,
    can_finish=True,
    finish_question=text("visit.finish-question", patient="DOE, Jane (Mrs)"),
)
VISIT_OUT = replace(
    VISIT,
    state=text("visit-state.interrupted-since", time=AT),
    state_tone=Tone.BAD,
    contact_note=text("visit.contact-paused", time=AT),
    contact_tone=Tone.BAD,
)
VISIT_CART = replace(VISIT, shows_finish=False, can_finish=False)
VISIT_BEFORE = VisitScreen(
    banner=BANNER_LONG,
    state=text("visit-state.checked-in"),
    state_tone=Tone.ATTENTION,
    since_check_in=isolate("0:02:10"),
)
VISIT_FINISHED = replace(
    VISIT,
    state=text("visit-state.finished"),
    state_tone=Tone.PLAIN,
    shows_finish=False,
    can_finish=False,
    can_sign=True,
    sign_question=text("visit.sign-question", patient="DOE, Jane (Mrs)"),
    message=" ".join((text("visit.finished"), text("visit.unreadable", count="3"))),
    message_tone=Tone.ATTENTION,
)


def _measures(values: tuple[str, ...]) -> tuple[MeasureScreen, ...]:
    keys = ("round-trip", "loss", "jitter", "received", "sent", "frames", "join")
    return tuple(
        MeasureScreen(text(f"call.measure.{key}"), value)
        for key, value in zip(keys, values, strict=True)
    )


def _ladder(sent: str, received: str, tone: Tone = Tone.PLAIN) -> LadderScreen:
    return LadderScreen(
        is_shown=True,
        sent=text("ladder.sent", stand=sent),
        received=text("ladder.received", stand=received),
        received_tone=tone,
        can_choose=True,
        can_hold=True,
        choices=tuple(text(f"ladder.matters.{matters}") for matters in Matters),
        hold=text("ladder.hold"),
        hold_name=text("ladder.hold-name"),
    )


def _stand(step: str, reason: str) -> str:
    return text("ladder.stand", step=text(f"ladder.step.{step}"), reason=reason, time=AT)


FULL = text("ladder.step.hd")
VOICE = _stand("voice", text("ladder.carries", rate=isolate("60 kbit/s")))
CALL = CallScreen(
    ladder=_ladder(FULL, FULL),
    state=text("call.state.live"),
    state_tone=Tone.GOOD,
    far_caption="N. Okafor, Cart 2",
    can_hang_up=True,
    is_joined=True,
    can_mute=True,
    can_show_camera=True,
    measures=_measures(
        tuple(
            map(isolate, ("42 ms", "0.3 %", "4 ms", "812 kbit/s", "640 kbit/s", "29 /s", "640 ms"))
        )
    ),
)
CALL_IDLE = CallScreen(
    state=text("call.state.idle"),
    far_absent=text("picture.none"),
    can_join=True,
    can_show_camera=True,
)
CALL_WAITING = replace(
    CALL_IDLE,
    state=text("call.state.waiting"),
    state_tone=Tone.ATTENTION,
    far_absent=text("picture.none"),
    can_join=False,
    is_joined=True,
    can_hang_up=True,
    can_mute=True,
    is_muted=True,
    is_camera_on=False,
    own_absent=text("picture.camera-off"),
)
CALL_OUT = replace(
    CALL,
    state=text("call.state.rejoining", time=AT),
    state_tone=Tone.BAD,
    outage=text("call.outage.both", name="N. Okafor", time=AT),
    outage_detail=text("call.outage.server-detail"),
    ladder=replace(
        _ladder("", ""),
        sent="",
        received="",
        sent_tone=Tone.BAD,
        hint=text("ladder.hint-no-line"),
        can_choose=False,
        can_hold=False,
    ),
    measures=_measures((DASH,) * 7),
)
CALL_FAR_SCREEN = replace(
    CALL, far_screen=text("call.far-screen", name="N. Okafor, Cart 2", time=AT)
)
CALL_CART = replace(CALL, ladder=replace(_ladder(FULL, FULL), can_choose=False))
CALL_VOICE = replace(
    CALL,
    far_absent=text("picture.voice-only"),
    ladder=replace(_ladder(FULL, VOICE, Tone.ATTENTION), chosen=2),
)
CALL_VOICE_CART = replace(
    CALL,
    own_caption=text("call.you-not-sent"),
    ladder=replace(
        _ladder(VOICE, FULL),
        sent_tone=Tone.ATTENTION,
        can_choose=False,
        matters_told=text("ladder.matters-told", matters=text("ladder.matters.scope")),
    ),
)
SMALL = _stand("thumbnail", text("ladder.carries", rate=isolate("140 kbit/s")))
CALL_SMALL = replace(
    CALL, ladder=replace(_ladder(SMALL, SMALL, Tone.ATTENTION), sent_tone=Tone.ATTENTION)
)
CALL_IMPOSTOR = replace(
    CALL_WAITING,
    state=failure(Code.PEER_UNTRUSTED),
    state_tone=Tone.BAD,
    is_muted=False,
    is_camera_on=True,
    own_absent="",
)
CHOSEN = _stand("voice", text("ladder.reason.chosen"))
CALL_HELD = replace(
    CALL,
    state=text("call.state.live-voice"),
    far_absent=text("picture.voice-only"),
    own_caption=text("call.you-not-sent"),
    ladder=replace(
        _ladder(CHOSEN, CHOSEN),
        is_held=True,
        hold=text("ladder.let-go"),
        hold_name=text("ladder.let-go-name"),
    ),
)
LOW = _stand("messages", text("ladder.reason.loss"))
CALL_MESSAGES = replace(
    CALL,
    state=text("call.state.live-messages"),
    state_tone=Tone.BAD,
    far_absent=text("picture.none"),
    own_caption=text("call.you-not-sent"),
    ladder=replace(
        _ladder(LOW, LOW, Tone.BAD),
        sent_tone=Tone.BAD,
        hint=text("ladder.hint"),
        can_choose=False,
        can_hold=False,
    ),
)


def _reading(value: str, pulse: str, time: str, age: str, *, is_pending: bool) -> ReadingRowScreen:
    confirmation = PENDING if is_pending else CONFIRMED
    return ReadingRowScreen(
        what=text("vitals.blood-pressure"),
        value=isolate(f"{value} mmHg"),
        extra=text("vitals.extra-pulse", value=isolate(f"{pulse} /min")),
        kept=text("vitals.kept", time=isolate(time)),
        age=text("age.ago", span=isolate(age)),
        confirmation=confirmation,
        tone=Tone.ATTENTION if is_pending else Tone.PLAIN,
        spoken=spoken(f"Blood pressure {value}, pulse {pulse}, kept {time}, {confirmation}"),
    )


READINGS = (
    _reading("131/79", "74", "14:05", "20 s", is_pending=True),
    _reading("128/76", "71", "14:01", "4 min", is_pending=False),
    _reading("142/88", "80", "20-Nov-2026 09:12", "1 d", is_pending=False),
)
VITALS_FAR = VitalsScreen(has_cuff_controls=False, readings=READINGS[1:])
VITALS_FAR_LIVE = replace(
    VITALS_FAR,
    live=TileScreen(
        text("vitals.live"), "132", "mmHg", "Cart 2", text("age.ago", span=isolate("0 s"))
    ),
)
VITALS_FAR_STALE = replace(
    VITALS_FAR,
    readings=READINGS,
    live=TileScreen(
        text("vitals.live"),
        "132",
        "mmHg",
        "Cart 2",
        text("age.ago", span=isolate("9 s")),
        is_stale=True,
    ),
)
CUFF_FOUND = f"{text('device.blood-pressure-cuff')}: {text('device.found', time=isolate('13:58'))}"
VITALS_CART = VitalsScreen(
    has_cuff_controls=True,
    cuff_state=CUFF_FOUND,
    cuff_tone=Tone.GOOD,
    can_start=True,
    readings=READINGS[1:],
)
VITALS_RUNNING = replace(
    VITALS_CART,
    cuff_state=text("vitals.running"),
    cuff_tone=Tone.ATTENTION,
    can_start=False,
    is_running=True,
    can_stop=True,
    live=TileScreen(
        text("vitals.live"),
        "148",
        "mmHg",
        "SunTech Advantage (simulated)",
        text("age.ago", span=isolate("0 s")),
    ),
)
VITALS_RESULT = replace(
    VITALS_CART,
    result=TileScreen(
        text("vitals.result"),
        isolate("131/79"),
        "mmHg",
        "SunTech Advantage (simulated)",
        text("age.ago", span=isolate("12 s")),
    ),
    result_extra=", ".join(
        (
            text("vitals.extra-pulse", value=isolate("74 /min")),
            text("vitals.extra-mean", value=isolate("96 mmHg")),
        )
    ),
    result_message=failure(Code.RESULT_UNDECIDED),
    result_tone=Tone.ATTENTION,
    can_start=False,
    can_keep=True,
    can_discard=True,
)
VITALS_REFUSED = replace(
    VITALS_RESULT,
    result=TileScreen(
        text("vitals.result"),
        isolate("300/20"),
        "mmHg",
        "SunTech Advantage (simulated)",
        text("age.ago", span=isolate("3 s")),
        is_refused=True,
    ),
    result_extra=text("vitals.extra-pulse", value=isolate("74 /min")),
    result_message=failure(Code.OUT_OF_RANGE),
    result_tone=Tone.BAD,
    can_start=True,
    can_keep=False,
    readings=READINGS,
)
VITALS_MISSING = replace(
    VITALS_CART,
    cuff_state=f"{text('device.missing', time=AT)}: {failure(Code.DEVICE_PULLED)}",
    cuff_tone=Tone.BAD,
    can_start=False,
    result_message=failure(Code.CUFF_ARTEFACT),
    result_tone=Tone.BAD,
    can_discard=True,
)


def _note(words: str, time: str, who: str, *, is_pending: bool) -> NoteRowScreen:
    confirmation = PENDING if is_pending else CONFIRMED
    written = text("notes.written", time=isolate(time), name=who)
    tone = Tone.ATTENTION if is_pending else Tone.PLAIN
    return NoteRowScreen(words, written, confirmation, tone, spoken(f"{written}: {words}"))


NOTES = NotesScreen(
    visit=VISITS[0],
    can_write=True,
    rows=(
        _note(
            "No swelling of the ankles.\nSpeaks in full sentences.",
            "14:04",
            "Dr A. Lindqvist",
            is_pending=True,
        ),
        _note("Breathless after one flight of stairs.", "13:41", "N. Okafor", is_pending=False),
    ),
    message=text("notes.kept-at", time=isolate("14:04")),
    message_tone=Tone.GOOD,
)
NOTES_DRAFT = replace(
    NOTES, draft="Heart sounds regular, no murmur heard over the mitral site. Plan: ", message=""
)
NOTES_EMPTY = NotesScreen(visit=VISITS[2], can_write=True)
NOTES_SHUT = replace(NOTES, can_write=False, message="")

SITES = tuple(text(f"scope.site.{site}") for site in ("aortic", "pulmonic", "tricuspid", "mitral"))
SITE_CHOICES = tuple(ChoiceScreen(name, name) for name in SITES)


def _recording(site: str, time: str, *, is_pending: bool, proof: str = "") -> RecordingRowScreen:
    confirmation = PENDING if is_pending else CONFIRMED
    tone = Tone.ATTENTION if is_pending else Tone.PLAIN
    made = text("scope.made", time=isolate(time))
    return RecordingRowScreen(
        site,
        isolate("20.0 s"),
        made,
        proof,
        isolate("3f9a 02c4"),
        confirmation,
        tone,
        spoken(f"{site}, {made}, {confirmation}"),
    )


PROVEN = text("scope.proof", percent=isolate("100 %"))
RECORDINGS = (
    _recording(SITES[3], "14:02", is_pending=True, proof=PROVEN),
    _recording(SITES[0], "13:55", is_pending=False),
)
SCOPE_FAR = RecordingsScreen(has_controls=False, scope_state=text("scope.idle"))
SCOPE_FAR_LIVE = replace(
    SCOPE_FAR,
    scope_state=text("scope.receiving", site=SITES[3]),
    scope_tone=Tone.ATTENTION,
    is_live=True,
    way=f"{text('scope.way.lossless')}, {text('scope.delay', behind=isolate('0.3 s'))}",
    way_tone=Tone.GOOD,
    progress=text("scope.progress", length=isolate("12.4 s")),
    rows=RECORDINGS[1:],
)
SCOPE_PROVEN = replace(
    SCOPE_FAR, proof=f"{PROVEN} ({isolate('3f9a 02c4')})", proof_tone=Tone.GOOD, rows=RECORDINGS
)
SCOPE_CART = RecordingsScreen(
    has_controls=True,
    sites=SITE_CHOICES,
    scope_state=f"Synthetic heart sounds: {text('device.found', time=isolate('13:58'))}",
    scope_tone=Tone.GOOD,
    can_start=True,
    rows=RECORDINGS[1:],
)
SCOPE_RECORDING = replace(
    SCOPE_CART,
    scope_state=text("scope.recording", site=SITES[3]),
    scope_tone=Tone.ATTENTION,
    can_start=False,
    is_running=True,
    is_live=True,
    progress=f"{isolate('12.4 s')}. {text('scope.line-down')}",
)
SCOPE_DIFFERS = replace(
    SCOPE_CART, proof=text("scope.proof-differs"), proof_tone=Tone.BAD, rows=RECORDINGS
)


def _message(
    words: str,
    time: str,
    who: str,
    *,
    state: str,
    tone: Tone = Tone.PLAIN,
    own: bool = False,
    is_new: bool = False,
) -> MessageRowScreen:
    written = text("messages.written", time=isolate(time), name=who)
    new = text("messages.new") if is_new else ""
    return MessageRowScreen(
        words, written, state, tone, own, f"{who}: {words}", RecordId(UUID(int=len(words))), new
    )


LEFT_ARM = "Please measure again on the left arm."
YOU = text("messages.you")
READY = _message("She is ready.", "13:57", "N. Okafor", state=CONFIRMED)
MESSAGES = MessagesScreen(
    visit=VISITS[0],
    can_send=True,
    rows=(
        _message(
            LEFT_ARM,
            "14:04",
            YOU,
            state=text("messages.waits"),
            tone=Tone.ATTENTION,
            own=True,
        ),
        READY,
    ),
)
STEP_LINE = text(
    "ladder.log",
    step=text("ladder.step.voice"),
    reason=text("ladder.carried", rate=isolate("60 kbit/s")),
    side=text("ladder.side.presenter"),
)
MESSAGES_WITH_STEP = replace(
    MESSAGES,
    rows=(
        MessageRowScreen(
            text=STEP_LINE,
            written=text("ladder.log-head", time=AT),
            confirmation=CONFIRMED,
            tone=Tone.PLAIN,
            is_own=False,
            spoken=spoken(STEP_LINE),
        ),
        *MESSAGES.rows,
    ),
)
MESSAGES_EMPTY = MessagesScreen(visit=VISITS[2], can_send=True)
FILES = (
    MessageFileScreen(
        message=RecordId(UUID(int=901)),
        name="rash-left-arm.jpg",
        words=text("messages.file", name="rash-left-arm.jpg", size=megabytes(1_240_000)),
        state=text("messages.file-comes", percent=isolate("40 %")),
        can_save=False,
        question=text("messages.save-question", name="rash-left-arm.jpg"),
        spoken="Save rash-left-arm.jpg, 1.2 MB, from N. Okafor, 40 % here",
    ),
    MessageFileScreen(
        message=RecordId(UUID(int=902)),
        name="referral.pdf",
        words=text("messages.file", name="referral.pdf", size=megabytes(88_000)),
        state=text("messages.file-here"),
        can_save=True,
        question=text("messages.save-question", name="referral.pdf"),
        spoken="Save referral.pdf, 88 kB, from N. Okafor, whole and checked",
    ),
)
MESSAGES_LIVE = replace(
    MESSAGES,
    rows=(
        _message(
            "I send the picture.",
            "14:04",
            "N. Okafor",
            state=PENDING,
            tone=Tone.ATTENTION,
            is_new=True,
        ),
        _message(
            LEFT_ARM,
            "14:03",
            YOU,
            state=text("messages.read", time=AT),
            tone=Tone.GOOD,
            own=True,
        ),
        READY,
    ),
    unread=text("messages.unread", count=1),
    files=FILES,
)
MESSAGES_BY_CALL = replace(
    MESSAGES,
    rows=(
        _message(
            LEFT_ARM,
            "14:04",
            YOU,
            state=text("messages.delivered-by-call", time=AT),
            tone=Tone.GOOD,
            own=True,
        ),
        READY,
    ),
    way=text("messages.way.call"),
    way_tone=Tone.ATTENTION,
)
MESSAGES_NO_WAY = replace(MESSAGES, way=text("messages.way.none"), way_tone=Tone.BAD)
MESSAGES_FILE_REFUSED = replace(
    MESSAGES, message=failure(Code.FILE_KIND_UNKNOWN), message_tone=Tone.BAD, files=FILES[1:]
)

UNSENT = UnsentScreen(
    title=text("unsent.title"),
    rows=(
        UnsentRowScreen(
            ChangeId(UUID(int=91)),
            text("record.written", what=text("record.patient"), time=AT),
            "DOE, Jane (Mrs)",
            failure(Code.CONFLICT),
            Tone.BAD,
            "Allergies: penicillin (rash 2011), latex",
            "Allergies: penicillin (anaphylaxis 2019)",
            can_write_anew=True,
            can_give_up=True,
        ),
        UnsentRowScreen(
            ChangeId(UUID(int=92)),
            text("record.written", what=text("record.note"), time=isolate("14:04")),
            "DOE, Jane (Mrs)",
            failure(Code.ALREADY_SIGNED),
            Tone.BAD,
            "No swelling of the ankles. Speaks in full sentences.",
            can_give_up=True,
        ),
        UnsentRowScreen(
            ChangeId(UUID(int=93)),
            text("record.written", what=text("record.reading"), time=isolate("14:05")),
            "DOE, Jane (Mrs)",
            text("unsent.waiting"),
            Tone.PLAIN,
            "131/79 mmHg, pulse 74 /min",
        ),
    ),
)
UNSENT_NONE = UnsentScreen(title=text("unsent.title"))
