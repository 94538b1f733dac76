"""Reading what was measured of calls: by whom a clinic's lines and drops are looked after."""

from typing import Annotated
from uuid import UUID

from pydantic import Field

from app.contract.bodies import CallReportBody
from app.contract.wire import Body

CALL_REPORTS_MAX = 1000


class CallReportOut(Body):
    record: UUID
    report: CallReportBody


class CallReportsOut(Body):
    """GET /v1/call-reports?from=&to=&visit=: oldest first; `has_more`: ask for a shorter time."""

    reports: Annotated[list[CallReportOut], Field(max_length=CALL_REPORTS_MAX)]
    has_more: bool
