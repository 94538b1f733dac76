"""Any program may die at any moment: the visit goes on and nothing acknowledged is lost."""

import random
from types import SimpleNamespace
from typing import Any, cast

import pytest

from demo.clinic import Booked
from demo.cuff import Pressure
from demo.visit import Facts, Visit
from tests.whole.recovering import Kills

TARGETS = ("workstation", "cart", "media", "camera", "server")
PRESSURE = Pressure(128, 76, 71)


@pytest.mark.parametrize("target", TARGETS)
def test_the_visit_survives_two_kills(visit: Visit, chance: random.Random, target: str) -> None:
    _kill_again_and_again(visit, chance, target, 2)


@pytest.mark.long
@pytest.mark.timeout(1200)
@pytest.mark.parametrize("target", TARGETS)
def test_the_visit_survives_twenty_kills(visit: Visit, chance: random.Random, target: str) -> None:
    _kill_again_and_again(visit, chance, target, 20)


@pytest.mark.parametrize(
    ("at_the_server", "what"),
    [
        (["kept words"], "lost"),
        ([PRESSURE], "lost"),
        (["kept words", PRESSURE, PRESSURE], "twice"),
        (["kept words", "kept words", PRESSURE], "twice"),
        (["kept words", PRESSURE, Pressure(131, 81, 62)], "nobody made"),
        (["kept words", PRESSURE], None),
    ],
)
def test_what_is_lost_doubled_or_invented_is_seen(
    at_the_server: list[str | Pressure], what: str | None
) -> None:
    """The check itself, on a server of our making."""
    kills = Kills(_visit_with(at_the_server), random.Random(1))
    kills.acknowledged = ["kept words", PRESSURE]
    kills.written = ["kept words", PRESSURE, "not acknowledged"]
    if what is None:
        kills.nothing_is_lost()
        return
    with pytest.raises(AssertionError, match=what):
        kills.nothing_is_lost()


def _visit_with(records: list[str | Pressure]) -> Visit:
    booked = SimpleNamespace(visit="this visit")

    def rows(kind: str) -> list[SimpleNamespace]:
        return [
            SimpleNamespace(document={"visit": "this visit", **_document(record)})
            for record in records
            if isinstance(record, Pressure) is (kind == "reading")
        ]

    database = SimpleNamespace(records_of=rows, acts=list)
    made = SimpleNamespace(
        booked=booked,
        facts=Facts(cast(Booked, booked)),
        stage=SimpleNamespace(database=database),
        everything_is_sent=lambda limit_s: None,
    )
    return cast(Visit, made)


def _document(record: str | Pressure) -> dict[str, Any]:
    if isinstance(record, str):
        return {"text": record}
    values = {
        "systolic-mmhg": record.systolic,
        "diastolic-mmhg": record.diastolic,
        "pulse-per-minute": record.pulse,
    }
    return {"quantities": [{"kind": kind, "value": str(of)} for kind, of in values.items()]}


def _kill_again_and_again(visit: Visit, chance: random.Random, target: str, times: int) -> None:
    kills = Kills(visit, chance)
    for _ in range(times):
        kills.round(target)
    kills.nothing_is_lost()
