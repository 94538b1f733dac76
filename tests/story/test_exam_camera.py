"""The exam camera in a visit: stills from either side, drawings, and moving it by a lease."""

import hashlib
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from app.domain.access import Role
from app.domain.audit import Act
from app.domain.camera_lease import IDLE_AFTER_S, Hold, Policy
from app.domain.camera_moves import Move
from app.domain.changes import Json, RecordType
from app.domain.device import DeviceIdentity, DeviceKind, DeviceStatus, Impairment, Presence
from app.domain.engine import DevicesSeen
from app.domain.exam_camera import Control, ControlState
from app.domain.failures import Code, Unavailable
from app.domain.ids import RecordId, new_id
from app.domain.stills import Drawing, Mark, MarkKind, Point, Scale
from app.services.still_export import StillExport
from app.services.stills import FreezePhase
from offline_store.outside_files import OutsideFiles
from tests.fakes.exam_engine import FOUND, PNG
from tests.fakes.time_loop import until
from tests.story.clinic import Booked, Clinic, Desk
from tests.story.test_calls import in_a_call
from ui import wording
from ui.tone import Tone
from ui.wording import text

ZOOM = ControlState(Control.ZOOM, 100, 500, 1, 100)
DRAWING = Drawing(
    (
        Mark(MarkKind.ARROW, Point(10, 10), Point(200, 120)),
        Mark(MarkKind.LABEL, Point(300, 40), Point(300, 40), "irregular border"),
        Mark(MarkKind.RULER, Point(0, 0), Point(400, 0)),
    ),
    Scale(Point(100, 900), Point(500, 900), 40.0),
)


def stills_of(desk: Desk) -> Any:
    return desk.models.visit.stills


def exam_of(desk: Desk) -> Any:
    return desk.models.visit.exam


def phase(desk: Desk) -> FreezePhase:
    return desk.services.stills.state.value.phase


async def exam_shown(clinic: Clinic) -> tuple[Desk, Desk]:
    """In a call; the nurse shows the exam camera."""
    _, cart, desk = await in_a_call(clinic)
    cart.engine.exam.controls = (ZOOM,)
    exam_of(cart).toggle()
    await until(lambda: exam_of(desk).screen.focus is not None)
    return cart, desk


async def says(desk: Desk, code: Code) -> None:
    await until(lambda: exam_of(desk).screen.state == wording.failure(code))


async def lease_is(cart: Desk, desk: Desk, hold: Hold) -> None:
    await until(
        lambda: all(one.services.camera_lease.state.value.hold is hold for one in (cart, desk))
    )


# --- stills --------------------------------------------------------------------------------------


async def test_the_nurse_freezes_and_both_see_the_same_picture(clinic: Clinic) -> None:
    cart, desk = await exam_shown(clinic)
    exam_of(cart).freeze(12.5)
    await until(lambda: phase(cart) is FreezePhase.KEPT)
    assert cart.engine.exam.asked[-1][0] == "freeze"
    assert cart.engine.exam.asked[-1][2:] == (12.5, False)
    await cart.everything_is_sent()
    [document] = clinic.at_the_server(RecordType.STILL)
    assert (document["width"], document["asked_by"]) == (1920, "presenter")
    assert len(cart.engine.exam.kept) == 1  # the media process may forget it
    await until(lambda: len(stills_of(desk).screen.rows) == 1)
    proof = wording.text("stills.proof", percent=wording.isolate("100 %"))
    await until(lambda: stills_of(desk).screen.rows[0].state == proof)
    await until(lambda: stills_of(cart).screen.rows[0].state == proof)
    brought: list[bytes] = []
    stills_of(desk).picture.connect(lambda still, png: brought.append(png))
    stills_of(desk).toggle()
    await until(lambda: brought)
    assert brought == [PNG]
    assert len(clinic.server.audited(Act.STILL_KEPT)) == 2  # server's and desk's own


