"""A reading's document: with the words of the first release, and with those that came since."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from app.contract.bodies import ReadingBody
from app.domain.bp_setting import Arm, CuffSize, Position, Taken
from app.domain.changes import RecordType
from app.domain.device import DeviceIdentity, DeviceKind
from app.domain.ids import PatientId, PersonId, RecordId, VisitId, new_id
from app.domain.measurement import Measurement, QualityFlag, Quantity, VitalKind
from app.domain.reading import Assigned, Reading, SeriesPart, fields_of, reading_from
from app.domain.tray import WhyAside
from offline_store.documents import reading_of
from server.judging import checked

NINE = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
GOLDEN = Path(__file__).parents[2] / "contract" / "golden" / "ReadingBody.json"
PERSON = PersonId(new_id())


def reading(**more: Any) -> Reading:
    visit = VisitId(new_id())
    measured = Measurement(
        visit=visit,
        quantities=(
            Quantity(VitalKind.SYSTOLIC_MMHG, Decimal("128")),
            Quantity(VitalKind.DIASTOLIC_MMHG, Decimal("76")),
        ),
        device=DeviceIdentity(DeviceKind.BLOOD_PRESSURE_CUFF, "Cuff", "/dev/ttyX", "77", "1.0"),
        device_time=NINE - timedelta(minutes=1),
        received_at=NINE,
        frame_sha256="ab" * 32,
        quality=frozenset({QualityFlag.IRREGULAR}),
    )
    ids = RecordId(new_id()), visit, PatientId(new_id())
    return Reading(*ids, measured, NINE + timedelta(seconds=3), PERSON, **more)


WAYS: dict[str, dict[str, Any]] = {
    "plain": {},
    "assigned": {"assigned": Assigned(PERSON, NINE, WhyAside.LATE)},
    "taken": {"taken": Taken(Arm.RIGHT, CuffSize.LARGE_ADULT, Position.LYING, 300)},
    "one of a series": {"series": SeriesPart(RecordId(new_id()), 2, is_counted=False)},
    "an average": {"series": SeriesPart(RecordId(new_id()), 0, averaged=(RecordId(new_id()),) * 2)},
}


@pytest.mark.parametrize("way", WAYS)
def test_it_is_the_same_after_its_way_through_a_document(way: str) -> None:
    kept = reading(**WAYS[way])
    fields = fields_of(kept)
    assert reading_from(str(kept.id), fields, is_pending=True) == kept
    stored = reading_of(kept.id, json.dumps(fields).encode(), 1, 1)
    assert stored == kept
    body = checked(RecordType.READING, fields)
    assert isinstance(body, ReadingBody)


def test_the_first_release_wrote_what_is_still_written() -> None:
    """A reading with nothing of the new kinds has the document that it always had."""
    released = json.loads(GOLDEN.read_text())
    kept = reading_from(str(new_id()), released, is_pending=False)
    assert fields_of(kept) == released
    assert (kept.assigned, kept.taken, kept.series, kept.is_counted) == (None, None, None, True)


@pytest.mark.parametrize("part", ["assigned", "taken", "series"])
@pytest.mark.parametrize("broken", [5, "x", [], {}, {"by": 1}])
def test_a_part_that_is_none_of_ours_is_not_believed(part: str, broken: object) -> None:
    kept = reading()
    with pytest.raises((KeyError, ValueError, TypeError)):
        reading_from(str(kept.id), {**fields_of(kept), part: broken}, is_pending=True)


def test_everything_that_a_reading_must_hold_is_in_its_document() -> None:
    """Device time, receive time, UCUM units, the raw frame's hash, the driver's version."""
    fields: Any = fields_of(reading())
    assert fields["device_time"] == "2026-11-21T08:59:00+00:00"
    assert fields["received_at"] == "2026-11-21T09:00:00+00:00"
    assert {one["unit"] for one in fields["quantities"]} == {"mm[Hg]"}
    assert fields["frame_sha256"] == "ab" * 32
    assert fields["device"]["driver_version"] == "1.0"


def test_what_was_left_out_of_an_average_is_known_by_it() -> None:
    left_out = reading(series=SeriesPart(RecordId(new_id()), 1, is_counted=False))
    assert not left_out.is_counted
    assert replace(left_out, series=None).is_counted
