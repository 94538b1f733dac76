"""Screens and media processes as they are: real processes, sockets, memory, links; killed, too."""

import asyncio
import hashlib
import os
import random
import shutil
import signal
import socket
import struct
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import numpy as np
import pytest
import pytest_asyncio

from app.domain.access import Role
from app.domain.call import RunningCall
from app.domain.engine import (
    EngineAttached,
    EngineGone,
    FarScreen,
    LadderTold,
    LinkChanged,
    LinkPhase,
    LiveFromFar,
    ScopeDone,
    ScopeProof,
)
from app.domain.failures import Code, Unavailable
from app.domain.ids import RecordId, VisitId, new_id
from app.domain.ladder import Matters, Reason, Step, Wants
from app.domain.picture import Picture
from media import synthetic
from media.link import attachment
from media.link.engine_watch import SILENCE_LIMIT_S
from media.link.local_channel import framed
from media.link.messages import VERSION, WISHES, Hello, Which
from tests.whole.media_screen import MediaScreen, children_of, is_running, until

# One loop and one pair of media processes for all of them: each test is a visit of its own.
pytestmark = [pytest.mark.whole, pytest.mark.asyncio(loop_scope="module")]
NUMBER = random.getrandbits(32)


@pytest.fixture(scope="module")
def video(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("video") / "synthetic.avi"
    synthetic.write_video(path, number=NUMBER, seconds=1.0, rate=25)
    return path


@pytest.fixture(scope="module")
def heart(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("heart") / "synthetic.wav"
    synthetic.write_wav(path, synthetic.heart_sounds(seconds=20, seed=NUMBER), 4000)
    return path


@pytest.fixture(scope="module", autouse=True)
def runtime() -> Iterator[Path]:
    """A run-time folder of its own, with a path that is short enough for a socket."""
    folder = Path(tempfile.mkdtemp(prefix="bedside-"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_RUNTIME_DIR", str(folder))
        yield folder
    left = list((folder / "bedside").glob("*"))
    shutil.rmtree(folder)
    assert left == []  # no socket's name is left behind


class Visit:
    """A clinician's and a presenter's screen, each with its media process."""

    def __init__(self, clinician: MediaScreen, presenter: MediaScreen, video: Path) -> None:
        self.clinician = clinician
        self.presenter = presenter
        self.video = video
        self.id = VisitId(new_id())
        self._earlier: list[MediaScreen] = []  # who started a media process must reap it

    async def begins(self, heart: Path | None = None) -> None:
        self.id = VisitId(new_id())
        await self.clinician.prepares(self.id, Role.CLINICIAN, self.video)
        await self.presenter.prepares(self.id, Role.PRESENTER, self.video, heart)
        await self.is_live()

    async def is_live(self) -> None:
        self.clinician.other, self.presenter.other = self.presenter, self.clinician
        link = await self.clinician.calls()
        for side in (self.clinician, self.presenter):
            await side.next(
                LinkChanged, lambda word: word.link == link and word.phase is LinkPhase.LIVE
            )

    async def presenter_dies(self) -> RunningCall:
        """The screen alone; its media process goes on."""
        self._earlier.append(self.presenter)
        return await self.presenter.leaves()

    async def presenter_is_back(self, running: RunningCall) -> MediaScreen:
        self.presenter = await MediaScreen(running).opens()
        self.presenter.other, self.clinician.other = self.clinician, self.presenter
        return self.presenter

    async def all_quit(self) -> None:
        for screen in (self.clinician, self.presenter, *self._earlier):
            await screen.quits()

    async def ends(self) -> None:
        for side in (self.clinician, self.presenter):
            await side.remote.release()
            side.events.clear()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def desks(runtime: Path, video: Path) -> AsyncIterator[Visit]:
    visit = Visit(MediaScreen(), MediaScreen(), video)
    await visit.clinician.opens()
    await visit.presenter.opens()
    yield visit
    await visit.all_quit()


@pytest_asyncio.fixture(loop_scope="module")
async def visit(desks: Visit) -> AsyncIterator[Visit]:
    """A test that took one screen's place leaves another in `visit`."""
    yield desks
    await desks.ends()


def number_seen(screen: MediaScreen) -> int | None:
    """The 32 bits drawn into the source, read from the screen's pixels; None without a picture."""
    picture = screen.remote.far_picture()
    if picture is None:
        return None
    pixels = np.frombuffer(picture.data, dtype=np.uint8)
    grey = pixels.reshape(picture.height, picture.width, 4)[:, :, :3].mean(axis=2)
    assert (picture.width, picture.height) == (640, 480)
    number = 0
    for place in range(32):
        across = 64 + 16 * place + 8
        number = number << 1 | int(grey[420, across] > grey[444, across])
    return number


def newer(screen: MediaScreen, than: Picture) -> bool:
    picture = screen.remote.far_picture()
    return picture is not None and picture.sequence > than.sequence + 5


async def far_picture(screen: MediaScreen) -> Picture:
    await until(lambda: screen.remote.far_picture() is not None, "far picture")
    picture = screen.remote.far_picture()
    assert picture is not None
    return picture


async def sees_the_number(screen: MediaScreen) -> None:
    await until(lambda: number_seen(screen) == NUMBER, "the number drawn into the source")


def socket_count(screen: MediaScreen) -> int:
    """Of its media process."""
    found = 0
    for name in os.listdir(f"/proc/{screen.remote.pid}/fd"):
        try:
            found += os.readlink(f"/proc/{screen.remote.pid}/fd/{name}").startswith("socket")
        except FileNotFoundError:
            pass  # closed while we looked
    return found


async def sees_itself(side: MediaScreen) -> None:
    """The far picture may be there first: each goes its own way to the screen."""
    await until(lambda: side.remote.self_picture() is not None, "own picture")


async def test_picture_words_and_body_sounds_cross_whole(visit: Visit, heart: Path) -> None:
    await visit.begins(heart)
    clinician, presenter = visit.clinician, visit.presenter
    for side in (clinician, presenter):
        await sees_the_number(side)
        await sees_itself(side)
        own = side.remote.self_picture()
        assert own is not None and (own.width, own.height) == (160, 120)
        assert (await side.next(FarScreen)).is_attached

    await clinician.remote.send_live({"kind": "cuff-pressure", "value": "132"})
    assert (await presenter.next(LiveFromFar)).payload["value"] == "132"

    recording = RecordId(new_id())
    await presenter.remote.start_scope(recording, "apex")
    with pytest.raises(Unavailable) as busy:
        await presenter.remote.start_scope(RecordId(new_id()), "apex")
    assert busy.value.code is Code.DEVICE_BUSY
    await asyncio.sleep(0.5)
    await presenter.remote.stop_scope(recording)
    ours, theirs = await presenter.next(ScopeDone), await clinician.next(ScopeDone)
    assert (ours.is_ours, theirs.is_ours) == (True, False)
    assert ours.samples > 1000
    assert ours.wav == theirs.wav
    assert ours.sha256 == theirs.sha256 == hashlib.sha256(theirs.wav).hexdigest()
    assert ours.wav[44:] in contents_of(heart)  # bit for bit what the instrument gave
    for side in (clinician, presenter):
        assert (await side.next(ScopeProof)).matches
        await side.remote.scope_kept(recording)

    maps = said_of(clinician, "maps").decode()
    assert "libavcodec" in maps  # it is the process that we mean
    for unwanted in ("cv2", "libcrypto.so.1.1", "libssl.so.1.1", "Qt5", "Qt6", "PySide"):
        assert unwanted not in maps
    for part in ("cmdline", "environ"):
        text = said_of(clinician, part)
        running = clinician.remote.running_call
        assert running is not None and text
        assert running.secret not in text and running.secret.hex().encode() not in text


def said_of(screen: MediaScreen, part: str) -> bytes:
    return contents_of(Path(f"/proc/{screen.remote.pid}/{part}"))


def contents_of(path: Path) -> bytes:
    return path.read_bytes()


def exists(path: str) -> bool:
    return os.path.exists(path)


async def test_the_screens_process_loads_nothing_heavy_for_it() -> None:
    code = "import sys, media.link.remote_control; print(*sys.modules)"
    process = await asyncio.create_subprocess_exec(
        *[sys.executable, "-c", code], stdout=asyncio.subprocess.PIPE
    )
    async with asyncio.timeout(20):
        said, _ = await process.communicate()
    loaded = {name.split(".")[0] for name in said.decode().split()}
    assert "media" in loaded
    assert loaded.isdisjoint({"av", "aiortc", "cv2", "numpy", "sounddevice", "PySide6"})


async def test_a_new_link_replaces_the_old_one_without_a_hole(visit: Visit) -> None:
    await visit.begins()
    await sees_the_number(visit.clinician)
    await sees_the_number(visit.presenter)
    before = await far_picture(visit.clinician)
    await until(lambda: visit.clinician.remote.self_picture() is not None, "own picture")
    sockets = socket_count(visit.clinician)
    for _ in range(3):
        await visit.is_live()
    await until(lambda: newer(visit.clinician, before), "pictures of the newest link")
    assert not any(
        word.phase in (LinkPhase.LOST, LinkPhase.FAILED)
        for side in (visit.clinician, visit.presenter)
        for word in side.heard(LinkChanged)
    )
    await until(lambda: socket_count(visit.clinician) <= sockets, "the older links are closed")


async def test_a_picture_held_off_goes_and_comes_back_at_both_ends(visit: Visit) -> None:
    await visit.begins()
    clinician, presenter = visit.clinician, visit.presenter
    for side in (clinician, presenter):
        await far_picture(side)
    held = Wants(Matters.SOUND, is_picture_held=True)
    before = len(clinician.events), len(presenter.events)
    await clinician.remote.want(held)
    both = [
        await side.next(
            LadderTold,
            lambda told: (
                told.own.step is Step.VOICE and told.far is not None and told.far.step is Step.VOICE
            ),
            after=after,
        )
        for side, after in zip((clinician, presenter), before, strict=True)
    ]
    assert [told.own.reason for told in both] == [Reason.CHOSEN, Reason.CHOSEN_BY_FAR]
    assert (both[0].wants, both[1].far_wants) == (held, held)
    for side in (clinician, presenter):
        await until(lambda side=side: side.remote.far_picture() is None, "no picture")  # type: ignore[misc]  # bound at once
    pid = clinician.remote.pid
    assert pid is not None
    after = len(clinician.events)
    os.kill(pid, signal.SIGKILL)
    await clinician.next(EngineAttached, after=after)
    await visit.is_live()
    told = await clinician.next(LadderTold, after=after)
    assert told.wants == held, "the wish outlives the process"
    await clinician.remote.want(Wants())
    for side in (clinician, presenter):
        await far_picture(side)


async def test_a_killed_media_process_is_started_again_into_the_same_call(visit: Visit) -> None:
    await visit.begins()
    clinician = visit.clinician
    await far_picture(clinician)
    await clinician.remote.mute(True)
    earlier, heard = clinician.remote.running_call, len(clinician.events)
    assert earlier is not None and clinician.remote.pid is not None
    media = clinician.remote.pid
    # What looks for sound devices is a child for a moment, too.
    await until(lambda: len(children_of(media)) == 1, "one camera process")
    cameras = children_of(media)
    os.kill(clinician.remote.pid, signal.SIGKILL)
    await clinician.next(EngineGone, after=heard)
    await until(lambda: not is_running(cameras[0]), "its camera process goes with it")
    assert clinician.remote.far_picture() is None  # not a frozen one
    with pytest.raises(Unavailable):
        await clinician.remote.send_live({"kind": "too early"})
    attached = await clinician.next(EngineAttached, after=heard)
    assert (attached.link, attached.is_live, attached.is_muted) == (None, False, True)
    again = clinician.remote.running_call
    assert again is not None
    assert again.visit == visit.id
    assert again.secret != earlier.secret
    assert not exists(earlier.socket_path)
    await until(lambda: clinician.remote.self_picture() is not None, "own picture again")
    await visit.is_live()
    await far_picture(clinician)


async def test_a_media_process_that_hangs_is_given_up_and_started_again(visit: Visit) -> None:
    await visit.begins()
    clinician = visit.clinician
    await far_picture(clinician)
    hung, heard = clinician.remote.pid, len(clinician.events)
    assert hung is not None
    os.kill(hung, signal.SIGSTOP)
    await clinician.next(EngineGone, after=heard, limit_s=SILENCE_LIMIT_S + 5)
    assert not is_running(hung)
    await clinician.next(EngineAttached, after=heard)
    again = clinician.remote.running_call
    assert again is not None and again.visit == visit.id
    assert clinician.remote.pid not in (None, hung)
    await until(lambda: clinician.remote.self_picture() is not None, "own picture again")
    await visit.is_live()
    await far_picture(clinician)


async def test_one_that_was_taken_over_and_hangs_is_given_up_too(visit: Visit) -> None:
    await visit.begins()
    hung = visit.presenter.remote.pid
    assert hung is not None
    running = await visit.presenter_dies()
    presenter = await visit.presenter_is_back(running)
    setup = presenter.remote.setup
    assert setup is not None
    await presenter.remote.prepare(setup)  # unlocked
    heard = len(presenter.events)
    os.kill(hung, signal.SIGSTOP)
    await presenter.next(EngineGone, after=heard, limit_s=SILENCE_LIMIT_S + 5)
    await until(lambda: not is_running(hung), "it holds camera and microphone no longer")
    await presenter.next(EngineAttached, after=heard)
    assert presenter.remote.pid not in (None, hung)
    assert not exists(running.socket_path)
    await visit.is_live()
    await far_picture(visit.clinician)


async def test_a_hanging_one_that_a_new_screen_finds_is_given_up(
    video: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(attachment, "GREETING_LIMIT_S", 8.0)
    screen = await MediaScreen().opens()
    await screen.prepares(VisitId(new_id()), Role.PRESENTER, video)
    hung = screen.remote.pid
    assert hung is not None
    running = await screen.leaves()
    os.kill(hung, signal.SIGSTOP)
    async with MediaScreen(running) as again:
        assert again.heard(EngineAttached)[0].visit is None
        await until(lambda: not is_running(hung), "nobody hears it")
    await screen.quits()


async def test_a_new_screen_takes_the_running_call_over(visit: Visit, heart: Path) -> None:
    await visit.begins(heart)
    presenter, clinician = visit.presenter, visit.clinician
    await presenter.remote.mute(True)
    recording = RecordId(new_id())
    await presenter.remote.start_scope(recording, "apex")
    heard = len(clinician.events)
    process = presenter.remote.pid
    running = await visit.presenter_dies()
    gone = await clinician.next(FarScreen, lambda word: not word.is_attached, after=heard)
    before = await far_picture(clinician)
    await until(lambda: newer(clinician, before), "the call goes on without the screen")

    next_screen = await visit.presenter_is_back(running)
    attached = next_screen.heard(EngineAttached)[0]
    assert (attached.visit, attached.is_live, attached.is_muted) == (visit.id, True, True)
    setup = next_screen.remote.setup
    assert setup is not None and setup.scope == str(heart)
    # The word of the first screen may come as late as this, too.
    await clinician.next(
        FarScreen, lambda word: word.is_attached and word.since > gone.since, after=heard
    )
    next_screen.remote.surface_size(Which.FAR, 640, 480)
    await far_picture(next_screen)
    await next_screen.remote.stop_scope(recording)  # begun by the screen that died
    done = await next_screen.next(ScopeDone, lambda done: done.recording == recording)
    assert done.is_complete
    assert process is not None and is_running(process)
    assert next_screen.remote.pid is None  # nothing was started anew


async def test_a_recording_nobody_kept_comes_again_until_it_is_kept(
    visit: Visit, heart: Path
) -> None:
    await visit.presenter.prepares(visit.id, Role.PRESENTER, None, heart)
    recording = RecordId(new_id())
    await visit.presenter.remote.start_scope(recording, "apex")
    await asyncio.sleep(0.2)
    await visit.presenter.remote.stop_scope(recording)
    first = await visit.presenter.next(ScopeDone, lambda done: done.recording == recording)
    second_screen = await visit.presenter_is_back(await visit.presenter_dies())
    again = await second_screen.next(ScopeDone, lambda done: done.recording == recording)
    assert again.wav == first.wav
    for done in second_screen.heard(ScopeDone):
        await second_screen.remote.scope_kept(done.recording)
    third_screen = await visit.presenter_is_back(await visit.presenter_dies())
    await asyncio.sleep(0.2)
    assert third_screen.heard(ScopeDone) == []


async def test_the_older_of_two_screens_is_fenced(visit: Visit) -> None:
    await visit.begins()
    older = visit.presenter
    running = older.remote.running_call
    assert running is not None
    visit._earlier.append(older)
    newest = await visit.presenter_is_back(running)
    await older.next(EngineGone)
    assert older.remote.running_call is None
    with pytest.raises(Unavailable):
        await older.remote.send_live({"kind": "from the fenced one"})
    await older.remote.quit()  # ends nothing that is not its own any more
    await newest.remote.send_live({"kind": "from the newest"})
    word = await visit.clinician.next(LiveFromFar)
    assert word.payload == {"kind": "from the newest"}


async def test_without_a_screen_capture_stops_and_then_the_process_ends(video: Path) -> None:
    screen = MediaScreen(None, "--screen-limit-s", "0.6", "--seat-limit-s", "2.5")
    async with screen:
        await screen.prepares(VisitId(new_id()), Role.PRESENTER, video)
        await until(lambda: screen.remote.self_picture() is not None, "own picture")
        process = screen.remote.pid
        assert process is not None
        running = await screen.leaves()
        assert len(children_of(process)) == 1
        await until(lambda: not children_of(process), "the camera is off")
        async with MediaScreen(running) as again:
            again.remote.surface_size(Which.SELF, 160, 120)
            await again.remote.mute(False)  # the locked screen can do that
            await asyncio.sleep(0.5)
            assert not children_of(process), "the camera came on and nobody had asked"
            setup = again.remote.setup
            assert setup is not None
            await again.remote.prepare(setup)  # a person unlocked
            await until(lambda: again.remote.self_picture() is not None, "the camera is on again")
            await again.leaves()
        took_s = await until(lambda: not is_running(process), "nobody came back", limit_s=10)
        assert took_s > 1.0
    assert not exists(running.socket_path)


async def test_the_process_ends_when_the_user_has_logged_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with tempfile.TemporaryDirectory(prefix="bedside-") as folder:
        monkeypatch.setenv("XDG_RUNTIME_DIR", folder)
        screen = await MediaScreen().opens()
        await screen.prepares(VisitId(new_id()), Role.CLINICIAN, None)
        process = screen.remote.pid
        assert process is not None
        await screen.leaves()
        shutil.rmtree(f"{folder}/bedside")
    await until(lambda: not is_running(process), "its socket is gone")
    await screen.quits()


async def test_noise_and_wrong_secrets_do_not_disturb_a_running_call(visit: Visit) -> None:
    await visit.begins()
    running = visit.clinician.remote.running_call
    assert running is not None
    before = await far_picture(visit.clinician)
    await asyncio.to_thread(make_noise, running.socket_path, random.Random(NUMBER))
    await until(lambda: newer(visit.clinician, before), "the call goes on")
    assert visit.clinician.heard(EngineGone) == []
    assert len(visit.clinician.heard(EngineAttached)) <= 1


def make_noise(path: str, chance: random.Random) -> None:
    wrong = framed(WISHES.word(Hello(VERSION, bytes(32).hex(), None)))
    for number in range(400):
        with socket.socket(socket.AF_UNIX) as stranger:
            stranger.settimeout(5)
            stranger.connect(path)
            noise = chance.randbytes(chance.randrange(5, 300))
            size = struct.pack(">IB", chance.randrange(70_000), chance.randrange(6))
            try:
                stranger.sendall((wrong, noise, size + noise)[number % 3])
                stranger.shutdown(socket.SHUT_WR)
                while stranger.recv(4096):
                    pass
            except ConnectionError:
                pass  # shown the door in the middle of it


async def watcher_of(running: RunningCall) -> asyncio.subprocess.Process:
    """A screen in a process of its own, which sees the far picture when this returns."""
    watcher = await asyncio.create_subprocess_exec(
        *[sys.executable, "-m", "tests.whole.media_watcher"],
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    assert watcher.stdin is not None and watcher.stdout is not None
    call = [running.socket_path, running.secret.hex(), running.generation, running.visit]
    watcher.stdin.write(" ".join(map(str, call)).encode() + b"\n")
    async with asyncio.timeout(20):
        assert await watcher.stdout.readline() == b"seeing\n"
    return watcher


async def test_a_screen_on_qts_loop_sees_and_hears_the_same(video: Path) -> None:
    process = await asyncio.create_subprocess_exec(
        *[sys.executable, "-m", "tests.whole.media_qt_screen", str(video)],
        stdout=asyncio.subprocess.PIPE,
        env=os.environ | {"QT_QPA_PLATFORM": "offscreen"},
    )
    async with asyncio.timeout(40):
        said, _ = await process.communicate()
    assert said.split() == [b"attached", b"seen", b"gone", b"attached", b"seen", b"ended"]


async def test_a_frozen_screen_does_not_freeze_the_call(visit: Visit) -> None:
    """The test itself is the clinician's screen: it stands still, and the far side sees nothing."""
    await visit.begins()
    running = await visit.presenter_dies()
    watcher = await watcher_of(running)
    assert watcher.stdin is not None and watcher.stdout is not None
    for _ in range(4):
        time.sleep(0.5)  # noqa: ASYNC251  # that is the test: the clinician's screen is blocked
        await asyncio.sleep(0.2)
    watcher.stdin.write(b"how\n")
    async with asyncio.timeout(20):
        fourth_longest_ms = float(await watcher.stdout.readline())
        watcher.stdin.write(b"end\n")
        await watcher.wait()
    assert fourth_longest_ms < 300  # four blocks of 500 ms; a busy machine may make one hole
    await visit.presenter_is_back(running)


async def test_a_killed_reader_takes_nothing_with_it(visit: Visit) -> None:
    await visit.begins()
    running = await visit.presenter_dies()
    watcher = await watcher_of(running)
    heard = len(visit.clinician.events)
    watcher.kill()
    await watcher.wait()
    await visit.clinician.next(FarScreen, lambda word: not word.is_attached, after=heard)
    before = await far_picture(visit.clinician)
    await until(lambda: newer(visit.clinician, before), "the far side still sees")
    next_screen = await visit.presenter_is_back(running)
    assert next_screen.heard(EngineAttached)[0].is_live
    next_screen.remote.surface_size(Which.FAR, 640, 480)
    await sees_the_number(next_screen)
