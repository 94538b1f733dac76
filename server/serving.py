"""Runs the application under uvicorn: one process, one folder, one address."""

import gc
import socket
import ssl
from collections.abc import Callable
from typing import Literal

import uvicorn
from starlette.types import ASGIApp

from app.contract.signalling import FRAME_MAX_BYTES
from app.domain.failures import Code, Rejected
from app.runtime.process_guard import make_files_private
from server.create_app import create_app
from server.database import folder_lock, prepare_folder
from server.opening import open_folder
from server.patience import PatientProtocol
from server.settings import ServerSettings

PING_S = 20.0
GOODBYE_S = 3


def serve(settings: ServerSettings, tell: Callable[[str], None]) -> int:
    """Serve until stopped. `tell` is given the set-up code and the address, a line each."""
    make_files_private()
    prepare_folder(settings.data)
    try:
        with folder_lock(settings.data, "server.lock", wait=False):
            return _serve_locked(settings, tell)
    except BlockingIOError as error:
        raise Rejected(Code.STORE_IN_USE, "another server uses this data folder") from error


def _serve_locked(settings: ServerSettings, tell: Callable[[str], None]) -> int:
    context = _tls(settings)
    opened = open_folder(settings)
    config = uvicorn_config(create_app(settings, opened.keys), context)
    listening = listen_at(settings)

    def tell_all() -> None:
        if opened.setup_code is not None:
            tell(f"One-time set-up code: {opened.setup_code}")
        tell(f"Listening: {_address(settings, listening)}")

    server = _Server(config, tell_all)
    try:
        server.run(sockets=[listening])
    except KeyboardInterrupt:
        pass  # Ctrl-C: all was closed in order before uvicorn raised it again
    return 0 if server.started else 1


def uvicorn_config(
    app: ASGIApp, context: ssl.SSLContext | None, lifespan: Literal["on", "off"] = "on"
) -> uvicorn.Config:
    """How the application is served; no line of an access log names what was asked for."""
    return uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        log_level="error",  # a warning for each malformed request would let strangers fill the log
        server_header=False,
        proxy_headers=False,
        lifespan=lifespan,
        http=PatientProtocol,
        ws="websockets-sansio",
        ws_max_size=FRAME_MAX_BYTES,
        ws_ping_interval=PING_S,
        ws_ping_timeout=PING_S,
        ws_per_message_deflate=False,
        timeout_keep_alive=30,
        timeout_graceful_shutdown=GOODBYE_S,
        ssl_context_factory=None if context is None else lambda _config, _default: context,
    )


class _Server(uvicorn.Server):
    """Tells its address once it answers."""

    def __init__(self, config: uvicorn.Config, on_started: Callable[[], None]) -> None:
        super().__init__(config)
        self._on_started = on_started

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            gc.freeze()  # what stands now stays: looking for garbage in it holds everybody up
            self._on_started()


def listen_at(settings: ServerSettings) -> socket.socket:
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    # The protocol is named: only then asyncio sets TCP_NODELAY on what it accepts, and without that
    # each answer of two writes waits 40 ms for the other side's delayed acknowledgement.
    listening = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((settings.host, settings.port))
    except OSError as error:
        listening.close()
        address = f"{settings.host}:{settings.port}"
        raise OSError(error.errno, "cannot listen", address) from error
    return listening


def _address(settings: ServerSettings, listening: socket.socket) -> str:
    scheme = "http" if settings.tls_cert is None else "https"
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    return f"{scheme}://{host}:{listening.getsockname()[1]}"


def _tls(settings: ServerSettings) -> ssl.SSLContext | None:
    """At least TLS 1.2. None: plain HTTP, which the settings allow to loopback only."""
    if settings.tls_cert is None:
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        context.load_cert_chain(settings.tls_cert, settings.tls_key)
    except OSError as error:  # also ssl.SSLError: not PEM, or a key that does not belong to it
        raise Rejected(
            Code.SERVER_UNTRUSTED, f"{settings.tls_cert} and its key cannot be used"
        ) from error
    return context
