"""A recorded session, replayed through the same driver, gives the same events; nobody is named."""

import json
import random
from collections.abc import Callable
from pathlib import Path

import pytest

from app.domain.cuff import CuffEvent, CuffState
from app.domain.measurement import LiveValue, Measurement, NoMeasurement
from peripherals.catalogue import DRIVERS
from peripherals.drivers.hbp9020.codec import mask as mask_hbp9020
from peripherals.drivers.hbp9030.codec import mask as mask_hbp9030
from peripherals.drivers.microlife.codec import mask as mask_microlife
from peripherals.drivers.terumo_bp500.codec import mask as mask_terumo
from peripherals.emulators.hbp9020 import CARD as CARD_9020
from peripherals.emulators.hbp9030 import CARD as CARD_9030
from peripherals.emulators.terumo_bp500 import CARD as CARD_TERUMO
from peripherals.emulators.wire_faults import WireFault
from peripherals.replay import line_of, main, replayed
from peripherals.replaying import read_trace
from tests.unit.peripherals.instrument_cart import InstrumentCart, a_pressure, visit_of
from tests.unit.peripherals.pressure_vectors import vectors_of

CARDS = {"hbp9030": CARD_9030, "hbp9020": CARD_9020, "terumo_bp500": CARD_TERUMO}
STARTED_BY_HOST = ("suntech", "tm2655")
NAMES = (*STARTED_BY_HOST, *CARDS, "bm58", "microlife", "ua767pc", "visomat", "ble_bp")


async def recorded(name: str, folder: Path, wire: WireFault = WireFault.NONE) -> InstrumentCart:
    """Two starts, a result between them, a stop and a pull."""
    chance = random.Random(name)
    cart = InstrumentCart(name, folder, is_new=False)
    cart.wire = wire
    async with cart.found():
        shown = a_pressure(chance)
        cart.device.shows(f"{shown.systolic}/{shown.diastolic}/{shown.pulse}")
        await cart.instrument.start(visit_of(1))
        if name not in STARTED_BY_HOST:
            cart.press()
        await cart.passes(9)
        await cart.instrument.stop()
        await cart.passes(3)
        await cart.instrument.start(visit_of(2))
        await cart.passes(2)
        cart.line.is_plugged = False
        await cart.passes(1)
    return cart


def essence(event: CuffEvent) -> tuple[object, ...]:
    """All but when it was, the port's name, and the digest, which a blanked identifier changes."""
    if isinstance(event, CuffState):
        return ("state", event.status.presence, event.is_running, event.visit)
    if isinstance(event, LiveValue):
        return ("live", event.visit, event.quantity)
    if isinstance(event, NoMeasurement):
        return ("none", event.visit, event.reason)
    return ("measured", event.visit, event.quantities, event.device_time, event.quality)


