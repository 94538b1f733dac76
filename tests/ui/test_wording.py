"""Every sentence is there, is used, and its figures are kept apart from the text around them."""

import ast
import string
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from app.domain.access import Role
from app.domain.call import Phase
from app.domain.changes import RecordType
from app.domain.device import DeviceKind, Evidence, Impairment
from app.domain.failures import Code
from app.domain.visits import VisitState
from ui import wording
from ui.wording.english import FAILURES, SENTENCES

UI = Path(wording.__file__).parent.parent
SUFFIX = "-name"  # the accessible name of a button whose word is short


@pytest.mark.parametrize("code", list(Code))
def test_every_failure_code_has_its_sentence(code: Code) -> None:
    sentence = wording.failure(code)
    assert sentence.endswith(".")
    assert sentence[0].isupper()
    assert str(code) not in sentence


def test_no_two_codes_say_the_same() -> None:
    assert len(set(FAILURES.values())) == len(FAILURES) == len(Code)


@pytest.mark.parametrize(
    "key",
    [f"visit-state.{state}" for state in VisitState]
    + [f"device.{kind}" for kind in DeviceKind]
    + [f"evidence.{evidence}" for evidence in Evidence]
    + [f"impairment.{impairment}" for impairment in Impairment]
    + [f"role.{role}" for role in Role]
    + [f"place.{role}" for role in Role]
    + [f"record.{kind}" for kind in RecordType]
    + [f"call.state.{phase}" for phase in Phase if phase is not Phase.REJOINING],
)
def test_every_value_of_an_enumeration_has_its_word(key: str) -> None:
    assert wording.text(key)


def constants_of_ui() -> Iterator[tuple[Path, ast.Constant | ast.JoinedStr]]:
    for path in UI.rglob("*.py"):
        if path.name == "english.py" or path.name.startswith("gallery"):
            continue
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Constant | ast.JoinedStr):
                yield path, node


def calls_of_text() -> Iterator[tuple[Path, ast.Call]]:
    for path in UI.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call):
                called = node.func
                name = called.id if isinstance(called, ast.Name) else getattr(called, "attr", "")
                if name == "text" and node.args:
                    yield path, node


def test_every_key_that_the_code_names_exists_with_the_values_it_gives() -> None:
    wrong = []
    for path, call in calls_of_text():
        key = call.args[0]
        if not (isinstance(key, ast.Constant) and isinstance(key.value, str)):
            continue
        given = {keyword.arg for keyword in call.keywords}
        asked = {field for _, field, _, _ in string.Formatter().parse(SENTENCES.get(key.value, ""))}
        if key.value not in SENTENCES or asked - {None} != given:
            wrong.append(f"{path.name}:{call.lineno} {key.value}")
    assert not wrong


def test_no_sentence_stands_there_that_nobody_says() -> None:
    said: set[str] = set()
    beginnings: set[str] = set()
    for _, node in constants_of_ui():
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            said.add(node.value)
        elif isinstance(node, ast.JoinedStr) and isinstance(node.values[0], ast.Constant):
            beginnings.add(str(node.values[0].value))
    beginnings = {beginning for beginning in beginnings if "." in beginning}
    unused = [
        key
        for key in SENTENCES
        if key not in said
        and key.removesuffix(SUFFIX) not in said
        and not any(key.startswith(beginning) for beginning in beginnings)
    ]
    assert not unused


def test_figures_stand_between_isolates_and_never_break() -> None:
    shown = wording.pressure(Decimal("128"), Decimal("76"))
    assert shown.startswith("\u2066") and shown.endswith("\u2069")
    assert "/" in shown and "\u2060/\u2060" in shown
    assert wording.spoken(shown) == "128/76"


def test_a_value_in_a_sentence_is_isolated_once() -> None:
    time = wording.isolate("14:03")
    shown = wording.text("device.found", time=time)
    assert shown == "Connected since \u206614:03\u2069"
    shown = wording.text("visit.finish-question", patient="DOE, Jane")
    assert "\u2068DOE, Jane\u2069" in shown


def test_dates_and_times_leave_nothing_to_guess() -> None:
    assert wording.spoken(wording.day(date(1945, 7, 14))) == "14-Jul-1945"
    assert wording.spoken(wording.born(date(1945, 7, 4), 81)) == "04-Jul-1945 (81y)"
    assert wording.born(None, None) == "Not known"
    now = datetime(2026, 11, 21, 14, 3, tzinfo=UTC)
    local = now.astimezone()
    assert wording.spoken(wording.time_of_day(now)) == f"{local:%H:%M}"
    yesterday = wording.spoken(wording.moment(now - timedelta(days=1), now))
    assert yesterday == f"20-Nov-2026 {local:%H:%M}"


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [
        (0, "0 s ago"),
        (-4, "0 s ago"),
        (59.9, "59 s ago"),
        (60, "1 min ago"),
        (3600, "1 h ago"),
        (90_000, "1 d ago"),
    ],
)
def test_ages_are_rounded_down(seconds: float, shown: str) -> None:
    assert wording.spoken(wording.age(seconds)) == shown
    assert wording.spoken(wording.age(timedelta(seconds=seconds))) == shown


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (Decimal("5.0"), "5"),
        (Decimal("0.50"), "0.5"),
        (Decimal("120"), "120"),
        (Decimal("36.6"), "36.6"),
    ],
)
def test_numbers_have_no_trailing_zero_and_a_leading_one(value: Decimal, shown: str) -> None:
    assert wording.number(value) == shown


def test_record_numbers_are_grouped_only_when_they_have_ten_digits() -> None:
    assert wording.spoken(wording.record_number("1297287652")) == "129 728 7652"
    assert wording.spoken(wording.record_number("MRN-17")) == "MRN-17"


def test_a_running_clock_always_shows_hours() -> None:
    assert wording.spoken(wording.clock(761)) == "0:12:41"
    assert wording.spoken(wording.clock(36_000)) == "10:00:00"


@pytest.mark.parametrize("sign", ["\x00", "\x1b", "\x85", "\u202a", "\u202e", "\u2067"])
def test_signs_that_are_not_seen_turn_nothing_round_and_cut_nothing_off(sign: str) -> None:
    words = f"12{sign} mg\tdaily\nand more"
    assert wording.harmless(words) == "12 mg\tdaily\nand more"
    shown = wording.text(
        "notes.spoken", time="9:00", name=f"Kim{sign}", confirmation="confirmed", words=words
    )
    assert sign not in shown
    assert wording.spoken(shown).endswith("12 mg\tdaily\nand more")
