"""The benchmark of exam devices: its computations are right, and broken drivers are found by it."""

import json
import random
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bench import parts
from bench.devices import __main__ as program
from bench.devices import attribution, decoders, false_readings, plugging, vectors
from bench.devices.amount import QUICK, Amount, amount_of_environment
from bench.devices.captures import frames_of, mutated, needs_silence, noise_of
from bench.devices.gates import GATES, STREAMS, bytes_per_s, expected, near_chance
from bench.rows import Row
from peripherals.catalogue import ALL_DRIVERS, DRIVERS
from peripherals.decoders import DECODER_OF_NAME
from peripherals.drivers.cms50_old.conversation import sample_of_frame
from peripherals.drivers.fault import Fault
from peripherals.drivers.nonin_df8.conversation import sample_of_second
from peripherals.drivers.oximeter import conversation
from peripherals.drivers.oximeter.sample import Sample
from peripherals.drivers.oximeter.steadiness import Steadiness
from peripherals.drivers.shape import ShapeCodec
from peripherals.line_setting import LineSetting, Parity

NOISE_BYTES = 2_000_000
TINY = Amount(
    seeded_cuts=5,
    throughput_bytes=50_000,
    random_bytes=200_000,
    mutated_bytes=50_000,
    unasked_bytes=50_000,
    awaited_bytes=20_000,
    kept_readings=3,
    attribution_days=4,
    attribution_mutants=2,
    plug_rounds=1,
    is_quick=True,
)


def only(monkeypatch: pytest.MonkeyPatch, *names: str) -> None:
    chosen = tuple(DRIVERS[name] for name in names)
    monkeypatch.setattr(decoders, "ALL_DRIVERS", chosen)
    monkeypatch.setattr(false_readings, "ALL_DRIVERS", chosen)


def test_every_driver_that_makes_readings_has_its_gates_written_down() -> None:
    assert {driver.name for driver in ALL_DRIVERS} - set(GATES) == {"serial_scope"}
    assert set(STREAMS) <= set(GATES) <= set(DRIVERS)
    assert all(0 <= chance < 1 for gates in GATES.values() for chance in gates.values())


def test_a_line_brings_fewer_bytes_the_more_bits_each_has() -> None:
    assert bytes_per_s(LineSetting(9600)) == 960
    assert round(bytes_per_s(LineSetting(19_200, parity=Parity.ODD))) == 1745
    assert bytes_per_s(LineSetting(2400, data_bits=7, parity=Parity.EVEN)) == 240


def test_the_chance_of_two_values_near_each_other_is_that_of_counting_them() -> None:
    for values, leap in ((100, 8), (254, 25), (511, 25), (3, 8)):
        pairs = [(a, b) for a in range(values) for b in range(values) if abs(a - b) <= leap]
        assert near_chance(values, leap) == pytest.approx(len(pairs) / values**2)


