"""Which file systems are safe for a store, told from the machine's list of mounts."""

from pathlib import Path

import pytest

from app.domain.failures import Unavailable
from offline_store import profile_folder
from offline_store.profile_folder import file_system_of, refuse_network_drive, write_durably

MOUNTS = """\
22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw
30 22 0:25 / /home rw - nfs4 files:/home rw,vers=4.2
31 30 0:26 / /home/ana/local rw shared:7 master:2 - xfs /dev/sdb1 rw
32 22 0:27 / /mnt/with\\040space rw - fuse.sshfs ana@host: rw
33 22 0:28 / /mnt/twice rw - ext4 /dev/sdc1 rw
34 33 0:29 / /mnt/twice rw - cifs //files/share rw
"""


@pytest.fixture
def mounts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "mountinfo").write_text(MOUNTS)
    monkeypatch.setattr(profile_folder, "MOUNTS", tmp_path / "mountinfo")


@pytest.mark.parametrize(
    ("folder", "kind"),
    [
        ("/var/lib/bedside", "ext4"),
        ("/home/ana/profile", "nfs4"),
        ("/home/ana/local/profile", "xfs"),
        ("/homework", "ext4"),
        ("/mnt/with space/profile", "fuse.sshfs"),
        ("/mnt/twice/x", "cifs"),
    ],
)
def test_the_innermost_newest_mount_counts(mounts: None, folder: str, kind: str) -> None:
    assert file_system_of(Path(folder)) == kind


@pytest.mark.parametrize("kind", ["ext4", "xfs", "btrfs", "tmpfs", "overlay", "fuseblk", ""])
def test_a_disk_of_this_machine_is_fine(kind: str) -> None:
    refuse_network_drive(Path("/"), lambda _: kind)


@pytest.mark.parametrize("kind", ["nfs", "nfs4", "cifs", "smb3", "ceph", "fuse.glusterfs"])
def test_a_network_drive_is_not(kind: str) -> None:
    with pytest.raises(Unavailable):
        refuse_network_drive(Path("/"), lambda _: kind)


def test_this_machine_tells_something_of_its_own_disk(tmp_path: Path) -> None:
    assert file_system_of(tmp_path) != ""


def test_a_file_that_cannot_be_written_leaves_the_old_one(tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    write_durably(path, b"old")
    with pytest.raises(TypeError):
        write_durably(path, "no bytes")  # type: ignore[arg-type]  # a defect in mid-write
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]
