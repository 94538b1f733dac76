"""A wrapping key sealed by the machine's TPM to the state in which it was started (PCR 7).

Through tpm2-tools, each command with a limit; the key goes through pipes alone. What lies in
keys.json opens on this machine only, and not after another system was started on it.
"""

import os
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from app.domain.failures import Code, Unavailable, Untrusted

PCRS = "sha256:7"
DEVICE = Path("/dev/tpmrm0")
ADDRESS = "TPM2TOOLS_TCTI"  # where tpm2-tools look for a TPM that is not the device
COMMAND_LIMIT_S = 20.0


@dataclass(frozen=True, slots=True)
class Sealed:
    """What TPM and disk hold together; neither opens anything alone."""

    public: bytes
    private: bytes


class Tpm:
    """`scratch`: a private folder for contexts, which hold no secret in the clear."""

    def __init__(self, scratch: Path, *, limit_s: float = COMMAND_LIMIT_S) -> None:
        self._scratch = scratch
        self._limit_s = limit_s

    def is_there(self) -> bool:
        has_tools = shutil.which("tpm2_unseal") is not None
        return has_tools and (ADDRESS in os.environ or os.access(DEVICE, os.R_OK | os.W_OK))

    def seal(self, secret: bytes) -> Sealed:
        with self._folder() as name:
            folder = Path(name)
            self._make_primary(folder)
            self._run(folder, "tpm2_createpolicy", "--policy-pcr", "-l", PCRS, "-L", "policy")
            self._run(
                folder,
                *("tpm2_create", "-C", "primary", "-L", "policy", "-i", "-"),
                *("-u", "public", "-r", "private"),
                given=secret,
            )
            return Sealed((folder / "public").read_bytes(), (folder / "private").read_bytes())

    def unseal(self, sealed: Sealed) -> bytes:
        """Untrusted(STORE_WRONG_KEY): another machine, or one that was started otherwise."""
        with self._folder() as name:
            folder = Path(name)
            (folder / "public").write_bytes(sealed.public)
            (folder / "private").write_bytes(sealed.private)
            self._make_primary(folder)
            try:
                self._run(
                    folder,
                    *("tpm2_load", "-C", "primary", "-u", "public", "-r", "private"),
                    *("-c", "sealed"),
                )
                self._forget_transients(folder)
                return self._run(folder, "tpm2_unseal", "-c", "sealed", "-p", f"pcr:{PCRS}")
            except Unavailable as error:
                raise Untrusted(Code.STORE_WRONG_KEY, "the TPM does not open it") from error

    def _folder(self) -> tempfile.TemporaryDirectory[str]:
        return tempfile.TemporaryDirectory(prefix=".partial-tpm-", dir=self._scratch)

    def _make_primary(self, folder: Path) -> None:
        """The same key each time: it is derived of the TPM's own seed."""
        self._forget_transients(folder)
        self._run(folder, "tpm2_createprimary", "-C", "o", "-G", "ecc", "-c", "primary")
        self._forget_transients(folder)

    def _forget_transients(self, folder: Path) -> None:
        """A TPM has room for three; without a resource manager nobody else makes room.

        Objects, and the sessions that a refused unsealing leaves.
        """
        for kind in ("-t", "-l"):
            self._run(folder, "tpm2_flushcontext", kind)

    def _run(self, folder: Path, *command: str, given: bytes = b"") -> bytes:
        try:
            done = subprocess.run(
                command,
                cwd=folder,
                input=given,
                capture_output=True,
                timeout=self._limit_s,
                check=True,
            )
        except (OSError, subprocess.SubprocessError) as error:
            raise Unavailable(Code.TPM_MISSING, command[0]) from error
        return done.stdout
