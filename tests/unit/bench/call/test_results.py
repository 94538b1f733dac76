"""Finished cells are kept from run to run, and a strange peer is noticed."""

from pathlib import Path

from bench.call.cells import Aim, Cell
from bench.call.facts import OURS, PEER, Found
from bench.call.results import QUICK, Results, read, rows_of, save
from bench.call.results import table as told
from bench.call.seen import ladder_steps
from bench.call.situations import Kind, Situation, line

CELL = Cell(
    "speech",
    Situation(Kind.CALL, line(loss=0.05)),
    (Aim("pesq", "PESQ-WB", ">= peer"), Aim("delay", "ms", "<= peer + 30", how="p95")),
)
MARK = {"commit": "abc", "is_quick": False}


def found(ours: list[float], peers: list[float]) -> Found:
    def facts(values: list[float]) -> list[dict[str, float]]:
        return [{"pesq": value, "delay": 100 * value} for value in values]

    return Found({OURS: facts(ours), PEER: facts(peers)})


def test_a_row_has_medians_spread_peer_and_verdict() -> None:
    pesq, delay = rows_of(CELL, found([3.9, 3.5, 3.7], [3.6, 3.5, 3.8]), "quiet")
    assert (pesq.value, pesq.peer_value, pesq.goal, pesq.holds) == (3.7, 3.6, ">= 3.6", True)
    assert (pesq.n, pesq.spread["min"], pesq.spread["max"]) == (3, 3.5, 3.9)
    assert (delay.value, delay.goal, delay.holds) == (390, "<= 410", True)
    assert "Chromium min 3.5" in pesq.note
    assert "quiet" in pesq.note


def test_of_an_even_number_the_worse_middle_counts() -> None:
    [pesq, _] = rows_of(CELL, found([3.0, 4.0], [3.0, 4.0]), "")
    assert pesq.value == pesq.peer_value == 3.0


def test_a_cell_without_samples_says_why() -> None:
    nothing = Found(voids=["bedside seed 1: the relay was 30 ms late (p95)"])
    for row in rows_of(CELL, nothing, ""):
        assert row.value is None
        assert row.holds is None
        assert "30 ms late" in row.note
    unmade = Cell("unmade", None, (Aim("join_s", "s"),), "no such part yet")
    [missing] = rows_of(unmade, Found(), "")
    assert missing.value is None
    assert "no such part yet" in missing.note


def test_it_goes_on_where_it_stopped(tmp_path: Path) -> None:
    path = tmp_path / "call.json"
    results = read(path)
    assert not results.has(CELL, MARK)
    results.put(CELL, rows_of(CELL, found([3.7], [3.6]), ""), MARK)
    results.remember("speech: pesq", [3.6])
    save(results, {"commit": "abc"}, path)
    again = read(path)
    assert again.has(CELL, MARK)
    assert not again.has(CELL, {**MARK, "commit": "def"})
    assert not again.has(CELL, {**MARK, "is_quick": True})
    assert [row.as_json() for row in again.rows] == [row.as_json() for row in results.rows]
    assert again.peer_spread == results.peer_spread


def test_a_cell_measured_again_replaces_its_rows() -> None:
    results = Results()
    other = Cell("other", CELL.situation, CELL.aims)
    results.put(CELL, rows_of(CELL, found([3.7], [3.6]), ""), MARK)
    results.put(other, rows_of(other, found([3.7], [3.6]), ""), MARK)
    results.put(CELL, rows_of(CELL, found([3.1], [3.6]), ""), MARK)
    assert sorted((row.measure, row.value) for row in results.rows) == [
        ("other: delay p95", 370),
        ("other: pesq", 3.7),
        ("speech: delay p95", 310),
        ("speech: pesq", 3.1),
    ]


def test_a_quick_look_takes_the_place_of_no_whole_measurement() -> None:
    results, quick = Results(), {**MARK, "is_quick": True}
    results.put(CELL, rows_of(CELL, found([3.1], [3.6]), f"{QUICK}, one seed"), quick)
    assert results.has(CELL, quick)
    results.put(CELL, rows_of(CELL, found([3.7], [3.6]), ""), MARK)
    results.put(CELL, rows_of(CELL, found([3.1], [3.6]), f"{QUICK}, one seed"), quick)
    assert results.has(CELL, MARK)
    assert [row.value for row in results.rows] == [3.7, 370]


def test_a_sum_of_nothing_says_what_it_is_worth() -> None:
    many = Cell("many", CELL.situation, (Aim("dropped", "count", "== 0", how="sum"),))
    [row] = rows_of(many, Found({OURS: [{"dropped": 0.0}] * 200, PEER: []}), "")
    assert row.holds
    assert "none of 200: less than 1.5 % at 95 %" in row.note


def test_a_peer_twice_off_its_spread_is_noticed() -> None:
    results = Results()
    assert not results.is_far_off("a", 100.0)
    results.remember("freezes", [0.0, 0.0])
    assert not results.is_far_off("freezes", 1.0)
    results.remember("a", [1.0, 2.0])
    assert [results.is_far_off("a", value) for value in (0.4, 0.6, 3.9, 4.1)] == [
        True,
        False,
        False,
        True,
    ]


def test_a_person_reads_a_table_and_why_a_goal_is_missed(tmp_path: Path) -> None:
    (tmp_path / "call_why.md").write_text("## Why\n", encoding="utf-8")
    save(Results(), {"commit": "abc"}, tmp_path / "call.json")
    assert (tmp_path / "call.md").read_text(encoding="utf-8").endswith("|\n\n## Why\n")
    text = told(rows_of(CELL, found([3.0], [3.6]), ""), {"commit": "abc"})
    assert "| speech: pesq | >= 3.6 | 3 PESQ-WB (3 to 3, n 1) | 3.6 | **no**, by 0.6 |" in text


def test_the_steps_of_our_ladder_stand_in_the_note_and_a_quick_row_is_marked() -> None:
    looks = [
        {"at": at, "step": step} for at, step in ((1, "hd"), (2, "sd"), (3, "sd"), (9, "voice"))
    ]
    steps = ladder_steps(looks, 0.0, 5.0)
    assert steps == {"ladder hd": 1 / 3, "ladder sd": 2 / 3}
    assert ladder_steps([{"at": 1.0}], 0.0, 5.0) == {}
    both = Found({OURS: [{"pesq": 3.0, **steps}, {"pesq": 3.0, "ladder sd": 1.0}], PEER: []})
    quick = rows_of(CELL, both, f"{QUICK}, one seed")
    assert "our ladder: hd 17%, sd 83%" in quick[0].note
    load = {"1_min": 1.5, "busy_share": 0.25}
    text = told(quick[:1], {"load": {"before": load, "after": load}})
    assert "| speech: pesq (quick) |" in text
    assert "load before 1.5, 25% busy" in text
    assert "1 of 1 rows are of a quick run" in text
