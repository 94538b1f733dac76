"""What is lent reaches the media process, and the next one after it ended."""

from app.domain.relays import RelayAccess
from app.domain.server_words import RelaysHeard
from app.services.ports import EngineAttached
from app.services.relays import Relays
from tests.fakes.time_loop import settled
from tests.unit.services.given import DeskOnFakes


async def test_each_media_process_is_told(doctor: DeskOnFakes) -> None:
    relays = Relays(engine=doctor.engine, switchboard=doctor.switchboard, authority="/ca.pem")
    doctor.engine_room.on(EngineAttached, relays.heard_attached)
    doctor.listens()
    doctor.channel.goes_up()
    doctor.engine.attaches()
    doctor.channel.hears(RelaysHeard(RelayAccess(("turn:a",), "1:desk", "password", 60)))
    await settled()
    doctor.engine.attaches()
    await settled()
    told = [asked[1] for asked in doctor.engine.asked if asked[0] == "relays"]
    assert told == [RelayAccess(("turn:a",), "1:desk", "password", 60, "/ca.pem")] * 2
    await relays.close()
