"""HTTP of accounts: first account, sign-in, tokens, sign-out."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request

from app.contract.sign_in import (
    FirstAccountIn,
    PersonOut,
    RefreshIn,
    RefreshOut,
    SignInIn,
    SignInOut,
)
from app.contract.standing import StandingAnswer, StandingIn
from server.accounts.service import Accounts
from server.accounts.standing import Standings
from server.auth import Auth, Caller


def add_account_routes(
    router: APIRouter, accounts: Accounts, standings: Standings, auth: Auth
) -> None:

    @router.post("/v1/first-account", status_code=201)
    async def make_first_account(body: FirstAccountIn, request: Request) -> PersonOut:
        return await accounts.make_first(body, _address(request))

    @router.post("/v1/sign-in")
    async def sign_in(body: SignInIn, request: Request) -> SignInOut:
        return await accounts.sign_in(body, _address(request))

    @router.post("/v1/token")
    async def renew_tokens(body: RefreshIn) -> RefreshOut:
        return await accounts.refresh(body)

    @router.post("/v1/standing")
    async def tell_standing(body: StandingIn) -> StandingAnswer:
        return await standings.standing(body)

    @router.post("/v1/sign-out", status_code=204)
    async def sign_out(who: Annotated[Caller, Depends(auth)]) -> None:
        await accounts.sign_out(who)


def _address(request: Request) -> str:
    return "" if request.client is None else request.client.host
