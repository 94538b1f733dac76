"""Bytes decoded by hand: every shared vector, forms of input, what is said of wrong ones."""

import io
import json
import os
import subprocess
import sys

import pytest

from peripherals import decode
from peripherals.catalogue import DRIVERS
from peripherals.decoders import DECODER_OF_NAME, DECODERS
from tests.shared_vectors import shared_vectors
from tests.unit.peripherals.published_vectors import (
    NEVER_TOLD,
    assert_read_as_published,
    told,
)


@pytest.mark.parametrize("number", range(82))
def test_a_shared_vector(number: int) -> None:
    assert_read_as_published(shared_vectors()[number])


def test_there_are_as_many_vectors_as_are_run_here() -> None:
    assert len(shared_vectors()) == 82


def test_no_identifier_is_told() -> None:
    for vector in shared_vectors():
        for name in NEVER_TOLD & set(vector["expected"]):
            text = json.dumps(told(vector["device"], vector["hex"]))
            assert vector["expected"][name] not in text


@pytest.mark.parametrize(
    "text",
    ["3e050201ba", "3E 05 02 01 BA", " 3e05\n0201\tba\r\n", "3 e 0 5 0 2 0 1 b a"],
)
def test_white_space_and_case_do_not_matter(text: str) -> None:
    (event,) = told("suntech", text)
    assert event == {"kind": "live", "values": {"cuff_mmHg": {"value": 258, "unit": "mm[Hg]"}}}


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (b"", "nothing came"),
        (b"  \n", "nothing came"),
        (b"3e0502zz", "not hex: character 7"),
        (b"3e 0", "half a byte is missing"),
        ("3e05٣٣".encode(), "not hex"),
        (b"\xff\xfe", "not hex"),
        (b"0x3e", "not hex"),
    ],
)
def test_what_is_not_hex_is_said_in_a_sentence(
    text: bytes, sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert decode.decode_text("suntech", text, io.StringIO()) == 2
    assert sentence in capsys.readouterr().err


def test_too_much_is_said_in_a_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    text = b"00" * (decode.MOST_CHARACTERS // 2 + 1)
    assert decode.decode_text("suntech", text, io.StringIO()) == 2
    assert "too much" in capsys.readouterr().err


def test_commands_and_frames_in_a_row() -> None:
    commands = told("suntech", "3a20a6 3a79050048 3a7901004c")
    assert [event["command"] for event in commands] == ["start_adult", "get_cuff", "abort"]
    frames = told("suntech", "3e044b73 3e050201ba")
    assert [event["kind"] for event in frames] == ["answer", "live"]


@pytest.mark.parametrize("device", sorted(DECODER_OF_NAME))
def test_any_bytes_are_told_as_something(device: str) -> None:
    for text in ("00", "ff" * 300, "0102030405" * 40, "02" * 5000):
        for event in told(device, text):
            assert event["kind"]
            assert event.get("values") or event.get("reason") or len(event) > 1


def test_the_list_names_each_once_and_the_published_names_first(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["decode", "--list"])
    assert decode.main() == 0
    names = capsys.readouterr().out.split()
    assert names == [name for group in DECODERS for name in group]
    assert len(set(names)) == len(names)


def test_the_list_is_the_published_names_and_besides_them_only_ours() -> None:
    published = {vector["device"] for vector in shared_vectors()}
    assert published <= set(DECODER_OF_NAME)
    firsts = {group[0] for group in DECODERS}
    assert firsts - published == {"nonin_df7", "serial_scope"}  # no vector was published
    assert set(DECODER_OF_NAME) - published - firsts <= set(DRIVERS) | {"hem790it", "contec08a"}


def run(device: str, given: bytes | None, *, has_reader: bool = True) -> tuple[int, bytes, str]:
    """The program itself; `given` None: there is nothing to read from."""
    with subprocess.Popen(
        [sys.executable, "-m", "peripherals.decode", device],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        preexec_fn=(lambda: os.close(0)) if given is None else None,
    ) as program:
        assert program.stdout is not None
        if not has_reader:
            program.stdout.close()
            program.stdout = None
        out, said = program.communicate(given, timeout=60)
    return program.returncode, out or b"", said.decode()


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        (b"", "nothing came"),
        (None, "nothing came"),
        (b"3e0", "odd"),
        (b"3e 05 02 0x", "not hex"),
        (b"a" * 10_000_000, "too much"),
    ],
)
def test_the_program_says_what_is_wrong_in_one_line_and_leaves_with_a_number(
    given: bytes | None, sentence: str
) -> None:
    code, out, said = run("suntech_advantage", given)
    assert (code, out, said.count("\n")) == (decode.WRONG_INPUT, b"", 1)
    assert sentence in said


def test_a_reader_that_goes_away_is_no_defect() -> None:
    code, _, said = run("suntech_advantage", b"3e044b73" * 100_000, has_reader=False)
    assert (code, said) == (decode.NOT_ALL_TOLD, "")


def test_an_unknown_name_is_answered_with_the_known_ones(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["decode", "abacus"])
    with pytest.raises(SystemExit) as left:
        decode.main()
    assert left.value.code == 2
    assert "suntech" in capsys.readouterr().err
