"""What is counted of a call: medians that were measured, bounds that hold, no move told twice."""

from datetime import UTC, datetime, timedelta

import pytest

from app.domain.call_log import SAMPLES_MOST, CallTally, Samples, Spread, spread, step_id
from app.domain.engine import Measures, Path
from app.domain.ids import DeviceId, VisitId, new_id
from app.domain.ladder import Reason, Stand, Step

NINE = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)


def test_each_figure_was_really_measured() -> None:
    values = [float(value) for value in range(1, 101)]
    assert spread(values, is_more_better=False) == Spread(50.0, 95.0, 100.0, 100)
    assert spread(values, is_more_better=True) == Spread(51.0, 6.0, 1.0, 100)
    assert spread([7.0], is_more_better=False) == Spread(7.0, 7.0, 7.0, 1)


def test_a_long_call_stays_bounded_and_even() -> None:
    samples = Samples()
    for value in range(20_000):
        samples.add(float(value))
    assert SAMPLES_MOST / 2 <= len(samples.values) <= SAMPLES_MOST
    gaps = {later - earlier for earlier, later in zip(samples.values, samples.values[1:])}  # noqa: B905
    assert len(gaps) == 1
    assert samples.values[0] == 0.0 and samples.values[-1] > 19_900


def test_a_tally_knows_what_was_measured_and_nothing_else() -> None:
    tally = CallTally(NINE)
    tally.measured(Measures(round_trip_ms=40.0, join_ms=300.0, freezes=1))
    tally.measured(Measures(round_trip_ms=60.0, join_ms=300.0, path=Path.RELAY))
    tally.measured(Measures(concealed_share=0.5, join_ms=500.0, freezes=2))
    figures = tally.figures()
    assert set(figures) == {"round-trip-ms", "join-ms", "concealed-percent"}
    assert figures["join-ms"].n == 2, "joining counts once for each link"
    assert figures["concealed-percent"].worst == 50.0
    assert (tally.freezes, tally.path) == (3, Path.RELAY)


def test_the_lowest_step_is_remembered() -> None:
    tally = CallTally(NINE)
    assert tally.lowest_step is None
    for step in (Step.HD, Step.VOICE, Step.SD):
        tally.stepped(step)
    assert tally.ladder_steps == 3
    assert str(tally.lowest_step) == "voice"


@pytest.mark.parametrize("other", ["device", "visit", "since", "step"])
def test_a_move_has_one_id(other: str) -> None:
    device, visit = DeviceId(new_id()), VisitId(new_id())
    stand = Stand(Step.VOICE, Reason.SLOW, NINE, 60_000)
    first = step_id(device, visit, stand)
    assert step_id(device, visit, Stand(Step.VOICE, Reason.LOSS, NINE)) == first
    changed = {
        "device": (DeviceId(new_id()), visit, stand),
        "visit": (device, VisitId(new_id()), stand),
        "since": (device, visit, Stand(Step.VOICE, Reason.SLOW, NINE + timedelta(seconds=1))),
        "step": (device, visit, Stand(Step.SD, Reason.SLOW, NINE)),
    }
    assert step_id(*changed[other]) != first