async def test_the_clinician_freezes_and_it_is_taken_and_kept_at_the_cart(clinic: Clinic) -> None:
    cart, desk = await exam_shown(clinic)
    exam_of(desk).freeze(None)
    await until(lambda: phase(desk) is FreezePhase.TAKEN_THERE)
    await until(lambda: phase(cart) is FreezePhase.KEPT)
    await cart.everything_is_sent()
    [document] = clinic.at_the_server(RecordType.STILL)
    assert document["asked_by"] == "clinician"
    presenter = clinic.people[Role.PRESENTER]
    assert document["taken_by"] == str(presenter.id)
    await until(lambda: len(stills_of(desk).screen.rows) == 1)


async def test_a_camera_that_is_off_is_said_to_be_off(clinic: Clinic) -> None:
    _, cart, desk = await in_a_call(clinic)
    for one in (cart, desk):
        exam_of(one).freeze(None)
        await says(one, Code.EXAM_CAMERA_OFF)
    assert not [word for word in cart.engine.exam.asked if word[0] == "freeze"]


async def test_a_cart_that_does_not_answer_is_said_to_be_away(clinic: Clinic) -> None:
    cart, desk = await exam_shown(clinic)
    desk.engine.exam.is_silent = True
    exam_of(desk).freeze(None)
    await until(lambda: phase(desk) is FreezePhase.ASKED)
    await clinic.passes(10)
    assert exam_of(desk).screen.state == wording.failure(Code.PEER_AWAY)
    assert exam_of(cart).screen.state == ""


async def test_a_camera_that_refuses_says_why(clinic: Clinic) -> None:
    cart, _ = await exam_shown(clinic)
    cart.engine.exam.refusal = Code.CAMERA_STUCK
    exam_of(cart).freeze(None)
    await says(cart, Code.CAMERA_STUCK)
    cart.engine.exam.failure = Unavailable(Code.MEDIA_PROCESS_ENDED)
    exam_of(cart).freeze(None)
    await says(cart, Code.MEDIA_PROCESS_ENDED)


async def test_a_camera_that_is_gone_is_missing_at_both_ends_and_never_frozen(
    clinic: Clinic,
) -> None:
    cart, desk = await exam_shown(clinic)
    exam = cart.engine.exam
    pulled = replace(
        FOUND, presence=Presence.MISSING, since=clinic.clock.now(), reason=Code.DEVICE_PULLED
    )
    exam.is_camera(pulled)
    for one in (cart, desk):
        await until(lambda one=one: exam_of(one).screen.gone == wording.text("exam.missing"))  # type: ignore[misc]  # bound at once
        assert exam_of(one).screen.state_tone is Tone.BAD
        assert wording.failure(Code.DEVICE_PULLED) in exam_of(one).screen.state
    stuck = replace(FOUND, impairment=Impairment.STILL_PICTURE, impaired_since=clinic.clock.now())
    exam.is_camera(stuck)
    for one in (cart, desk):
        await until(lambda one=one: not exam_of(one).screen.gone)  # type: ignore[misc]  # bound at once
        assert wording.failure(Code.CAMERA_STUCK) in exam_of(one).screen.state
    exam.is_camera(FOUND)
    for one in (cart, desk):
        await until(lambda one=one: exam_of(one).screen.state == "")  # type: ignore[misc]  # bound at once


async def test_a_room_camera_that_is_missing_is_said_to_be_at_both_ends(clinic: Clinic) -> None:
    _, cart, desk = await in_a_call(clinic)
    now = clinic.clock.now()
    camera = DeviceIdentity(DeviceKind.CAMERA, "webcam", "/dev/video0")
    missing = DeviceStatus(camera, Presence.MISSING, now, Code.DEVICE_PULLED)
    cart.engine.tells(DevicesSeen((missing,)))
    await until(lambda: cart.models.visit.call.screen.own_absent == text("picture.no-camera"))
    await until(lambda: desk.models.visit.call.screen.far_gone == text("picture.no-far-camera"))
    cart.engine.tells(DevicesSeen((DeviceStatus(camera, Presence.FOUND, now),)))
    await until(lambda: cart.models.visit.call.screen.own_absent == "")
    await until(lambda: desk.models.visit.call.screen.far_gone == "")


