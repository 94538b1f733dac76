"""The program that analyses a recording, as a person starts it: two hours, and files of no use."""

import json
import os
import subprocess
import sys
import wave
from pathlib import Path

import pytest

from media.synthetic import heart_sounds

ROOT = Path(__file__).resolve().parents[2]
MOST_MEMORY_KIB = 220 * 1024
RATE_HZ = 4000
LIMIT_S = 300  # two hours of sound on a busy machine


def analyse(path: Path) -> tuple[int, str, str]:
    """(exit code, output, errors)."""
    command = [sys.executable, "-m", "media.auscultation.analyse", str(path)]
    process = subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    with process:
        out, err = process.communicate(timeout=LIMIT_S)
    return process.returncode, out, err


def test_two_hours_are_analysed_in_bounded_memory(tmp_path: Path) -> None:
    path = tmp_path / "long.wav"
    minute = heart_sounds(seconds=60, rate_hz=RATE_HZ, beats_per_minute=66).tobytes()
    with wave.open(str(path), "wb") as written:
        written.setnchannels(1)
        written.setsampwidth(2)
        written.setframerate(RATE_HZ)
        for _ in range(120):
            written.writeframes(minute)
    command = [sys.executable, "-m", "media.auscultation.analyse", str(path)]
    reading, writing = os.pipe()
    process = os.posix_spawn(
        sys.executable,
        command,
        {**os.environ, "PYTHONPATH": str(ROOT)},
        file_actions=[(os.POSIX_SPAWN_DUP2, writing, 1)],
    )
    os.close(writing)
    _, status, usage = os.wait4(process, 0)
    with os.fdopen(reading) as output:
        answer = json.loads(output.read())
    assert os.waitstatus_to_exitcode(status) == 0
    assert answer["duration"] == 7200.0
    assert answer["heart_rate_bpm"] == pytest.approx(66, abs=3)
    assert usage.ru_maxrss < MOST_MEMORY_KIB


@pytest.mark.parametrize("data", [b"", b"no sound", b"RIFF\x00\x00\x00\x00WAVEfmt "])
def test_a_file_of_no_use_gets_a_sentence(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "name.wav"
    path.write_bytes(data)
    code, out, err = analyse(path)
    assert (code, out) == (2, "")
    assert err.startswith("The file")
    assert err.count("\n") == 1
