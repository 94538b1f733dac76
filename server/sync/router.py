"""HTTP of push and feed."""

import json
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import ValidationError

from app.contract.sync import (
    CURSOR_MOST_CHARACTERS,
    FEED_MAX_RECORDS,
    NEXT_PAGE,
    FeedOut,
    PushIn,
    PushOut,
)
from app.domain.failures import Code, Rejected
from server.auth import Auth, Caller
from server.sync.service import PushEnvelope, Sync

POSITION_MAX = 2**53
PUSH_BODY = {
    "requestBody": {
        "required": True,
        "content": {"application/json": {"schema": PushIn.model_json_schema()}},
    }
}


def add_sync_routes(router: APIRouter, sync: Sync, auth: Auth) -> None:
    Who = Annotated[Caller, Depends(auth)]

    @router.post("/v1/push", openapi_extra=PUSH_BODY)
    async def push(request: Request, who: Who) -> PushOut:
        return await sync.push(_envelope(await request.body()), who)

    @router.get("/v1/feed", response_model=FeedOut)
    async def feed(
        who: Who,
        since: Annotated[int, Query(ge=0, le=POSITION_MAX)] = 0,
        limit: Annotated[int, Query(ge=1, le=FEED_MAX_RECORDS)] = FEED_MAX_RECORDS,
        cursor: Annotated[str | None, Query(max_length=CURSOR_MOST_CHARACTERS)] = None,
        load: Annotated[str | None, Query(max_length=CURSOR_MOST_CHARACTERS)] = None,
    ) -> Response:
        if load is not None and since == 0:
            page = await sync.first_load(load, limit, who, cursor)
        else:
            page = await sync.feed(since, limit, who, cursor)
        headers = {} if page.following is None else {NEXT_PAGE: page.following}
        return Response(page.body, headers=headers, media_type="application/json")


def _envelope(body: bytes) -> PushEnvelope:
    """Read here and not by the framework: a change that no reader likes is refused alone."""
    try:
        sent: Any = json.loads(body)
        return PushEnvelope.model_validate(sent)
    except (ValueError, ValidationError, RecursionError) as error:
        raise Rejected(Code.MALFORMED) from error
