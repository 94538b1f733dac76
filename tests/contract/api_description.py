"""The machine-made description of the HTTP API; run as a program it writes it down anew."""

import json
import tempfile
from pathlib import Path

from app.domain.clock import SystemClock
from server.create_app import create_api
from server.opening import open_folder
from server.settings import ServerSettings

WRITTEN = Path(__file__).parent / "golden" / "api.json"


def describe(folder: Path) -> str:
    settings = ServerSettings(data=folder)
    api = create_api(settings, open_folder(settings).keys, SystemClock())
    return json.dumps(api.openapi(), indent=1, sort_keys=True) + "\n"


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as empty:
        WRITTEN.write_text(describe(Path(empty)))
