"""A small file system for each of some folders of a project, in a namespace that needs no special rights."""

import contextlib
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import environment

MOUNT = """set -e
for folder in "$@"; do
    mount -t tmpfs -o size=8m tmpfs "/mnt"
    cp -a "$folder/." /mnt
    mount --move /mnt "$folder"
done
echo ready
exec cat"""


class Disks:
    """The project as the namespace shows it."""

    def __init__(self, process: subprocess.Popen[str], project: Path) -> None:
        self.process, self.outside = process, project
        self.project = Path(f"/proc/{process.pid}/root{project}")

    def run(self, *command: str) -> subprocess.CompletedProcess[str]:
        enter = ["nsenter", f"--target={self.process.pid}", "--user", "--mount", "--preserve-credentials"]
        return subprocess.run(
            [*enter, "env", f"--chdir={self.outside}", *command],
            env=environment(self.outside.parent / "mirror"),
            capture_output=True,
            text=True,
            check=False,
        )

    @contextlib.contextmanager
    def full(self, folder: str, left: int = 0) -> Iterator[None]:
        """Fill the disk of the folder, except for `left` bytes."""
        filler = self.project / folder / ".filler"
        filler.write_bytes(bytes(shutil.disk_usage(filler.parent).free - left))
        yield
        filler.unlink()


@contextlib.contextmanager
def small_disks(project: Path, *folders: str) -> Iterator[Disks]:
    """The project with each of the folders on its own disk of 8 MB, with all files that are in them."""
    command = ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", MOUNT, "sh", *folders]
    with subprocess.Popen(
        command, cwd=project, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin and process.stdout
        if process.stdout.readline() != "ready\n":
            pytest.skip("may not mount a small file system")
        yield Disks(process, project)
        process.stdin.close()
