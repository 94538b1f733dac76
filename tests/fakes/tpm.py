"""A machine without a security chip, whatever the one has that the tests run on."""

from offline_store.tpm import Tpm


class NoTpm(Tpm):
    def is_there(self) -> bool:
        return False
