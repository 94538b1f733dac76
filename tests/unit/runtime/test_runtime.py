"""Broadcasts, the place between thread and loop, owned tasks, a log without patient data."""

import asyncio
import gc
import io
import logging
import threading
import time
from collections.abc import Callable, Iterator

import pytest

from app.runtime import tasks as tasks_module
from app.runtime.broadcast import Broadcast
from app.runtime.latest import LatestSlot
from app.runtime.log import set_up
from app.runtime.loop_watch import LoopWatch
from app.runtime.tasks import TaskOwner

# --- broadcast -----------------------------------------------------------------------------------


def test_who_listens_is_told_the_present_at_once_and_every_change_once() -> None:
    state = Broadcast(1)
    heard: list[int] = []
    state.listen(heard.append)
    for value in (1, 2, 2, 3):
        state.tell(value)
    assert heard == [1, 2, 3]
    assert state.value == 3


def test_who_stopped_listening_is_told_nothing_more() -> None:
    state = Broadcast(1)
    heard: list[int] = []
    stop = state.listen(heard.append)
    stop()
    stop()
    state.tell(2)
    assert heard == [1]


def test_who_is_sent_away_by_an_earlier_listener_is_not_told() -> None:
    state = Broadcast(1)
    heard: list[int] = []
    stops: list[Callable[[], None]] = []

    def send_away(value: int) -> None:
        for stop in stops:
            stop()

    state.listen(send_away)
    stops.append(state.listen(heard.append))
    state.tell(2)
    assert heard == [1]


def test_what_a_listener_tells_meanwhile_is_the_last_word_for_all() -> None:
    state = Broadcast(0)
    heard: list[int] = []
    state.listen(lambda value: state.tell(5) if value == 1 else None)
    state.listen(heard.append)
    state.tell(1)
    assert state.value == 5
    assert heard[-1] == 5


# --- latest slot ---------------------------------------------------------------------------------


async def test_the_newest_wins_and_what_was_replaced_is_counted() -> None:
    slot: LatestSlot[int] = LatestSlot(asyncio.get_running_loop())
    for number in range(5):
        slot.put(number)
    assert await slot.take() == 4
    assert slot.replaced == 4


async def test_a_taker_that_waits_is_woken_by_another_thread() -> None:
    slot: LatestSlot[str] = LatestSlot(asyncio.get_running_loop())
    thread = threading.Thread(target=lambda: slot.put("from there"))
    taking = asyncio.ensure_future(slot.take())
    await asyncio.sleep(0)
    thread.start()
    async with asyncio.timeout(10):
        assert await taking == "from there"
    thread.join()


