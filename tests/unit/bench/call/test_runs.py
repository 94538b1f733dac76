"""What of a run that fails is counted. Needs what `tools/setup.sh bench` brings."""

import pytest

from bench.call.facts import OURS, PEER, Facts, Found, Void
from bench.call.situations import Kind, Situation, line

pytest.importorskip("pesq", reason="the bench is not set up: what fails of ours is NOT tested")

from bench.call import runs  # needs it
from bench.call.call_run import MakePair
from bench.call.link import Link

SITUATION = Situation(Kind.CALL, line(loss=0.05))


@pytest.mark.parametrize(
    ("error", "counts"), [(TimeoutError("no answer"), True), (Void("the relay was late"), False)]
)
async def test_what_fails_of_ours_counts_and_what_fails_of_the_line_does_not(
    monkeypatch: pytest.MonkeyPatch, error: Exception, counts: bool
) -> None:
    async def run(link: Link, make: MakePair, situation: Situation, seed: int) -> list[Facts]:
        raise error

    monkeypatch.setitem(runs.RUNS, Kind.CALL, run)
    seen = Found()
    tried = runs.Runs(Link())._tried
    seen.samples[OURS] += await tried(OURS, SITUATION, 1, seen)
    assert await tried(PEER, SITUATION, 1, seen) == []
    assert [facts["pesq"] for facts in seen.samples[OURS]] == ([1.0] if counts else [])
    assert len(seen.voids) == 2
