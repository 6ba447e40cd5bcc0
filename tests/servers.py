"""DVC remotes for sharing. Each is real and on this machine: a folder, an S3 server, Debian's SSH server."""

import contextlib
import math
import os
import pwd
import secrets
import shutil
import socket
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import fsspec
import pytest
from moto.server import ThreadedMotoServer

SSHD = """\
Port {port}
ListenAddress 127.0.0.1
HostKey {folder}/host
AuthorizedKeysFile {folder}/.ssh/id_ed25519.pub
StrictModes no
PidFile none
Subsystem sftp internal-sftp
"""
LOCAL = fsspec.filesystem("file")


class Dam:
    """A loopback port in front of `server`. A connection can send at most `limit` bytes through it."""

    def __init__(self, server: int) -> None:
        self.server, self.limit, self.held = ("127.0.0.1", server), math.inf, threading.Event()
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self) -> None:
        while True:
            caller, server = self.listener.accept()[0], socket.create_connection(self.server)
            for end in (caller, server):
                end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, True)
            for ends in [(caller, server, True), (server, caller, False)]:
                threading.Thread(target=self.carry, args=ends, daemon=True).start()

    def carry(self, source: socket.socket, target: socket.socket, upward: bool) -> None:
        passed = 0
        with contextlib.suppress(OSError):
            while chunk := source.recv(4096):
                passed += len(chunk)
                if upward and passed > self.limit:
                    self.held.set()
                else:
                    target.sendall(chunk)
        with contextlib.suppress(OSError):
            target.shutdown(socket.SHUT_RDWR)


@dataclass
class Remote:
    """A remote as DVC sees it (`dvc remote ...`, environment) and as it really is (`files` under `root`)."""

    setup: list[list[str]]
    root: str
    files: Any = LOCAL
    variables: dict[str, str] = field(default_factory=dict)
    dam: Dam | None = None

    def objects(self) -> dict[str, bytes]:
        """The stored files, by name: an MD5, perhaps with .dir, or the name of an unfinished file."""
        self.files.invalidate_cache()
        names = self.files.find(self.root) if self.files.exists(self.root) else []
        return {"".join(name.split("/")[-2:]): self.files.cat_file(name) for name in names}

    def path(self, name: str) -> str:
        return f"{self.root}/files/md5/{name[:2]}/{name[2:]}"


def flip(path: str, at: int, files: Any = LOCAL) -> None:
    """Flip a bit, as a broken disk does: the file keeps its mode and its times."""
    body = bytearray(files.cat_file(path))
    body[at] ^= 1
    before = Path(path).stat() if files is LOCAL else None
    if before:
        Path(path).chmod(0o644)
    files.pipe_file(path, bytes(body))
    if before:
        Path(path).chmod(before.st_mode)
        os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


@contextlib.contextmanager
def folder_remote(folder: Path) -> Iterator[Remote]:
    yield Remote([["add", "--default", "storage", f"{folder}/storage"]], f"{folder}/storage")


@contextlib.contextmanager
def s3_remote(_: Path) -> Iterator[Remote]:
    moto = ThreadedMotoServer("127.0.0.1", port=0)
    moto.start()
    port = moto.get_host_and_port()[1]
    dam = Dam(port)
    files = fsspec.filesystem(
        "s3", key="x", secret="x", endpoint_url=f"http://127.0.0.1:{port}", skip_instance_cache=True
    )
    files.mkdir(bucket := f"bucket-{secrets.token_hex(8)}")  # all servers of moto in a process share their buckets
    setup = [
        ["add", "--default", "storage", f"s3://{bucket}/mnist"],
        ["modify", "storage", "endpointurl", f"http://127.0.0.1:{dam.port}"],
    ]
    keys = {"AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "x"}
    yield Remote(setup, f"{bucket}/mnist", files, keys, dam)
    moto.stop()


@contextlib.contextmanager
def ssh_remote(folder: Path) -> Iterator[Remote]:
    """sshd, run by the user who runs the tests. DVC finds the key in HOME, as a user's key."""
    sshd = shutil.which("sshd", path=f"{os.environ['PATH']}{os.pathsep}/usr/sbin")
    if not sshd:
        pytest.skip("needs sshd: apt-get install openssh-server")
    (folder / ".ssh").mkdir()
    for key in ("host", ".ssh/id_ed25519"):
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", folder / key], check=True)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    (folder / "sshd_config").write_text(SSHD.format(folder=folder, port=port))
    if os.getuid() == 0:
        Path("/run/sshd").mkdir(
            exist_ok=True
        )  # otherwise the service makes it; without it, sshd stops if root runs it
    with subprocess.Popen([sshd, "-D", "-e", "-f", folder / "sshd_config"], stderr=subprocess.PIPE) as server:
        assert server.stderr
        assert any(b"listening" in line for line in server.stderr)
        dam = Dam(port)
        url = f"ssh://{pwd.getpwuid(os.getuid()).pw_name}@127.0.0.1:{dam.port}{folder}/storage"
        setup = [["add", "--default", "storage", url]]
        yield Remote(setup, f"{folder}/storage", variables={"HOME": str(folder)}, dam=dam)
        server.terminate()


REMOTES: dict[str, Callable[[Path], AbstractContextManager[Remote]]] = {
    "folder": folder_remote,
    "s3": s3_remote,
    "ssh": ssh_remote,
}
