"""The emulators' program with odd words: one sentence, and nobody's file is put away for a name."""

from pathlib import Path

import pytest

from peripherals.emulate import main
from peripherals.emulators.pty_line import PtyLine, may_be_link


def test_a_file_or_a_folder_is_never_taken_for_the_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    recording = tmp_path / "heart.wav"
    recording.write_bytes(b"a sound")
    for link in (recording, tmp_path, tmp_path / "nowhere" / "cuff"):
        monkeypatch.setattr("sys.argv", ["emulate", "suntech", "--link", str(link)])
        with pytest.raises(SystemExit):
            main()
        assert "--link is a new name" in capsys.readouterr().err
    assert recording.read_bytes() == b"a sound"


def test_a_name_left_by_a_killed_one_is_taken_again(tmp_path: Path) -> None:
    link = tmp_path / "cuff"
    link.symlink_to("/dev/pts/99999")
    assert may_be_link(link)
    line = PtyLine(link)
    line.plug()
    assert link.exists()
    line.pull()
    assert not link.is_symlink()


def test_who_was_robbed_of_the_name_leaves_it_to_the_other(tmp_path: Path) -> None:
    first, second = PtyLine(tmp_path / "cuff"), PtyLine(tmp_path / "cuff")
    first.plug()
    second.plug()
    first.pull()
    assert (tmp_path / "cuff").exists()
    second.pull()
    assert not (tmp_path / "cuff").is_symlink()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--speed", "0"], "above 0"),
        (["--seconds", "nan"], "above 0"),
        (["--seconds", "soon"], "above 0"),
        (["--log", "/nowhere/log"], "--log cannot be written"),
    ],
)
def test_what_makes_no_sense_is_said_in_one_sentence(
    words: list[str],
    said: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr("sys.argv", ["emulate", "suntech", *words])
    with pytest.raises(SystemExit):
        main()
    assert said in capsys.readouterr().err