async def test_a_still_survives_a_restart_and_arrives_once_with_the_same_hash(
    clinic: Clinic,
) -> None:
    """The program ends before anything was sent; the next one has it from the encrypted store."""
    cart, desk = await exam_shown(clinic)
    visit, patient = cart.services.chart.row.visit.id, cart.services.chart.row.patient.id
    cart.network.cut()
    exam_of(cart).freeze(None)
    await until(lambda: phase(cart) is FreezePhase.KEPT)
    assert clinic.at_the_server(RecordType.STILL) == []
    lying = b"".join(
        path.read_bytes() for path in cart.settings.profile.rglob("*") if path.is_file()
    )
    assert PNG not in lying
    await cart.ends()
    await cart.starts()
    await cart.network.heal(repeating_the_last_push=True)
    await cart.signs_in()
    await cart.everything_is_sent()
    [document] = clinic.at_the_server(RecordType.STILL)
    digest = hashlib.sha256(PNG).hexdigest()
    assert (document["sha256"], document["visit"]) == (digest, str(visit))
    await cart.opens(Booked(visit, patient))
    for one in (cart, desk):
        await until(lambda one=one: len(stills_of(one).screen.rows) == 1)  # type: ignore[misc]  # bound at once
        png = await one.services.still_files.png(one.services.chart.state.value.stills[0].id)
        assert hashlib.sha256(png).hexdigest() == digest
    await clinic.passes(65)
    assert len(clinic.at_the_server(RecordType.STILL)) == 1


async def test_a_still_taken_offline_is_there_once_when_the_server_is(clinic: Clinic) -> None:
    cart, desk = await exam_shown(clinic)
    cart.network.cut()
    exam_of(cart).freeze(None)
    await until(lambda: phase(cart) is FreezePhase.KEPT)
    await clinic.passes(15)
    assert clinic.at_the_server(RecordType.STILL) == []
    assert stills_of(cart).screen.rows[0].state == wording.text("not-confirmed")
    await cart.network.heal(repeating_the_last_push=True)
    await cart.everything_is_sent()
    assert len(clinic.at_the_server(RecordType.STILL)) == 1
    await until(lambda: len(stills_of(desk).screen.rows) == 1)


