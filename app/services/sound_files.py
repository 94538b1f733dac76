"""The file of a kept recording as the person here may hear it: from this disk, else the server.

What comes is checked twice: the encrypted file by its name, the sound by the hash in its record.
"""

import hashlib

from app.domain.failures import Code, Rejected, Untrusted
from app.domain.recordings import Recording
from app.services.file_fetching import bring_here
from app.services.ports import RecordingFiles, ServerApi


class SoundFiles:
    def __init__(self, files: RecordingFiles, server_api: ServerApi) -> None:
        self._files = files
        self._server_api = server_api

    async def wav_of(self, recording: Recording) -> bytes:
        """Unavailable(NOT_FOUND) while nobody who can be asked has it; Untrusted: it is another."""
        name = recording.file_sha256
        if name and not recording.file_key:
            raise Rejected(Code.FILE_ERASED, "recording")
        await bring_here(self._files, self._server_api, name)
        wav = await self._files.load(name, recording.file_key)
        if hashlib.sha256(wav).hexdigest() != recording.sha256:
            raise Untrusted(Code.HASH_MISMATCH, "recording")
        return wav
