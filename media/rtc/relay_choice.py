"""Which relay a new link asks first: the nearest by measured round trip, never one that is dead.

No I/O; time is an argument, in monotonic seconds. UDP before TCP before TLS where two are as near:
what waits for lost packets in order is no place for sound.
"""

from dataclasses import dataclass

from app.domain.relays import Relay, RelayAccess, RelayTransport, relay_of

AVOID_S = 30.0  # after it did not answer
NEAR_S = 0.05  # nobody hears or sees a difference below this
COST_S = {RelayTransport.UDP: 0.0, RelayTransport.TCP: 0.15, RelayTransport.TLS: 0.2}
UNKNOWN_S = 0.5  # not measured yet: behind what is known to be near, before what is far


@dataclass(slots=True)
class _Known:
    round_trip_s: float | None = None
    dead_until: float = float("-inf")


class RelayChoice:
    def __init__(self) -> None:
        self.access: RelayAccess | None = None
        self._lasts_until = float("-inf")
        self._known: dict[Relay, _Known] = {}

    def use(self, access: RelayAccess, now: float) -> None:
        """What was measured of a relay stays known."""
        self.access = access
        self._lasts_until = now + access.lasts_s
        relays = dict.fromkeys(relay_of(url) for url in access.urls)
        self._known = {relay: self._known.get(relay, _Known()) for relay in relays}

    @property
    def all(self) -> list[Relay]:
        return list(self._known)

    def best_first(self, now: float) -> list[Relay]:
        """Nothing when what was lent has ended. Dead ones last: better than none."""
        if now >= self._lasts_until:
            return []
        order = {relay: number for number, relay in enumerate(self._known)}

        def rank(relay: Relay) -> tuple[bool, int, int]:
            known = self._known[relay]
            round_trip_s = UNKNOWN_S if known.round_trip_s is None else known.round_trip_s
            far = round((round_trip_s + COST_S[relay.transport]) / NEAR_S)
            return now < known.dead_until, far, order[relay]

        return sorted(self._known, key=rank)

    def answered(self, relay: Relay, round_trip_s: float) -> None:
        if relay in self._known:
            self._known[relay] = _Known(round_trip_s)

    def silent(self, relay: Relay, now: float) -> None:
        if relay in self._known:
            self._known[relay].dead_until = now + AVOID_S
