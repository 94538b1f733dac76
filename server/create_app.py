"""Builds the server's application by hand: every object, opened in order, closed in reverse."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp

from app.contract.sign_in import HealthOut, ServerTimeOut
from app.domain.clock import Clock, SystemClock
from app.domain.failures import Failure, Unavailable
from app.runtime.tasks import TaskOwner
from server.accounts.passwords import Passwords
from server.accounts.router import add_account_routes
from server.accounts.service import Accounts
from server.accounts.standing import Standings
from server.audit.router import add_audit_routes
from server.audit.service import Audit
from server.auth import Auth
from server.border import Border
from server.calls.router import add_call_routes
from server.calls.service import CallReports
from server.database import Database, feed_head
from server.facts import has_accounts, is_demonstration
from server.keys import ServerKeys
from server.problems import answer_defect, answer_failure, answer_http, answer_invalid
from server.recordings.incoming import Incoming
from server.recordings.router import add_file_routes
from server.recordings.service import Recordings
from server.recordings.shelf import Shelf
from server.recordings.upload_router import add_upload_routes
from server.recordings.uploads import Uploads
from server.settings import ServerSettings
from server.signalling.relays import RelayLending, read_secret
from server.signalling.rooms import Rooms
from server.signalling.router import add_signalling_route
from server.signalling.service import Signalling
from server.sync.cursors import Cursors
from server.sync.judgement import Judgement
from server.sync.router import add_sync_routes
from server.sync.service import Sync
from server.sync.store import begin_epoch
from server.visits.service import Presence
from server.workers import Workers

log = logging.getLogger(__name__)

LOOK_FOR_OTHERS_S = 2.0  # add-visit in another process moves the feed too
TIDY_FILES_S = 3600.0
FILE_THREADS, FILES_WAITING = 2, 64


def create_app(settings: ServerSettings, keys: ServerKeys, clock: Clock | None = None) -> ASGIApp:
    """The application over a prepared data folder (server/opening.py)."""
    return Border(create_api(settings, keys, clock or SystemClock()))


def create_api(settings: ServerSettings, keys: ServerKeys, clock: Clock) -> FastAPI:
    database = Database(settings.database)
    passwords = Passwords(settings.hash_cost)
    file_workers = Workers("bedside-files", FILE_THREADS, FILES_WAITING)
    shelf = Shelf(settings.files, file_workers)
    auth = Auth(database, keys, clock, settings.access_token_s)
    rooms = Rooms(settings.lost_after_s, settings.seat_kept_s)
    signalling = Signalling(
        rooms,
        Presence(database, clock),
        clock,
        lambda: database.head,
        auth.session_until,
        _lending(settings, clock),
    )
    accounts = Accounts(settings, database, keys, auth, passwords, clock, signalling.end_session)
    standings = Standings(database, keys, clock, timedelta(hours=settings.lease_hours))
    recordings = Recordings(database, keys, shelf, clock)
    incoming = Incoming(settings.uploads, shelf)
    uploads = Uploads(incoming, recordings, file_workers, clock)
    sync = Sync(database, Judgement(recordings), Cursors(keys), clock)

    @asynccontextmanager
    async def life(api: FastAPI) -> AsyncIterator[None]:
        async with AsyncExitStack() as house:
            house.callback(file_workers.close)
            house.callback(passwords.close)
            await house.enter_async_context(database)
            await database.write(begin_epoch)
            await house.enter_async_context(signalling)
            database.on_commit = signalling.feed_moved
            tasks = await house.enter_async_context(TaskOwner("server"))
            tasks.start(passwords.prepare(), "hash for unknown names")
            tasks.start_lasting(lambda: _look_for_others(database), "feed moved by others")
            tasks.start_lasting(lambda: _tidy_files(recordings, uploads), "tidy files")
            yield

    api = FastAPI(
        title="Bedside companion server",
        version="1",
        lifespan=life,
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
    )
    api.add_exception_handler(Failure, answer_failure)
    api.add_exception_handler(RequestValidationError, answer_invalid)
    api.add_exception_handler(HTTPException, answer_http)
    api.add_exception_handler(Exception, answer_defect)
    add_account_routes(api.router, accounts, standings, auth)
    add_sync_routes(api.router, sync, auth)
    add_file_routes(api.router, recordings, auth)
    add_upload_routes(api.router, uploads, auth)
    add_audit_routes(api.router, Audit(database, clock), auth)
    add_call_routes(api.router, CallReports(database, clock), auth)
    add_signalling_route(api.router, signalling, auth)
    _add_open_doors(api, database, clock)
    return api


def _lending(settings: ServerSettings, clock: Clock) -> RelayLending | None:
    if settings.relay_secret is None:
        return None
    return RelayLending(settings.relays, read_secret(settings.relay_secret), clock)


def _add_open_doors(api: FastAPI, database: Database, clock: Clock) -> None:
    """What is answered without a token."""

    @api.get("/v1/time")
    async def tell_time() -> ServerTimeOut:
        return ServerTimeOut(server_time=clock.now())

    @api.get("/v1/health")
    async def tell_health() -> HealthOut:
        marked, has_any = await database.read(lambda c: (is_demonstration(c), has_accounts(c)))
        return HealthOut(status="ok", is_demonstration=marked, has_accounts=has_any)


async def _look_for_others(database: Database) -> None:
    while True:
        await asyncio.sleep(LOOK_FOR_OTHERS_S)
        database.look_for_others(await database.read(feed_head))


async def _tidy_files(recordings: Recordings, uploads: Uploads) -> None:
    """Uploads that nobody will go on with, and what was erased while no server ran."""
    while True:
        try:
            await uploads.forget_expired()
            await recordings.remove_erased()
        except Unavailable as away:
            log.warning("files are tidied later: %s", away.code)
        await asyncio.sleep(TIDY_FILES_S)