def traces_in(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.jsonl"))


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("wire", [WireFault.NONE, WireFault.SPLIT])
async def test_a_session_replayed_gives_the_same_events(
    name: str, wire: WireFault, tmp_path: Path
) -> None:
    cart = await recorded(name, tmp_path, wire)
    first, *_ = traces_in(tmp_path)
    done = await replayed(read_trace(first))
    assert done.differences == []
    told = [essence(event) for event in cart.told]
    again = [essence(event) for event in done.events]
    lost = next(n for n, e in enumerate(told) if n and e[:2] == ("state", "missing"))
    assert again[: lost + 1] == told[: lost + 1]
    assert any(isinstance(event, Measurement) for event in done.events)
    assert any(isinstance(event, NoMeasurement) for event in done.events)


@pytest.mark.parametrize("name", CARDS)
@pytest.mark.parametrize("wire", [WireFault.NONE, WireFault.SPLIT, WireFault.GARBAGE])
async def test_no_identifier_stands_in_a_trace(name: str, wire: WireFault, tmp_path: Path) -> None:
    await recorded(name, tmp_path, wire)
    texts = [path.read_text() for path in traces_in(tmp_path)]
    lines = [json.loads(line) for text in texts for line in text.splitlines()]
    came = b"".join(bytes.fromhex(line.get("in", "")) for line in lines)
    assert len(came) > 50
    assert CARDS[name].encode()[:6] not in came
    assert all(path.stat().st_mode & 0o077 == 0 for path in traces_in(tmp_path))


async def test_a_line_that_is_never_quiet_fills_no_memory(tmp_path: Path) -> None:
    """What is held back for the mask has an end; what was left out is counted."""
    cart = InstrumentCart("hbp9030", tmp_path, is_new=False)
    came = 0

    def noise(now_s: float) -> list[bytes]:
        nonlocal came
        came += 64
        return [bytes(64)]

    async with cart.found():
        cart.line.tick = noise
        await cart.passes(60)
    [trace] = traces_in(tmp_path)
    entries = [json.loads(line) for line in trace.read_text().splitlines()]
    left_out = [entry["left_out_bytes"] for entry in entries if "left_out_bytes" in entry]
    assert len(left_out) == 1
    assert came > 20_000 and 0 <= came - left_out[0] - 4096 <= 64


async def test_a_trace_names_times_both_ways_and_wishes(tmp_path: Path) -> None:
    await recorded("suntech", tmp_path)
    head, *entries = (json.loads(line) for line in traces_in(tmp_path)[0].read_text().splitlines())
    assert (head["driver"], head["line"], head["is_masked"]) == ("suntech", "9600 8N1", False)
    assert [entry["t"] for entry in entries] == sorted(entry["t"] for entry in entries)
    assert [entry["wish"] for entry in entries if "wish" in entry] == ["start", "stop", "start"]
    assert {"in", "out", "lost", "closed"} <= {key for entry in entries for key in entry}
    starts = [entry["t"] for entry in entries if entry.get("out") == "3a20a6"]
    assert len(starts) == 2 and starts[0] < 1.0


async def test_a_driver_that_says_something_else_is_noticed(tmp_path: Path) -> None:
    await recorded("suntech", tmp_path)
    path = traces_in(tmp_path)[0]
    path.write_text(path.read_text().replace('"out": "3a20a6"', '"out": "3a289e"'))
    done = await replayed(read_trace(path))
    assert any("3a20a6 instead of 3a289e" in difference for difference in done.differences)


async def test_a_folder_that_cannot_be_written_disturbs_no_measurement(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").write_text("not a folder")
    cart = await recorded("hbp9030", tmp_path / "file")
    assert len(cart.measured()) == 1
    assert "no trace of a device is written" in caplog.text


@pytest.mark.parametrize(
    ("mask", "device"),
    [
        (mask_hbp9030, "hbp9030"),
        (mask_hbp9020, "hbp9020"),
        (mask_terumo, "terumo_bp500"),
        (mask_microlife, "microlife"),
    ],
)
def test_a_mask_keeps_every_length(mask: Callable[[bytes], bytes], device: str) -> None:
    noise = random.Random(3)
    for vector in vectors_of(device):
        raw = vector.raw
        assert len(mask(raw)) == len(raw)
        for _ in range(20):
            at = noise.randrange(len(raw) + 1)
            assert len(mask(raw[at:])) == len(raw) - at


def test_half_an_identifier_is_hidden_too() -> None:
    line = b"2026,07,11,09,05,12345678901234567890,0,120,080,072,0\r\n"
    assert mask_hbp9030(line) == b"2026,07,11,09,05,00000000000000000000,0,120,080,072,0\r\n"
    for at in range(1, len(line)):
        both = mask_hbp9030(line[:at]) + mask_hbp9030(line[at:])
        assert b"1234" not in both and b"7890" not in both
    assert b"1234" not in mask_hbp9030(b"\xff\x00" + line[:40] + line)


def test_a_microlife_memory_stays_readable_without_what_may_name_somebody() -> None:
    raw = bytearray(vectors_of("microlife")[3].raw)
    raw[12:20] = b"MRS SMYT"
    raw[-1] = sum(raw[:-1]) & 0xFF
    masked = mask_microlife(bytes(raw))
    assert b"SMYT" not in masked
    assert sum(masked[:-1]) & 0xFF == masked[-1]
    assert masked[42:-1] == bytes(raw[42:-1])
    assert b"SMYT" not in mask_microlife(bytes(raw[:60]))  # a memory that broke off


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"trace": 1}', "no json", '{"driver": 1}\n{}'])
def test_what_is_no_trace_is_said_so(text: str, tmp_path: Path) -> None:
    path = tmp_path / "x.jsonl"
    path.write_text(text)
    with pytest.raises(ValueError, match="no trace"):
        read_trace(path)


async def test_events_are_told_as_lines_without_a_visit_s_name(tmp_path: Path) -> None:
    cart = await recorded("tm2655", tmp_path)
    lines = [json.loads(line_of(event)) for event in cart.told]
    (measured,) = (line for line in lines if line["kind"] == "measurement")
    assert measured["is_for_a_visit"] is True
    assert measured["values"]["systolic-mmhg"]["unit"] == "mm[Hg]"


def test_by_hand(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "x.jsonl"
    head = {"trace": 1, "driver": "hbp9030", "begun": "2026-11-21T08:00:00+00:00"}
    raw = vectors_of("hbp9030")[0].raw.hex()
    entries = [{"t": 1.0, "wish": "start"}, {"t": 9.0, "in": raw}, {"t": 12.0, "closed": True}]
    path.write_text("".join(json.dumps(one) + "\n" for one in [head, *entries]))
    monkeypatch.setattr("sys.argv", ["replay", str(path)])
    assert main() == 0
    (measured,) = (
        told
        for told in map(json.loads, capsys.readouterr().out.splitlines())
        if told["kind"] == "measurement"
    )
    assert measured["values"]["systolic-mmhg"] == {"value": 120, "unit": "mm[Hg]"}
    path.write_text("nonsense")
    assert main() == 2
    head["driver"] = "abacus"
    path.write_text(json.dumps(head) + "\n")
    assert main() == 2
    assert "does not know" in capsys.readouterr().err
    path.write_bytes(b"\xff\xfe")
    for unreadable in (path, tmp_path, tmp_path / "nowhere"):
        monkeypatch.setattr("sys.argv", ["replay", str(unreadable)])
        assert main() == 2
        assert capsys.readouterr().err.startswith("the trace cannot be read: no such file")


def test_every_driver_whose_device_tells_an_identifier_masks_it() -> None:
    masking = {name for name, driver in DRIVERS.items() if driver.mask is not None}
    assert masking >= {"hbp9030", "hbp9020", "terumo_bp500", "microlife"}
