"""Stands for the process that writes a recording where a person said."""

import hashlib

from app.domain.failures import Failure
from app.domain.patients import Patient
from app.domain.sound_export import ExportForm, SavedSound, SoundExport


class FakeSoundWriter:
    """Fulfils ports.ExportSound; nothing comes onto the disk."""

    def __init__(self) -> None:
        self.asked: list[tuple[bytes, ExportForm, str, SoundExport, Patient]] = []
        self.refusal: Failure | None = None

    async def __call__(
        self, wav: bytes, form: ExportForm, path: str, sound: SoundExport, patient: Patient
    ) -> SavedSound:
        if self.refusal is not None:
            raise self.refusal
        self.asked.append((wav, form, path, sound, patient))
        return SavedSound(form, hashlib.sha256(wav).hexdigest(), len(wav), is_same_samples=True)