async def test_a_still_told_twice_is_kept_once(
    clinic: Clinic, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The media process tells it again to each screen until it heard that it is kept."""
    cart, _ = await exam_shown(clinic)
    exam_of(cart).freeze(None)
    await until(lambda: phase(cart) is FreezePhase.KEPT)
    await until(lambda: cart.engine.exam.kept)
    [still] = cart.engine.exam.kept
    files, saved = cart.store.recordings, list[str]()
    save = files.save

    async def save_and_tell(png: bytes) -> tuple[str, str, int]:
        told = await save(png)
        saved.append(told[0])
        return told

    monkeypatch.setattr(files, "save", save_and_tell)
    cart.engine.tells(cart.engine.exam.done(still, Role.PRESENTER))
    await until(lambda: len(cart.engine.exam.kept) == 2)
    assert [await files.has(one) for one in saved] == [False]  # nothing lies there for no record
    await cart.everything_is_sent()
    assert len(clinic.at_the_server(RecordType.STILL)) == 1


async def test_a_still_of_another_visit_waits_for_its_chart(clinic: Clinic) -> None:
    cart, desk = await exam_shown(clinic)
    earlier = cart.services.chart.row.visit.id
    late = cart.engine.exam.done(RecordId(new_id()), Role.PRESENTER)
    desk.models.visit.call.hang_up()
    cart.models.visit.call.hang_up()
    await clinic.passes(3)
    cart.models.visit.visit.back()
    await until(lambda: cart.services.chart.state.value.row is None)
    cart.engine.tells(late)
    await until(lambda: cart.services.stills.has_unkept.value)
    await clinic.passes(12)
    assert clinic.at_the_server(RecordType.STILL) == []
    cart.models.cart_home.choose(earlier)
    cart.models.cart_home.start_visit()
    await until(lambda: not cart.services.stills.has_unkept.value)
    await cart.everything_is_sent()
    assert len(clinic.at_the_server(RecordType.STILL)) == 1


async def test_a_file_that_is_not_what_its_record_says_is_said_to_differ(clinic: Clinic) -> None:
    cart, desk = await exam_shown(clinic)
    clinic.expected_errors.append("a still is not what its record says")
    exam_of(cart).freeze(None)
    await until(lambda: phase(cart) is FreezePhase.KEPT)
    load = desk.store.recordings.load

    async def other(file_sha256: str, key: str) -> bytes:
        return await load(file_sha256, key) + b"!"

    desk.store.recordings.load = other  # type: ignore[method-assign]  # a disk that lies
    await cart.everything_is_sent()
    await until(lambda: len(stills_of(desk).screen.rows) == 1)
    await until(lambda: stills_of(desk).screen.rows[0].state == wording.text("stills.differs"))
    assert stills_of(desk).screen.rows[0].tone is Tone.BAD


# --- drawing, comparing, exporting ---------------------------------------------------------------


async def test_what_the_clinician_draws_stands_beside_the_picture_at_both_ends(
    clinic: Clinic,
) -> None:
    cart, desk = await exam_shown(clinic)
    exam_of(cart).freeze(None)
    await cart.everything_is_sent()
    await until(lambda: len(stills_of(desk).screen.rows) == 1)
    stills_of(desk).toggle()
    stills_of(desk).save(DRAWING)
    await until(lambda: stills_of(desk).screen.saved == 1)
    await desk.everything_is_sent()
    await until(lambda: len(cart.services.chart.state.value.still_marks) == 1)
    stills_of(cart).toggle()
    assert stills_of(cart).screen.drawing == DRAWING
    assert "The clinician" in stills_of(cart).screen.drawn_by
    [document] = clinic.at_the_server(RecordType.STILL_MARKS)
    assert document["scale"]["length_mm"] == 40.0
    stills_of(cart).save(Drawing())
    await cart.everything_is_sent()
    await until(lambda: stills_of(desk).screen.drawing == Drawing())
    assert len(clinic.at_the_server(RecordType.STILL_MARKS)) == 2  # the first one is not gone
    [still] = clinic.at_the_server(RecordType.STILL)
    assert still["width"] == 1920


async def test_a_drawing_that_does_not_fit_is_refused_and_said(clinic: Clinic) -> None:
    cart, _ = await exam_shown(clinic)
    exam_of(cart).freeze(None)
    await until(lambda: phase(cart) is FreezePhase.KEPT)
    await until(lambda: len(stills_of(cart).screen.rows) == 1)
    stills_of(cart).toggle()
    far_off = Mark(MarkKind.ARROW, Point(0, 0), Point(90_000, 0))
    stills_of(cart).save(Drawing((far_off,)))
    await until(
        lambda: stills_of(cart).screen.message == wording.failure(Code.DRAWING_DOES_NOT_FIT)
    )


async def test_only_the_clinician_exports_and_it_is_written_down(
    clinic: Clinic, tmp_path: Path
) -> None:
    cart, desk = await exam_shown(clinic)
    exam_of(cart).freeze(None)
    await cart.everything_is_sent()
    await until(lambda: len(stills_of(desk).screen.rows) == 1)
    told: list[Any] = []

    class Exporter:
        async def dicom(self, still: Any, png: bytes) -> bytes:
            told.append((still, png))
            return b"DICM"

    s = desk.services
    export = StillExport(
        acts=s.acts,
        chart=s.chart,
        files=s.still_files,
        exporter=Exporter(),
        outside=OutsideFiles(),
    )
    [still] = s.chart.state.value.stills
    await export.save_as(still.id, str(tmp_path / "still.dcm"))
    assert (tmp_path / "still.dcm").read_bytes() == b"DICM"
    assert told[0][0].number == 1 and told[0][1] == PNG
    assert told[0][0].patient.id == s.chart.row.patient.id
    stills_of(cart).toggle()
    assert not stills_of(cart).screen.can_export
    stills_of(cart).export(str(tmp_path / "not.dcm"))
    await until(lambda: stills_of(cart).screen.message == wording.failure(Code.NOT_ALLOWED))
    assert not (tmp_path / "not.dcm").exists()
    await clinic.passes(65)
    assert len(clinic.server.audited(Act.STILL_EXPORTED)) == 1


# --- the lease -----------------------------------------------------------------------------------


async def test_the_clinician_asks_the_nurse_grants_and_it_is_audited(clinic: Clinic) -> None:
    cart, desk = await exam_shown(clinic)
    await until(lambda: exam_of(desk).screen.lease.can_ask)
    exam_of(desk).ask()
    await lease_is(cart, desk, Hold.ASKED)
    assert "The clinician" in exam_of(cart).screen.lease.question
    exam_of(cart).answer(True)
    await lease_is(cart, desk, Hold.HELD)
    assert "The clinician" in exam_of(cart).screen.lease.words
    assert Move.ZOOM_IN in exam_of(desk).screen.lease.moves
    exam_of(desk).move(Move.ZOOM_IN)
    await until(lambda: ("set", Control.ZOOM, 120) in cart.engine.exam.asked)
    exam_of(desk).give_back()
    await lease_is(cart, desk, Hold.FREE)
    await clinic.passes(65)
    for act in (
        Act.CAMERA_CONTROL_GRANTED,
        Act.CAMERA_CONTROL_USED,
        Act.CAMERA_CONTROL_ENDED,
    ):
        [event] = clinic.server.audited(act)
        assert event["visit"] == str(cart.services.chart.row.visit.id), act


async def test_a_refusal_is_told_and_audited(clinic: Clinic) -> None:
    cart, desk = await exam_shown(clinic)
    await until(lambda: exam_of(desk).screen.lease.can_ask)
    exam_of(desk).ask()
    await lease_is(cart, desk, Hold.ASKED)
    exam_of(cart).answer(False)
    await lease_is(cart, desk, Hold.FREE)
    assert exam_of(desk).screen.lease.words == wording.failure(Code.CAMERA_CONTROL_REFUSED)
    exam_of(desk).move(Move.ZOOM_IN)
    await says(desk, Code.CAMERA_CONTROL_NOT_HELD)
    await clinic.passes(65)
    [event] = clinic.server.audited(Act.CAMERA_CONTROL_REFUSED)
    assert event["code"] == "camera-control-refused"
    assert not [asked for asked in cart.engine.exam.asked if asked[:2] == ("set", Control.ZOOM)]


@pytest.mark.parametrize(
    ("policy", "hold"), [(Policy.ALWAYS, Hold.HELD), (Policy.NEVER, Hold.FREE)]
)
async def test_a_cart_may_always_allow_it_or_never(
    clinic: Clinic, policy: Policy, hold: Hold
) -> None:
    cart, desk = await exam_shown(clinic)
    cart.services.camera_lease._policy = policy
    await until(lambda: exam_of(desk).screen.lease.can_ask)
    exam_of(desk).ask()
    await clinic.passes(2)
    await lease_is(cart, desk, hold)
    assert exam_of(cart).screen.lease.question == ""


async def test_a_lease_that_nobody_uses_ends_after_a_minute(clinic: Clinic) -> None:
    cart, desk = await exam_shown(clinic)
    cart.services.camera_lease._policy = Policy.ALWAYS
    await until(lambda: exam_of(desk).screen.lease.can_ask)
    exam_of(desk).ask()
    await lease_is(cart, desk, Hold.HELD)
    await clinic.passes(IDLE_AFTER_S / 2)
    exam_of(desk).move(Move.ZOOM_IN)
    await clinic.passes(IDLE_AFTER_S - 5)
    await lease_is(cart, desk, Hold.HELD)  # the move counted
    await clinic.passes(10)
    await lease_is(cart, desk, Hold.FREE)
    for one in (cart, desk):
        assert exam_of(one).screen.lease.words == wording.failure(Code.CAMERA_CONTROL_IDLE)


async def test_the_nurse_takes_it_back_and_a_late_move_moves_nothing(clinic: Clinic) -> None:
    cart, desk = await exam_shown(clinic)
    cart.services.camera_lease._policy = Policy.ALWAYS
    await until(lambda: exam_of(desk).screen.lease.can_ask)
    exam_of(desk).ask()
    await lease_is(cart, desk, Hold.HELD)
    lease = desk.services.camera_lease.state.value.lease
    exam_of(cart).take_back()
    await lease_is(cart, desk, Hold.FREE)
    before = list(cart.engine.exam.asked)
    word: dict[str, Json] = {
        "kind": "camera-wish",
        "said": "move",
        "lease": str(lease),
        "move": "zoom-in",
    }
    visit = cart.services.chart.row.visit.id
    cart.services.camera_lease.heard_from_far(visit, word)
    await clinic.passes(2)
    assert cart.engine.exam.asked == before


async def test_the_end_of_the_call_ends_the_lease(clinic: Clinic) -> None:
    cart, desk = await exam_shown(clinic)
    cart.services.camera_lease._policy = Policy.ALWAYS
    await until(lambda: exam_of(desk).screen.lease.can_ask)
    exam_of(desk).ask()
    await lease_is(cart, desk, Hold.HELD)
    desk.models.visit.call.hang_up()
    await until(lambda: cart.services.camera_lease.state.value.hold is Hold.FREE)
    assert desk.services.camera_lease.state.value.hold is Hold.FREE
    await clinic.passes(65)
    assert len(clinic.server.audited(Act.CAMERA_CONTROL_ENDED)) == 1


async def test_a_question_that_the_cart_never_heard_is_given_up(clinic: Clinic) -> None:
    cart, desk = await exam_shown(clinic)
    await until(lambda: exam_of(desk).screen.lease.can_ask)
    assert desk.engine.wire is not None
    desk.services.camera_lease._tell_far = lambda visit, payload: None
    exam_of(desk).ask()
    await until(lambda: desk.services.camera_lease.state.value.hold is Hold.ASKED)
    cart.services.camera_lease._tell_far = lambda visit, payload: None
    await clinic.passes(20)
    assert desk.services.camera_lease.state.value.hold is Hold.FREE
    assert exam_of(desk).screen.lease.words == wording.failure(Code.PEER_AWAY)


@pytest.mark.parametrize(
    "word",
    [
        {"kind": "camera-wish"},
        {"kind": "camera-wish", "said": "ask", "lease": "no id", "name": "x"},
        {"kind": "camera-wish", "said": "move", "lease": None, "move": "fly"},
        {"kind": "camera-lease", "hold": "mine"},
        {"kind": "still-proof", "still": 5, "sha256": None},
    ],
)
async def test_words_that_make_no_sense_change_nothing(
    clinic: Clinic, word: dict[str, Any]
) -> None:
    cart, desk = await exam_shown(clinic)
    visit = cart.services.chart.row.visit.id
    for one in (cart, desk):
        before = (one.services.camera_lease.state.value, one.services.stills.state.value)
        one.services.camera_lease.heard_from_far(visit, word)
        one.services.stills.heard_from_far(visit, word)
        after = (one.services.camera_lease.state.value, one.services.stills.state.value)
        assert after == before
