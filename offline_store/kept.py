"""Small things of this profile: who the device is, texts by name, the call that runs."""

from uuid import UUID

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from app.domain.call import RunningCall
from app.domain.ids import DeviceId, VisitId, new_id
from offline_store.connection import Connection


class Kept:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def device_id(self) -> DeviceId:
        return self._device()[0]

    def device_private_key(self) -> bytes:
        """Ed25519, raw, 32 bytes; it never leaves this store."""
        return self._device()[1]

    def _device(self) -> tuple[DeviceId, bytes]:
        """The identity is made when it is first asked for, and stays."""
        row = self._connection.execute("SELECT id, private_key FROM device").fetchone()
        if row is not None:
            return DeviceId(UUID(row[0])), row[1]
        device, private_key = DeviceId(new_id()), Ed25519PrivateKey.generate().private_bytes_raw()
        self.be(str(device), private_key)
        return device, private_key

    def be(self, device: str, private_key: bytes) -> None:
        """Who this device is. One that is somebody already stays so."""
        self._connection.execute(
            "INSERT INTO device (only_row, id, private_key) VALUES (1, ?, ?)"
            " ON CONFLICT DO NOTHING",
            (device, private_key),
        )

    def text(self, name: str) -> str | None:
        row = self._connection.execute(
            "SELECT value FROM kept_texts WHERE name = ?", (name,)
        ).fetchone()
        return None if row is None else row[0]

    def keep_text(self, name: str, value: str | None) -> None:
        """None forgets it."""
        if value is None:
            self._connection.execute("DELETE FROM kept_texts WHERE name = ?", (name,))
            return
        self._connection.execute(
            "INSERT INTO kept_texts (name, value) VALUES (?, ?)"
            " ON CONFLICT (name) DO UPDATE SET value = excluded.value",
            (name, value),
        )

    def running_call(self) -> RunningCall | None:
        row = self._connection.execute(
            "SELECT visit, socket_path, secret, generation FROM running_call"
        ).fetchone()
        if row is None:
            return None
        visit, socket_path, secret, generation = row
        return RunningCall(VisitId(UUID(visit)), socket_path, secret, generation)

    def keep_running_call(self, call: RunningCall | None) -> None:
        self._connection.execute("DELETE FROM running_call")
        if call is not None:
            self._connection.execute(
                "INSERT INTO running_call (only_row, visit, socket_path, secret, generation)"
                " VALUES (1, ?, ?, ?, ?)",
                (str(call.visit), call.socket_path, call.secret, call.generation),
            )
