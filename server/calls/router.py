"""HTTP of what was measured of calls."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query

from app.contract.calls import CallReportsOut
from app.contract.wire import Instant
from server.auth import Auth, Caller
from server.calls.service import CallReports


def add_call_routes(router: APIRouter, call_reports: CallReports, auth: Auth) -> None:
    Who = Annotated[Caller, Depends(auth)]

    @router.get("/v1/call-reports")
    async def between(
        who: Who,
        start: Annotated[Instant | None, Query(alias="from")] = None,
        end: Annotated[Instant | None, Query(alias="to")] = None,
        visit: UUID | None = None,
    ) -> CallReportsOut:
        return await call_reports.between(who, start, end, visit)
