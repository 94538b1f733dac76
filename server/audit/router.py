"""HTTP of the audit: the chain's leaves for every device, the events for who may read them."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query

from app.contract.audit import AuditRowsOut, ChainOut
from app.contract.wire import Instant
from server.audit.service import Audit
from server.auth import Auth, Caller

LEAVES_MAX = 5000
COUNT_MAX = 2**53


def add_audit_routes(router: APIRouter, audit: Audit, auth: Auth) -> None:
    Who = Annotated[Caller, Depends(auth)]

    @router.get("/v1/audit/chain")
    async def chain(
        who: Who,
        since: Annotated[int, Query(ge=0, le=COUNT_MAX)] = 0,
        limit: Annotated[int, Query(ge=1, le=LEAVES_MAX)] = LEAVES_MAX,
    ) -> ChainOut:
        return await audit.chain(since, limit)

    @router.get("/v1/audit/events")
    async def events(
        who: Who,
        patient: UUID | None = None,
        start: Annotated[Instant | None, Query(alias="from")] = None,
        end: Annotated[Instant | None, Query(alias="to")] = None,
    ) -> AuditRowsOut:
        return await audit.events(who, patient, start, end)
