"""What is told over the call besides: not what the server said no to."""

from app.domain.changes import ChangeResult, Outcome, RecordType
from app.domain.failures import Code
from tests.unit.services.given import DeskOnFakes
from tests.unit.services.test_call_log import changes, live_in


def told(desk: DeskOnFakes) -> list[str]:
    words = [word[1] for word in desk.engine.asked if word[0] == "send live"]
    return [str(word["told"]) for word in words if isinstance(word, dict)]


async def test_what_the_server_refused_is_not_told_as_if_it_stood_there(
    doctor: DeskOnFakes,
) -> None:
    known = await live_in(doctor)
    await doctor.chart.open(known.visit)
    refused = await doctor.messages.write("refused")
    [change] = await changes(doctor, RecordType.MESSAGE)
    no = ChangeResult(change.id, Outcome.REFUSED, Code.NOT_ALLOWED)
    await doctor.acts.do(lambda unit: unit.outbox.settle(no))
    good = await doctor.messages.write("good")
    doctor.direct_line.start()
    try:
        await doctor.clock.passes(6)
    finally:
        await doctor.direct_line.close()
    assert set(told(doctor)) == {str(good)}
    assert str(refused) not in told(doctor)
