"""A picture or paper with a message: by the server, over the call, whole or not at all."""

import stat
from pathlib import Path

from app.domain.audit import Act
from app.domain.changes import RecordType
from app.domain.failures import Code
from app.domain.message_files import FILE_MAX_BYTES, PART_BYTES
from app.services.file_words import RATE_BITS_S
from tests.fakes.time_loop import until
from tests.story.clinic import Clinic, Desk
from tests.story.test_calls import both_live
from tests.story.test_messages import how_far, in_a_quiet_call, wire_of, words
from ui import wording
from ui.view_models.messages import MessageFileScreen

PIXELS = bytes(range(256)) * 1024  # 256 KiB: two parts and a third


def a_picture(folder: Path, name: str = "rash.png", body: bytes = PIXELS) -> Path:
    path = folder / name
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + body + b"\0\0\0\0IEND\xaeB`\x82")
    return path


async def sends(desk: Desk, path: Path, text: str = "") -> None:
    before = desk.models.visit.messages.screen.sent
    desk.models.visit.messages.send_file(str(path), text)
    await until(lambda: desk.models.visit.messages.screen.sent > before)


def files(desk: Desk) -> tuple[MessageFileScreen, ...]:
    return desk.models.visit.messages.screen.files


def asked_over_the_call(desk: Desk) -> bool:
    said = [word[1] for word in desk.engine.asked if word[0] == "send live"]
    return any(isinstance(word, dict) and word["kind"] == "file-want" for word in said)


async def is_refused(desk: Desk, path: Path, code: Code) -> None:
    desk.models.visit.messages.send_file(str(path), "with this")
    await until(lambda: desk.models.visit.messages.screen.message == wording.failure(code))
    assert words(desk) == []


async def test_a_picture_comes_by_the_server_and_is_saved_where_a_person_says(
    clinic: Clinic, tmp_path: Path
) -> None:
    _, cart, desk = await in_a_quiet_call(clinic)
    picture = a_picture(tmp_path)
    await sends(cart, picture, "the left arm")
    await until(lambda: words(desk) == ["the left arm"], limit_s=1.0)
    await until(lambda: bool(files(desk)) and files(desk)[0].can_save)
    await cart.everything_is_sent()
    await until(lambda: how_far(cart).startswith("delivered"))
    assert files(cart)[0].state == "at the server"
    assert not asked_over_the_call(desk)  # the line carries it once
    assert files(desk)[0].name == "rash.png"
    saved = tmp_path / "saved.png"
    desk.models.visit.messages.save_file(files(desk)[0].message, str(saved))
    await until(saved.exists)
    assert saved.read_bytes() == picture.read_bytes()
    assert stat.S_IMODE(saved.stat().st_mode) == 0o600
    await until(lambda: len(clinic.server.audited(Act.MESSAGE_FILE_SAVED)) == 1, limit_s=120)
    [message] = clinic.at_the_server(RecordType.MESSAGE)
    assert len(message["file_parts"]) == 3
    for one in (cart, desk):  # nothing of it lies in the clear at either desk or the server
        for path in one.settings.profile.rglob("*"):
            assert not path.is_file() or PIXELS[:64] not in path.read_bytes()
    keys = [part["file_key"] for part in message["file_parts"]]
    assert all(len(key) > 44 for key in keys)  # wrapped


async def test_while_the_server_is_away_it_comes_over_the_call_slowly_and_whole(
    clinic: Clinic, tmp_path: Path
) -> None:
    _, cart, desk = await in_a_quiet_call(clinic)
    cart.network.cut()
    desk.network.cut()
    picture = a_picture(tmp_path)
    started = clinic.clock.monotonic()
    await sends(cart, picture)
    await until(lambda: words(desk) == ["rash.png"], limit_s=1.0)
    await clinic.passes(5)
    assert not files(desk)[0].can_save
    assert not how_far(cart).startswith("delivered")  # what belongs to it is not there
    await until(lambda: files(desk)[0].can_save, limit_s=300)
    took_s = clinic.clock.monotonic() - started
    assert took_s > len(PIXELS) * 8 / RATE_BITS_S  # the voice was left its room
    await until(lambda: how_far(cart).startswith("delivered"))
    saved = tmp_path / "saved.png"
    desk.models.visit.messages.save_file(files(desk)[0].message, str(saved))
    await until(saved.exists)
    assert saved.read_bytes() == picture.read_bytes()
    await cart.network.heal(repeating_the_last_push=False)
    await cart.everything_is_sent()
    assert len(clinic.at_the_server(RecordType.MESSAGE)) == 1


async def test_a_lost_line_costs_no_part_that_was_there(clinic: Clinic, tmp_path: Path) -> None:
    _, cart, desk = await in_a_quiet_call(clinic)
    cart.network.cut()
    await sends(cart, a_picture(tmp_path))
    await until(lambda: words(desk) == ["rash.png"])
    progress = desk.services.message_files.state
    await until(lambda: any(file.bytes_here for file in progress.value.files), limit_s=120)
    await clinic.passes(10)  # into the middle of the next
    assert 0 < progress.value.files[0].bytes_here < len(PIXELS)
    desk.services.message_files._is_server_there = lambda: False  # only the call brings it
    asked = len([word for word in desk.engine.asked if word[0] == "send live"])
    wire_of(desk).cut()
    await clinic.passes(30)
    wire_of(desk).heal()
    await cart.network.heal()
    desk.network.breaks_sockets()
    await both_live(cart, desk)
    await until(lambda: files(desk)[0].can_save, limit_s=300)
    wants = [
        word[1]["from"]  # type: ignore[index]  # as it was asked for
        for word in [word for word in desk.engine.asked if word[0] == "send live"][asked:]
        if word[1]["kind"] == "file-want"  # type: ignore[index]
    ]
    assert isinstance(wants[0], int)
    assert wants[0] > 0  # it went on where it stood, in the middle of a part
    await cart.everything_is_sent()


async def test_what_cannot_be_sent_is_said_and_nothing_is_written(
    clinic: Clinic, tmp_path: Path
) -> None:
    _, cart, _ = await in_a_quiet_call(clinic)
    program = tmp_path / "holiday.png"
    program.write_bytes(b"\x7fELF" + bytes(100))
    await is_refused(cart, program, Code.FILE_KIND_UNKNOWN)
    await is_refused(cart, a_picture(tmp_path, body=bytes(FILE_MAX_BYTES)), Code.FILE_TOO_LARGE)
    await is_refused(cart, tmp_path, Code.FILE_UNREADABLE)
    await is_refused(cart, tmp_path / "gone.png", Code.FILE_UNREADABLE)
    assert await cart.store.transaction(lambda unit: unit.attachments.unsent()) == []


async def test_a_part_of_no_message_of_this_visit_is_not_given_away(
    clinic: Clinic, tmp_path: Path
) -> None:
    _, cart, desk = await in_a_quiet_call(clinic)
    await sends(cart, a_picture(tmp_path))
    await until(lambda: any(file.can_save for file in files(desk)), limit_s=300)
    await clinic.passes(30)
    name, _, _ = await cart.store.recordings.save(bytes(PART_BYTES))
    clinic.expected_errors.append("refused")
    before = cart.engine.live_words_besides("devices")
    await desk.engine.send_live({"kind": "file-want", "part": name, "from": 0})
    await clinic.passes(30)
    assert cart.engine.live_words_besides("devices") == before
