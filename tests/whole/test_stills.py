"""Stills through real media processes: the source's own picture, whoever asks for it."""

import asyncio
import hashlib
import shutil
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import pytest_asyncio

from app.domain.access import Role
from app.domain.device import DeviceKind, DeviceStatus, Impairment
from app.domain.engine import DevicesSeen, LinkChanged, LinkPhase
from app.domain.exam_camera import FarExamCamera, FarStill, StillDone, StillRefused
from app.domain.failures import Code
from app.domain.ids import RecordId, VisitId, new_id
from media.link.messages import Which
from tests.fakes.exact_video import ExactVideo, number_in, pixels_of
from tests.whole.media_screen import MediaScreen, until

# One pair of media processes for all of them, in a call.
pytestmark = [pytest.mark.whole, pytest.mark.asyncio(loop_scope="module")]
WIDTH, HEIGHT = 640, 480
VIDEO = ExactVideo(WIDTH, HEIGHT, count=20, seed=7)


@pytest.fixture(scope="module")
def video(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return VIDEO.write(tmp_path_factory.mktemp("exam") / "exact.avi")


@pytest.fixture(scope="module", autouse=True)
def runtime() -> Iterator[Path]:
    """A run-time folder of its own, with a path that is short enough for a socket."""
    folder = Path(tempfile.mkdtemp(prefix="bedside-"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_RUNTIME_DIR", str(folder))
        yield folder
    shutil.rmtree(folder)


class Exam:
    """A cart with an exam camera and a clinician, in a call of which only that picture matters."""

    def __init__(self, cart: MediaScreen, clinician: MediaScreen, source: Path) -> None:
        self.cart, self.clinician = cart, clinician
        self._source = source
        self.visit = VisitId(new_id())

    async def begins(self) -> None:
        setup = await self.cart.prepares(self.visit, Role.PRESENTER, None)
        await self.cart.remote.prepare(replace(setup, exam_camera=str(self._source)))
        await self.clinician.prepares(self.visit, Role.CLINICIAN, None)
        for screen in (self.cart, self.clinician):
            screen.remote.surface_size(Which.EXAM, 640, 480)
        await self.clinician.calls()
        for screen in (self.cart, self.clinician):
            await screen.next(LinkChanged, lambda told: told.phase is LinkPhase.LIVE)

    async def shows(self) -> None:
        await self.cart.remote.exam.show(True)
        for screen in (self.cart, self.clinician):
            await until(screen.remote.exam_picture, "the exam picture")

    def status(self) -> DeviceStatus | None:
        seen = [
            status
            for told in self.cart.heard(DevicesSeen)
            for status in told.devices
            if status.identity.kind is DeviceKind.EXAM_CAMERA
        ]
        return seen[-1] if seen else None


def is_of(still: RecordId) -> Callable[[StillDone | FarStill], bool]:
    return lambda told: told.still == still


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def exam(video: Path, runtime: Path) -> AsyncIterator[Exam]:
    async with MediaScreen() as cart, MediaScreen() as clinician:
        cart.other, clinician.other = clinician, cart
        made = Exam(cart, clinician, video)
        await made.begins()
        yield made


async def test_what_is_off_is_not_frozen(exam: Exam) -> None:
    told = await exam.clinician.next(FarExamCamera, lambda far: far.is_there)
    assert not told.is_on
    here, there = RecordId(new_id()), RecordId(new_id())
    await exam.cart.remote.exam.freeze(here, None, is_far=False)
    await exam.clinician.remote.exam.freeze(there, None, is_far=True)
    for screen, still in ((exam.cart, here), (exam.clinician, there)):
        refused = await screen.next(StillRefused)
        assert refused == StillRefused(still, Code.EXAM_CAMERA_OFF)


async def test_a_still_is_the_picture_that_was_seen_at_the_cart_bit_for_bit(exam: Exam) -> None:
    await exam.shows()
    for _ in range(3):
        await asyncio.sleep(0.13)
        seen = exam.cart.remote.exam_picture()
        assert seen is not None
        number = number_in(seen.data, seen.width, seen.height, WIDTH)
        still = RecordId(new_id())
        await exam.cart.remote.exam.freeze(still, seen.captured_at, is_far=False)
        done = await exam.cart.next(StillDone, is_of(still))
        image = pixels_of(done.png)
        assert VIDEO.which(image) == number
        assert done.pixels_sha256 == hashlib.sha256(VIDEO.frames[number].tobytes()).hexdigest()
        assert done.sha256 == hashlib.sha256(done.png).hexdigest()
        assert (done.width, done.height) == (WIDTH, HEIGHT)
        assert (done.visit, done.asked_by) == (exam.visit, Role.PRESENTER)
        await exam.cart.remote.exam.still_kept(still)


async def test_from_afar_it_is_the_picture_that_was_seen_there(exam: Exam) -> None:
    await exam.shows()
    await asyncio.sleep(1.0)  # the picture finds its size
    right = 0
    for _ in range(4):
        await asyncio.sleep(0.37)
        seen = exam.clinician.remote.exam_picture()
        assert seen is not None
        number = number_in(seen.data, seen.width, seen.height, WIDTH)
        still = RecordId(new_id())
        await exam.clinician.remote.exam.freeze(still, seen.captured_at, is_far=True)
        done = await exam.cart.next(StillDone, is_of(still))
        far = await exam.clinician.next(FarStill, is_of(still))
        assert far.sha256 == done.sha256 and done.asked_by is Role.CLINICIAN
        found = VIDEO.which(pixels_of(done.png))
        assert found is not None
        right += found == number
        await exam.cart.remote.exam.still_kept(still)
    assert right >= 3  # a number read out of a coded picture may be misread


async def test_a_still_outlives_the_screen_that_asked_for_it(exam: Exam) -> None:
    await exam.shows()
    still = RecordId(new_id())
    await exam.cart.remote.exam.freeze(still, None, is_far=False)
    await exam.cart.next(StillDone, lambda told: told.still == still)
    running = await exam.cart.leaves()
    exam.cart = exam.cart.__class__(running)
    exam.clinician.other, exam.cart.other = exam.cart, exam.clinician
    await exam.cart.opens()
    try:
        again = await exam.cart.next(StillDone, lambda told: told.still == still)
        assert VIDEO.which(pixels_of(again.png)) is not None
        assert exam.cart.remote.exam.is_on
        await exam.cart.remote.exam.still_kept(still)
    finally:
        await exam.cart.quits()


@pytest.mark.parametrize("buffers", [1, 3])
async def test_a_camera_that_brings_old_pictures_for_ever_is_told(
    tmp_path: Path, runtime: Path, buffers: int
) -> None:
    stuck = ExactVideo(320, 240, count=buffers, seed=3)
    async with MediaScreen() as cart, MediaScreen() as clinician:
        cart.other, clinician.other = clinician, cart
        exam = Exam(cart, clinician, stuck.write(tmp_path / "stuck.avi"))
        await exam.begins()
        await exam.shows()
        far = await clinician.next(FarExamCamera, lambda told: told.reason is not None)
        assert far.reason is Code.CAMERA_STUCK and far.since is not None
        status = exam.status()
        assert status is not None and status.impairment is Impairment.STILL_PICTURE
        picture = cart.remote.exam_picture()
        await asyncio.sleep(0.5)
        assert cart.remote.exam_picture() == picture  # nothing newer is shown as if it lived
        still = RecordId(new_id())
        await cart.remote.exam.freeze(still, None, is_far=False)
        assert (await cart.next(StillRefused)).code is Code.CAMERA_STUCK
