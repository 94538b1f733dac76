"""The clinic's rules out of a file: understood whole, or not at all."""

import tomllib
from datetime import timedelta
from pathlib import Path

import pytest

from app.domain.bp_protocol import BpPolicy
from app.domain.measurement import VitalKind
from app.domain.vitals_policy import VitalsPolicy, policy_from
from app.settings import read_settings

WHOLE = """
[stale-after-min]
blood-pressure = 10
spo2 = 5
pulse = 5
perfusion-index = 4
temperature = 120
glucose = 30
weight = 2880

[news2]
oldest-min = 30

[blood-pressure]
rest-s = 120
readings = 4
interval-s = 90
leave-out-first = true
differ-mmhg = 5
most-tries = 8
"""


def test_an_empty_file_changes_nothing() -> None:
    assert policy_from({}) == VitalsPolicy()


def test_every_rule_can_be_set() -> None:
    policy = policy_from(tomllib.loads(WHOLE))
    assert policy.pressures == BpPolicy(120, 4, 90, True, 5, 8)
    assert policy.news2_oldest == timedelta(minutes=30)
    assert policy.stale_after == {
        VitalKind.SYSTOLIC_MMHG: timedelta(minutes=10),
        VitalKind.SPO2_PERCENT: timedelta(minutes=5),
        VitalKind.PULSE_PER_MINUTE: timedelta(minutes=5),
        VitalKind.PERFUSION_INDEX_PERCENT: timedelta(minutes=4),
        VitalKind.TEMPERATURE_CELSIUS: timedelta(hours=2),
        VitalKind.GLUCOSE_MG_PER_DL: timedelta(minutes=30),
        VitalKind.WEIGHT_KG: timedelta(days=2),
    }


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[news3]\n", "news3"),
        ("[news2]\noldest = 3\n", "oldest"),
        ("[news2]\noldest-min = 0\n", "oldest-min"),
        ("[news2]\noldest-min = true\n", "number"),
        ("[news2]\noldest-min = 99999\n", "10080"),
        ("news2 = 5\n", "table"),
        ("[blood-pressure]\nreadings = 2.5\n", "whole number"),
        ("[blood-pressure]\nreadings = 0\n", "whole number"),
        ("[blood-pressure]\nleave-out-first = 1\n", "true or false"),
        ("[blood-pressure]\nrest-s = 'long'\n", "number"),
        ("[blood-pressure]\nrest-s = 99999\n", "3600"),
        ("[stale-after-min]\nspo2 = -1\n", "spo2"),
        ("[stale-after-min]\nsp02 = 5\n", "sp02"),
    ],
)
def test_what_is_not_understood_is_refused_with_a_reason(text: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        policy_from(tomllib.loads(text))


def test_the_program_takes_the_file_or_says_why_not(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "vitals.toml"
    file.write_text(WHOLE)
    arguments = ["--profile", str(tmp_path), "--vitals-policy", str(file)]
    assert read_settings(arguments, "desk").vitals_policy.pressures.readings == 4
    for content in (b"\xff\xfe", b"[news2\n", b"[news2]\noldest-min = 0\n"):
        file.write_bytes(content)
        with pytest.raises(SystemExit):
            read_settings(arguments, "desk")
        assert "--vitals-policy" in capsys.readouterr().err
    file.unlink()
    with pytest.raises(SystemExit):
        read_settings(arguments, "desk")
    assert "cannot be read" in capsys.readouterr().err
