"""The exam camera as a second track between two real links: shown, shared, frozen, known."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from app.domain.exam_camera import Focus
from app.runtime.tasks import TaskOwner
from tests.fakes.two_links import HEIGHT, WIDTH, Pair, Side, number_in, picture_of, two_links

pytestmark = pytest.mark.whole

FACE = 0x0F0F1234


class Exam:
    """Pictures that carry the number under which they were put, until it is stopped."""

    def __init__(self, side: Side) -> None:
        self._side = side
        self.is_running = True

    async def show(self) -> None:
        number = 0
        while True:
            if self.is_running:
                number += 1
                data = picture_of(number, number)
                assert self._side.exam.put(WIDTH, HEIGHT, data) == number
            await asyncio.sleep(1 / 30)


@asynccontextmanager
async def exam_shown(*, is_empty: bool = False) -> AsyncIterator[tuple[Pair, Exam]]:
    async with two_links(FACE, is_empty=is_empty, has_exam=True) as pair, TaskOwner("exam") as own:
        exam = Exam(pair.cart)
        own.start(exam.show(), "exam")
        yield pair, exam


async def seen(side: Side, more: int = 5) -> None:
    already = len(side.exam_came)
    await side.until(lambda: len(side.exam_came) >= already + more, 8.0, "exam pictures")


async def test_it_comes_beside_the_face_and_each_picture_is_known_at_its_source() -> None:
    async with exam_shown() as (pair, _):
        await pair.open()
        await pair.clinician.first_picture()
        assert pair.clinician.exam_came == []  # nobody shows it yet
        pair.cart.link.show_exam(True)
        await seen(pair.clinician, 20)
        assert pair.clinician.luma is not None
        assert number_in(pair.clinician.luma) == FACE
        known = 0
        for _, luma, stamp in pair.clinician.exam_came[-10:]:
            known += pair.cart.link.exam.sequence_of(stamp) == number_in(luma)
        assert known == 10
        assert pair.cart.link.exam.sequence_of(12345) is None
        assert pair.cart.exam_came == []


async def test_hidden_it_ends_and_is_back_when_shown_again() -> None:
    async with exam_shown() as (pair, _):
        await pair.open()
        pair.cart.link.show_exam(True)
        await pair.clinician.first_picture()
        await seen(pair.clinician)
        pair.cart.link.show_exam(False)
        await asyncio.sleep(0.7)  # what was under way arrives
        already = len(pair.clinician.exam_came)
        await asyncio.sleep(0.7)
        assert len(pair.clinician.exam_came) == already
        pair.cart.link.show_exam(True)
        await seen(pair.clinician)


async def test_without_new_pictures_the_last_one_stands_and_none_is_made_up() -> None:
    async with exam_shown() as (pair, exam):
        await pair.open()
        pair.cart.link.show_exam(True)
        await seen(pair.clinician)
        exam.is_running = False
        await asyncio.sleep(1.0)
        already = len(pair.clinician.exam_came)
        await asyncio.sleep(1.5)  # a face's camera would be told dark by now
        assert len(pair.clinician.exam_came) == already
        exam.is_running = True
        await seen(pair.clinician)


async def test_what_is_looked_at_large_is_sent_large() -> None:
    async with exam_shown() as (pair, _):
        await pair.open()
        pair.cart.link.show_exam(True)
        pair.cart.link.look_at(Focus.FACE)
        await seen(pair.clinician, 10)
        assert pair.clinician.exam_came[-1][1].shape[1] <= 320
        pair.cart.link.look_at(Focus.EXAM)
        await pair.clinician.until(
            lambda: pair.clinician.exam_came[-1][1].shape[1] > 320, 15.0, "a large exam picture"
        )
        assert pair.clinician.luma is not None
        await pair.clinician.until(
            lambda: pair.clinician.luma is not None and pair.clinician.luma.shape[1] <= 320,
            5.0,
            "a small face",
        )


async def test_a_warm_link_carries_it_after_the_join_and_not_before() -> None:
    async with exam_shown(is_empty=True) as (pair, _):
        await pair.open()
        pair.cart.link.show_exam(True)
        await asyncio.sleep(1.5)
        assert pair.clinician.exam_came == []
        pair.clinician.link.join()
        pair.cart.link.join()
        await pair.clinician.first_picture()
        await seen(pair.clinician)


async def test_a_far_end_of_one_picture_is_met_with_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """A browser offers one: it sees the face, and showing the exam camera does no harm."""
    async with exam_shown() as (pair, _):
        monkeypatch.setattr(pair.clinician.link.exam, "offer", lambda connection: None)
        await pair.open()
        pair.cart.link.show_exam(True)
        await pair.clinician.first_picture()
        await pair.cart.first_picture()
        await asyncio.sleep(0.5)
        assert pair.clinician.exam_came == []
        assert pair.clinician.luma is not None
        assert number_in(pair.clinician.luma) == FACE
