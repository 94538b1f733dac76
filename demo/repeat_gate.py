"""A door before the server that can repeat a request: TLS on both sides, bytes passed as they are.

`python -m demo.repeat_gate ADDRESS PORT SERVER_PORT CA CERTIFICATE KEY`; on standard input `repeat`
sends the newest push that carried changes once more and prints what the server answered.
"""

import asyncio
import json
import ssl
import sys

import zstandard

PUSH = b"POST /v1/push "
PART_BYTES = 64 * 1024
REQUEST_MAX_BYTES = 2 * 1024 * 1024
LIMIT_S = 10.0


class Listener:
    """Cuts what one client sends into requests, as far as they say how long they are."""

    def __init__(self, gate: "Gate") -> None:
        self._gate = gate
        self._rest = b""
        self._is_blind = False  # a WebSocket, or a body without a length: no further requests

    def heard(self, data: bytes) -> None:
        if self._is_blind:
            return
        self._rest += data
        while not self._is_blind and self._rest:
            head, found, body = self._rest.partition(b"\r\n\r\n")
            if not found:
                self._is_blind = len(self._rest) > PART_BYTES
                return
            fields = _fields(head)
            if b"upgrade" in fields or b"transfer-encoding" in fields:
                self._is_blind = True
                return
            length = int(fields.get(b"content-length", b"0"))
            if length > REQUEST_MAX_BYTES:
                self._is_blind = True
                return
            if len(body) < length:
                return
            if head.startswith(PUSH) and json.loads(_plain(fields, body[:length]))["changes"]:
                self._gate.newest_push = head + found + body[:length]
            self._rest = body[length:]


class Gate:
    def __init__(self, host: str, server_port: int, authority: str) -> None:
        self._host = host
        self._port = server_port
        self._context = ssl.create_default_context(cafile=authority)
        self.newest_push = b""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            server = await self._reach()
        except OSError:
            writer.transport.abort()
            return
        listener = Listener(self)
        ways = (
            asyncio.ensure_future(_pass_on(reader, server[1], listener)),
            asyncio.ensure_future(_pass_on(server[0], writer, None)),
        )
        await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        for way in ways:
            way.cancel()
        for end in (writer, server[1]):
            end.transport.abort()

    async def _reach(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        async with asyncio.timeout(LIMIT_S):
            return await asyncio.open_connection(self._host, self._port, ssl=self._context)

    async def repeat(self) -> str:
        """The status and body that the server answers to the very same bytes."""
        if not self.newest_push:
            return "nothing"
        reader, writer = await self._reach()
        writer.write(self.newest_push)
        async with asyncio.timeout(LIMIT_S):
            head = await reader.readuntil(b"\r\n\r\n")
            fields = _fields(head.removesuffix(b"\r\n\r\n"))
            length = int(fields.get(b"content-length", b"0"))
            body = _plain(fields, await reader.readexactly(length))
        writer.transport.abort()
        status = head.split(b" ", 2)[1].decode()
        return f"{status} {json.dumps(json.loads(body))}"


def _plain(fields: dict[bytes, bytes], body: bytes) -> bytes:
    """What was packed, if it was (RFC 8878)."""
    if fields.get(b"content-encoding") != b"zstd":
        return body
    return zstandard.ZstdDecompressor().decompress(body, max_output_size=REQUEST_MAX_BYTES)


def _fields(head: bytes) -> dict[bytes, bytes]:
    lines = head.split(b"\r\n")[1:]
    pairs = (line.partition(b":") for line in lines)
    return {name.strip().lower(): value.strip() for name, _, value in pairs}


async def _pass_on(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, listener: Listener | None
) -> None:
    try:
        while data := await reader.read(PART_BYTES):
            writer.write(data)
            await writer.drain()
            if listener is not None:
                listener.heard(data)
    except OSError:
        pass  # one of the two ends went away


async def main() -> None:
    host, port, server_port, authority, certificate, key = sys.argv[1:]
    own = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    own.load_cert_chain(certificate, key)
    gate = Gate(host, int(server_port), authority)
    orders = asyncio.StreamReader()
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(orders), sys.stdin)
    async with await asyncio.start_server(gate.serve, host, int(port), ssl=own):
        print("ready", flush=True)
        while order := (await orders.readline()).strip():
            if order == b"repeat":
                try:
                    print(f"repeated {await gate.repeat()}", flush=True)
                except (OSError, ValueError) as error:
                    print(f"repeated not: {error}", flush=True)


if __name__ == "__main__":
    asyncio.run(main())