async def test_every_item_is_taken_or_counted_whatever_the_threads_do() -> None:
    slot: LatestSlot[int] = LatestSlot(asyncio.get_running_loop())
    rounds, threads = 3000, 4

    def work(first: int) -> None:
        for number in range(rounds):
            slot.put(first * rounds + number)

    workers = [threading.Thread(target=work, args=(first,)) for first in range(threads)]
    for worker in workers:
        worker.start()
    taken: list[int] = []
    async with asyncio.timeout(30):
        while len(taken) + slot.replaced < rounds * threads:
            taken.append(await slot.take())
    for worker in workers:
        worker.join()
    assert len(set(taken)) == len(taken)
    for first in range(threads):  # what one thread put arrives in its order
        of_one = [item for item in taken if item // rounds == first]
        assert of_one == sorted(of_one)


async def test_a_taker_that_gave_up_loses_nothing() -> None:
    slot: LatestSlot[int] = LatestSlot(asyncio.get_running_loop())
    taking = asyncio.ensure_future(slot.take())
    await asyncio.sleep(0)
    taking.cancel()
    await asyncio.gather(taking, return_exceptions=True)
    slot.put(7)
    async with asyncio.timeout(10):
        assert await slot.take() == 7


# --- tasks ---------------------------------------------------------------------------------------


async def fails(text: str = "PATIENT-NAME") -> None:
    raise ValueError(text)


async def forever() -> None:
    await asyncio.Event().wait()


async def test_a_task_that_fails_is_seen_by_its_owner() -> None:
    seen: list[BaseException] = []
    async with TaskOwner("test", seen.append) as owner:
        await owner.start(fails(), "failing")
    assert [type(defect) for defect in seen] == [ValueError]


async def test_closing_ends_what_runs_and_starts_nothing_more() -> None:
    owner = TaskOwner("test")
    task = owner.start(forever(), "forever")
    await owner.close()
    assert task.cancelled()
    with pytest.raises(RuntimeError):
        owner.start(forever(), "too late")


async def test_a_task_that_closes_its_own_owner_is_not_waited_for() -> None:
    owner = TaskOwner("test")
    async with asyncio.timeout(10):
        await owner.start(owner.close(), "closing")


async def test_a_task_that_will_not_end_is_told_and_left(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(tasks_module, "CLOSE_LIMIT_S", 0.01)
    release = asyncio.Event()

    async def stubborn() -> None:
        while not release.is_set():
            try:
                await release.wait()
            except asyncio.CancelledError:
                continue

    owner = TaskOwner("test")
    task = owner.start(stubborn(), "stubborn")
    await asyncio.sleep(0)
    await owner.close()
    assert "stubborn" in caplog.text
    release.set()
    await task


async def test_a_task_ended_before_its_first_step_leaves_no_loose_coroutine() -> None:
    owner = TaskOwner("test")
    owner.start(fails(), "never begun")
    await owner.close()
    gc.collect()  # "coroutine was never awaited" would be an error here


async def test_nobody_asks_a_failed_task_and_its_text_is_written_nowhere(
    log_lines: io.StringIO,
) -> None:
    """asyncio writes the text of an exception that nobody fetched."""
    owner = TaskOwner("test")
    owner.start(fails(), "failing")
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    await owner.close()
    gc.collect()
    assert "failing of test failed: ValueError" in log_lines.getvalue()
    assert "PATIENT-NAME" not in log_lines.getvalue()


# --- log -----------------------------------------------------------------------------------------


@pytest.fixture
def log_lines(monkeypatch: pytest.MonkeyPatch) -> Iterator[io.StringIO]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    written = io.StringIO()
    monkeypatch.setattr("sys.stderr", written)
    set_up("test")
    yield written
    root.handlers[:] = handlers
    root.setLevel(level)


def test_a_line_names_program_place_and_act(log_lines: io.StringIO) -> None:
    logging.getLogger("app.services.sync").info("sent %d changes", 3)
    [line] = log_lines.getvalue().splitlines()
    assert line.endswith("test INFO app.services.sync: sent 3 changes")


def test_an_exception_is_written_by_kind_and_place_never_by_text(log_lines: io.StringIO) -> None:
    try:
        try:
            raise KeyError("Jane DOE")
        except KeyError as error:
            raise ValueError("129 728 7652") from error
    except ValueError:
        logging.getLogger("app.remote").exception("no answer")
    written = log_lines.getvalue()
    assert "ValueError at test_runtime.py:" in written
    assert "DOE" not in written and "7652" not in written


def test_others_are_silent_until_they_warn(log_lines: io.StringIO) -> None:
    logging.getLogger("httpx").info("GET /patients/7652")
    logging.getLogger("httpx").debug("Jane DOE")
    assert log_lines.getvalue() == ""


@pytest.mark.parametrize("name", ["asyncio", "httpx", "websockets.client", "py.warnings"])
def test_a_warning_of_others_is_written_by_its_place_never_by_its_text(
    log_lines: io.StringIO, name: str
) -> None:
    """Their texts hold what they were given: addresses, answers, exceptions."""
    logging.getLogger(name).warning("could not parse %r", {"family_name": "DOE"})
    logging.getLogger(name).error("Task failed: ValueError('Jane DOE')")
    written = log_lines.getvalue()
    assert name in written
    assert "at test_runtime.py:" in written
    assert "DOE" not in written


def test_setting_up_twice_writes_each_line_once(
    log_lines: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stderr", log_lines)
    set_up("test")
    logging.getLogger("app").info("once")
    assert log_lines.getvalue().count("once") == 1


# --- the loop's stalls ---------------------------------------------------------------------------


async def test_a_held_loop_is_counted_with_its_worst_time() -> None:
    watch = LoopWatch(stall_s=0.02)
    async with TaskOwner("test") as owner:
        owner.start(watch.run(), "watch")
        await asyncio.sleep(0)
        time.sleep(0.15)  # noqa: ASYNC251  the loop is held on purpose
        async with asyncio.timeout(10):
            while not watch.stalls:  # noqa: ASYNC110  the watch has no event
                await asyncio.sleep(0.01)
    assert watch.worst_s >= 0.02


async def test_a_loop_held_by_work_is_told_from_one_that_had_no_processor(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO, "app.runtime.loop_watch")
    watch = LoopWatch(stall_s=0.02)

    async def held_for(hold: Callable[[], None]) -> float:
        before = watch.stalls
        hold()
        async with asyncio.timeout(10):
            while watch.stalls == before:  # noqa: ASYNC110  the watch has no event
                await asyncio.sleep(0.01)
        return float(caplog.messages[-1].rpartition("at work for ")[2].split()[0])

    def work() -> None:
        until = time.thread_time() + 0.2
        while time.thread_time() < until:
            pass

    async with TaskOwner("test") as owner:
        owner.start(watch.run(), "watch")
        await asyncio.sleep(0)
        asleep_ms = await held_for(lambda: time.sleep(0.25))
        await asyncio.sleep(0)
        working_ms = await held_for(work)
    assert asleep_ms < 60 < 90 <= working_ms
