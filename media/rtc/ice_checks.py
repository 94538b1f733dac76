"""When a STUN request is asked again: connectivity checks often, consent patiently.

Stock asks checks at 0, 0.5, 1.5, 3.5, 7.5 s, and gives consent 0.5 s for its only try: at a round
trip of 600 ms the call ends without any loss. One constant serves both, so it is left alone.
"""

import asyncio

from aioice import stun

CHECK_EVERY_S = 0.1
CHECKS_AT_ONCE = 20
CHECK_LATER_EVERY_S = 0.5
CHECK_LIMIT_S = 20.0
RELAY_EVERY_S = 0.25  # questions to a relay or STUN server: a lost one holds the description up
RELAY_LIMIT_S = 5.0
REFRESH_LIMIT_S = 30.0  # of what a relay lent: given up, the link ends; it lasts longer than that
CONSENT_EVERY_S = 1.0
CONSENT_LIMIT_S = 4.0


class PatientTransaction(stun.Transaction):
    """A check, a question for consent, or one to a relay or a STUN server."""

    def __init__(
        self,
        request: stun.Message,
        addr: tuple[str, int],
        protocol: stun.TransactionSender,
        retransmissions: int | None = None,
        integrity_key: bytes | None = None,
        long_term_credential: bool = False,
    ) -> None:
        super().__init__(
            request, addr, protocol, retransmissions, integrity_key, long_term_credential
        )
        is_binding = request.message_method is stun.Method.BINDING
        self._is_check = is_binding and integrity_key is not None and not long_term_credential
        self._is_consent = retransmissions == 0  # only query_consent passes it
        is_refresh = request.message_method is stun.Method.REFRESH
        self._is_kept = is_refresh and bool(request.attributes.get("LIFETIME"))  # 0 gives it back
        self._asked = 0
        self._waited_s = 0.0

    def _Transaction__retry(self) -> None:  # the name it has inside stock
        future: asyncio.Future[object] = self.__dict__["_Transaction__future"]
        if future.done():
            return
        if self._waited_s >= self._limit_s():
            future.set_exception(stun.TransactionTimeout())
            return
        mine = self.__dict__
        mine["_Transaction__protocol"].send_stun(
            mine["_Transaction__request"], mine["_Transaction__addr"]
        )
        pause_s = self._pause_s()
        self._asked += 1
        self._waited_s += pause_s
        mine["_Transaction__timeout_handle"] = asyncio.get_running_loop().call_later(
            pause_s, self._Transaction__retry
        )

    def _limit_s(self) -> float:
        if not self._is_check:
            return REFRESH_LIMIT_S if self._is_kept else RELAY_LIMIT_S
        return CONSENT_LIMIT_S if self._is_consent else CHECK_LIMIT_S

    def _pause_s(self) -> float:
        if not self._is_check:
            return RELAY_EVERY_S
        if self._is_consent:
            return CONSENT_EVERY_S
        return CHECK_EVERY_S if self._asked < CHECKS_AT_ONCE else CHECK_LATER_EVERY_S


def install() -> None:
    stun.Transaction = PatientTransaction  # type: ignore[misc]  # ice and turn take it by name
