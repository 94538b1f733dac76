"""Vital signs through the whole house: from the cart's tray, series and typing to the clinician."""

from datetime import timedelta

from app.domain.audit import Act
from app.domain.changes import RecordType
from app.domain.device import DeviceKind
from app.domain.ids import VisitId
from app.domain.visits import VisitState
from tests.fakes.time_loop import until
from tests.story.clinic import Booked, Clinic, Desk
from ui import wording

OXIMETER, THERMOMETER = DeviceKind.OXIMETER, DeviceKind.THERMOMETER


async def in_one_visit(clinic: Clinic) -> tuple[Booked, Desk, Desk]:
    """Cart and workstation, both with the same chart open."""
    booked = clinic.books_a_visit()
    cart, desk = await clinic.cart(), await clinic.workstation()
    await cart.opens(booked)
    await cart.everything_is_sent()
    await desk.opens(booked)
    await desk.sees(booked, VisitState.CHECKED_IN)
    return booked, cart, desk


def spoken(desk: Desk) -> str:
    return " | ".join(row.spoken for row in desk.models.visit.vitals.screen.readings)


async def test_what_nobody_asked_for_outlives_a_crash_and_is_given_by_a_persons_word(
    clinic: Clinic,
) -> None:
    booked, cart, desk = await in_one_visit(clinic)
    taken = clinic.clock.now() - timedelta(hours=3)
    cart.cuff.tells_from_memory(147, 91, 77, taken)
    await until(lambda: cart.models.visit.tray.screen.rows)
    assert "147" not in spoken(cart)
    await cart.crashes()
    await cart.starts()
    await cart.signs_in()
    await cart.opens(booked)
    [row] = cart.models.visit.tray.screen.rows
    assert "147/91 mmHg" in wording.spoken(row.question)
    cart.models.visit.tray.assign(row.record)
    await until(lambda: not cart.models.visit.tray.screen.rows)
    await cart.everything_is_sent()
    [kept] = clinic.at_the_server(RecordType.READING)
    assert kept["assigned"]["by"] == kept["kept_by"]
    assert (kept["patient"], kept["device"]["serial_number"]) == (str(booked.patient), "SN-7")
    assert len(clinic.server.audited(Act.MEASUREMENT_ASSIGNED)) == 1
    await until(lambda: "147 over 91" in spoken(desk))
    assert "assigned by hand" in spoken(desk)
    cart.cuff.tells_from_memory(147, 91, 77, taken)  # the memory is read again
    await until(lambda: cart.models.visit.tray.screen.told_again)
    assert cart.models.visit.tray.screen.rows == ()


async def test_a_series_taken_at_the_cart_is_read_with_its_average_by_the_clinician(
    clinic: Clinic,
) -> None:
    _, cart, desk = await in_one_visit(clinic)
    series = cart.models.visit.bp_protocol
    await until(lambda: series.screen.can_begin)
    series.begin(0, 0, 0)
    for number, systolic in enumerate((150, 130, 128), 1):
        await until(lambda n=number: len(cart.cuff.starts) == n, limit_s=1000)  # type: ignore[misc]
        cart.cuff.measures(systolic, 80, 66)
    await until(lambda: series.screen.can_keep)
    series.keep()
    await until(lambda: len(cart.models.visit.vitals.screen.readings) == 4)
    await cart.everything_is_sent()
    documents = clinic.at_the_server(RecordType.READING)
    assert [one["quantities"][0]["value"] for one in documents] == ["150", "130", "128", "136"]
    assert (
        documents[3]["series"]["averaged"]
        == [
            row[0]
            for row in clinic.server.sql(
                "SELECT id FROM records WHERE record_type = 'reading' ORDER BY position"
            )
        ][:3]
    )
    await until(lambda: "136 over 80" in spoken(desk))
    assert "average of 3 readings" in spoken(desk)


async def test_a_score_needs_both_instruments_and_eyes_and_stands_on_both_sides(
    clinic: Clinic,
) -> None:
    _, cart, desk = await in_one_visit(clinic)
    oximeter, thermometer = cart.instruments.oximeter, cart.instruments.thermometer
    oximeter.appears()
    thermometer.appears()
    vitals = cart.models.visit.vitals
    await until(lambda: len(vitals.screen.instruments) == 2)
    for kind in (OXIMETER, THERMOMETER):
        vitals.start_instrument(kind)
    await until(lambda: oximeter.visit is not None and thermometer.visit is not None)
    oximeter.measures(SPO2_PERCENT="97", PULSE_PER_MINUTE="72")
    thermometer.measures(TEMPERATURE_CELSIUS="36.6")
    await until(lambda: all(one.can_keep for one in vitals.screen.instruments))
    for kind in (OXIMETER, THERMOMETER):
        vitals.keep_instrument(kind)
    await cart.keeps_pressure(128, 76)
    await cart.everything_is_sent()
    await until(lambda: "Respiration" in desk.models.visit.news2.screen.incomplete)
    assert desk.models.visit.news2.screen.score == ""
    cart.models.visit.news2.keep("16", 0, 0, -1)
    await cart.everything_is_sent()
    for side in (cart, desk):
        await until(lambda s=side: s.models.visit.news2.screen.score)  # type: ignore[misc]
        assert wording.spoken(side.models.visit.news2.screen.score) == "NEWS2 0"
    here, there = (side.models.visit.news2 for side in (cart, desk))
    await until(lambda: here.screen.rows == there.screen.rows)  # each counts ages by its own turn


async def test_what_runs_for_one_patient_is_stopped_and_fenced_before_the_next(
    clinic: Clinic,
) -> None:
    first, cart, _ = await in_one_visit(clinic)
    second = clinic.books_a_visit()
    cart.models.visit.vitals.start()
    await until(lambda: cart.cuff.visit == first.visit)
    running: VisitId | None = cart.cuff.visit
    cart.models.visit.call.hang_up()
    cart.models.visit.visit.back()
    await until(lambda: cart.services.chart.state.value.row is None)
    assert (cart.cuff.stops, cart.cuff.visit) == (1, None)
    await clinic.passes(65)  # the new booking comes with the feed
    await cart.opens(second)
    cart.cuff.tells_a_result_for(running, 163, 99)
    await until(lambda: cart.models.visit.tray.screen.rows)
    assert cart.models.visit.vitals.screen.result is None
    assert "163" not in spoken(cart)
