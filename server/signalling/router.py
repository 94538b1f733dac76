"""The signalling WebSocket. The token stands in the handshake; a bad one is a problem."""

from fastapi import APIRouter, WebSocket

from app.domain.access import Action
from app.domain.failures import Failure
from server.auth import Auth
from server.problems import problem_of
from server.signalling.line import Line
from server.signalling.service import Signalling


def add_signalling_route(router: APIRouter, signalling: Signalling, auth: Auth) -> None:
    @router.websocket("/v1/signalling")
    async def signal(websocket: WebSocket) -> None:
        try:
            who = await auth(websocket)
            who.must_be_allowed(Action.JOIN_VISIT)
        except Failure as refusal:
            await websocket.send_denial_response(problem_of(refusal))
            return
        await websocket.accept()
        await signalling.serve(Line(websocket), who)