@pytest.mark.parametrize("name", ["nonin_df8", "cms50_old"])
def test_as_many_frames_pass_in_noise_as_was_computed(name: str) -> None:
    """The two streams without a checksum: others are too rare to be counted."""
    samples: dict[str, Callable[[Any], Sample | None]] = {
        "nonin_df8": sample_of_second,
        "cms50_old": sample_of_frame,
    }
    codec, noise = DRIVERS[name].codec(), random.Random(77)
    passed = 0
    for _ in range(NOISE_BYTES // 16_384):
        for frame in codec.feed(noise.randbytes(16_384)):
            sample = None if isinstance(frame, Fault) else samples[name](frame)
            passed += sample is not None and sample.spo2_percent is not None
    computed = expected(name, DRIVERS[name].line).frame * NOISE_BYTES
    assert computed > 400
    assert passed == pytest.approx(computed, rel=0.15)


def test_the_expected_number_grows_when_a_gate_is_left_out() -> None:
    whole = expected("nonin_df13", LineSetting(9600)).per_hour
    assert 0 < whole < 0.01
    without = {name: p for name, p in GATES["nonin_df13"].items() if "checksum" not in name}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("bench.devices.gates.GATES", {"nonin_df13": without})
        assert expected("nonin_df13", LineSetting(9600)).per_hour == pytest.approx(65_536 * whole)


def test_captures_are_frames_and_mutants_of_them_are_not_all() -> None:
    for driver in ALL_DRIVERS:
        codec = driver.codec()
        good = [frame for piece in frames_of(driver, 20_000) for frame in _heard(codec, piece)]
        faults = sum(isinstance(item, Fault) for item in good)
        assert good and faults < len(good) / 2, driver.name  # some forms merge side by side
        codec = driver.codec()
        broken = mutated(driver, noise_of(driver, "test"), 50_000)
        assert any(isinstance(i, Fault) for piece in broken for i in _heard(codec, piece))
    assert {d.name for d in ALL_DRIVERS if needs_silence(d)} <= {"bm58", "ble_bp", "ble_bp_bm85"}


def _heard(codec: object, piece: bytes) -> list[object]:
    found: list[object] = [*codec.feed(piece), *codec.idle()]  # type: ignore[attr-defined]
    return found


def test_a_codec_that_reads_otherwise_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    names = ("suntech", "hbp9030", "cms50_old")
    monkeypatch.setattr(vectors, "ALL_DRIVERS", tuple(DRIVERS[name] for name in names))
    whole = list(vectors.rows(TINY))
    assert all(row.holds and row.n > 5 for row in whole)
    monkeypatch.setattr(vectors, "_heard", lambda driver, *pieces: list(pieces))
    broken = {row.measure: row for row in vectors.rows(TINY)}
    for name in names:
        assert broken[f"decoder {name}: cuts that change what is read"].holds is False
    assert broken["decoder suntech: vectors read otherwise than they say"].holds is False
    decoder = DECODER_OF_NAME["cms50_old"]
    for name in ("hbp9030", "omron_hbp9030_fmt5"):
        monkeypatch.setitem(DECODER_OF_NAME, name, decoder)
    broken = {row.measure: row for row in vectors.rows(TINY)}
    assert broken["decoder hbp9030: vectors read otherwise than they say"].holds is False
    published = broken.get("decoders: published vectors read otherwise than they say")
    assert published is None or published.holds is False


def test_a_codec_that_raises_or_keeps_everything_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    only(monkeypatch, "cms50_old")
    feed = ShapeCodec.feed

    def broken(self: ShapeCodec[object], data: bytes) -> list[object]:
        self._rest = bytes(5000) if data[0] == 7 else b""
        if data[0] == 9:
            raise IndexError
        return list(feed(self, data)) if data[0] not in (7, 9) else []

    monkeypatch.setattr(ShapeCodec, "feed", broken)
    rows = {row.measure: row for row in decoders.rows(replace(TINY, random_bytes=8_000_000))}
    assert rows["decoder cms50_old: random bytes, exceptions"].holds is False
    assert rows["decoder cms50_old: random bytes, largest buffer"].holds is False


def test_a_stream_without_its_cadence_makes_readings_of_noise(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    only(monkeypatch, "cms50_old")
    monkeypatch.setattr(false_readings, "LEAD_S", 0.0)  # the true device would be measured
    whole = _awaited_of("cms50_old")
    assert whole.value == 0 and whole.holds
    monkeypatch.setattr(Steadiness, "is_steady", property(lambda self: self.frames >= 2))
    monkeypatch.setattr(Steadiness, "broken", lambda self: None)
    monkeypatch.setattr(conversation, "LOST_BYTES_MOST", 10**9)
    monkeypatch.setattr("peripherals.drivers.oximeter.steadiness.SPO2_LEAP_PERCENT", 100)
    monkeypatch.setattr("peripherals.drivers.oximeter.steadiness.PULSE_LEAP_PER_MINUTE", 300)
    broken = _awaited_of("cms50_old")
    assert broken.holds is False


def _awaited_of(name: str) -> Row:
    rows = list(false_readings.rows(TINY))
    return next(r for r in rows if r.measure.endswith("noise, one asked for"))


def test_readings_that_nobody_asked_for_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    only(monkeypatch, "cms50_old")
    monkeypatch.setattr(
        conversation.OximeterConversation,
        "heard",
        lambda self, frame, at: [self._measurement((), frozenset(), b"", at)],
    )
    monkeypatch.setattr(conversation.OximeterConversation, "is_ready", True)
    first = next(false_readings.rows(TINY))
    assert first.measure == "driver cms50_old: readings of noise, none asked for"
    assert first.holds is False


def test_a_driver_that_keeps_nothing_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    only(monkeypatch, "nonin_df2", "and_scale")
    rows = {row.measure: row for row in false_readings.rows(TINY)}
    for name in ("nonin_df2", "and_scale"):
        assert rows[f"driver {name}: readings kept in the same noise"].value == 100
    monkeypatch.setattr(Steadiness, "is_steady", False)
    rows = {row.measure: row for row in false_readings.rows(TINY)}
    assert rows["driver nonin_df2: readings kept in the same noise"].value == 0
    assert rows["driver and_scale: readings kept in the same noise"].holds


def test_days_with_a_guard_taken_out_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    found = list(attribution.rows(TINY))
    assert [row.value for row in found] == [0, 0, 0, 0] and all(row.holds for row in found)
    assert [row.n for row in found] == [4, 4, 4, 2]
    monkeypatch.setattr(attribution, "first_noticed", nothing_noticed)
    assert list(attribution.rows(TINY))[-1].holds is False


def nothing_noticed(_: Callable[..., None]) -> int | None:
    return None


def test_an_instrument_that_is_noticed_or_back_too_late_is_found() -> None:
    in_time = plugging.Times([0.4] * 20, [1.2] * 20)
    noticed, usable = plugging.rows_of(in_time)
    assert (noticed.value, usable.value, noticed.n) == (0.4, 1.2, 20)
    assert noticed.holds and usable.holds
    late = plugging.Times([0.4] * 18 + [1.1] * 2, [1.2] * 18 + [2.3] * 2)
    assert [row.holds for row in plugging.rows_of(late)] == [False, False]


def test_every_part_has_a_name_of_its_own_and_plugging_is_one() -> None:
    names = [name for name, _ in program.ROW_MAKERS]
    assert len(set(names)) == len(names) and {"plugging", "attribution"} <= set(names)


def test_what_is_wrong_on_a_day_is_counted_by_its_kind() -> None:
    wrong = ["5 is lost without a trace", "5 was given to another patient", "a defect: KeyError"]
    said = json.dumps({"wrong": wrong, "story": []})
    assert attribution.kinds_of(said) == {attribution.LOST, attribution.ANOTHERS, attribution.ELSE}


def test_a_quick_run_says_so_in_every_row_and_other_parts_stay(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    only(monkeypatch, "nonin_df8")
    monkeypatch.setattr(program, "RESULT", tmp_path / "devices.json")
    monkeypatch.setattr(program, "amount_of_environment", lambda: TINY)
    monkeypatch.setattr(parts, "load", dict)  # it looks for seconds
    monkeypatch.setattr(parts, "head", lambda before: {"load": before})
    monkeypatch.setenv("PARTS", "decoders")
    assert program.main() == parts.MEASURED
    monkeypatch.setenv("PARTS", "readings")
    assert program.main() == parts.MEASURED
    told = json.loads((tmp_path / "devices.json").read_text())
    measures = [row["measure"] for row in told["rows"]]
    assert len(measures) == 9 and measures[0].startswith("decoder nonin_df8: throughput")
    assert all(row["note"].startswith("QUICK RUN") for row in told["rows"])
    monkeypatch.setenv("PARTS", "everything")
    assert program.main() == parts.NO_PART


def test_quick_is_asked_for_by_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QUICK", "1")
    assert amount_of_environment() is QUICK
    for not_quick in ("", "0"):
        monkeypatch.setenv("QUICK", not_quick)
        assert not amount_of_environment().is_quick
    assert amount_of_environment().random_bytes >= 50_000_000
    assert amount_of_environment().unasked_bytes >= 100_000_000
