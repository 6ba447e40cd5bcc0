"""Stop a command at an exact moment and hold it there. Then a test kills it, or does something meanwhile.

An audit hook in the process holds it just before Python renames a file or starts a process. strace holds it before
a write to a file.
"""

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from conftest import environment

HOOK = """
import os, re, sys, time
def hold(event, arguments):
    if event in {"os.rename", "subprocess.Popen"} and not os.path.exists(os.environ["RELEASED"]):
        source, target = arguments[:2]
        text = f"{source} -> {target}" if event == "os.rename" else " ".join(target)
        if re.search(os.environ["MOMENT"], text):
            open(os.environ["REACHED"], "w").close()
            while not os.path.exists(os.environ["RELEASED"]):
                time.sleep(0.02)
sys.addaudithook(hold)
"""


class Write(NamedTuple):
    """The moment before the `nth` write to a file. The file is open and empty, or has the writes before."""

    path: str
    nth: int


class Held:
    """A command in its own process group, which stands still at a moment."""

    def __init__(self, project: Path, moment: str | Write, command: Sequence[str]) -> None:
        self.scratch = project.parent / "moment"
        self.scratch.mkdir(exist_ok=True)
        for old in self.scratch.iterdir():
            old.unlink()
        (self.scratch / "sitecustomize.py").write_text(HOOK)
        files = {name: str(self.scratch / name.lower()) for name in ("REACHED", "RELEASED")}
        variables = files | {"MOMENT": moment, "PYTHONPATH": str(self.scratch)} if isinstance(moment, str) else {}
        self.process = subprocess.Popen(
            [*([] if isinstance(moment, str) else self.strace(project, moment)), *command],
            cwd=project,
            env=environment(project.parent / "mirror") | variables,
            start_new_session=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def strace(self, project: Path, moment: Write) -> list[str]:
        """The command of strace. It logs the writes to the file; a write that is held has no end in the log."""
        hold = f"inject=write:delay_enter=600s:when={moment.nth}"
        options = ["-f", "-qq", "--seccomp-bpf", "-e", "trace=write", "-e", "signal=none", "-e", hold]
        return ["strace", *options, "-o", str(self.scratch / "log"), "-P", str(project / moment.path)]

    def reached(self) -> bool:
        log = self.scratch / "log"
        return (self.scratch / "reached").exists() or (log.exists() and log.read_text()[-1:] not in {"", "\n"})

    def wait(self) -> None:
        deadline = time.monotonic() + 60
        while not self.reached():
            assert self.process.poll() is None, f"it ended before the moment:\n{self.process.communicate()[0]}"
            assert time.monotonic() < deadline, "it did not come to the moment"
            time.sleep(0.02)
        assert self.process.poll() is None

    def kill(self) -> None:
        """Kill it with the stage that it runs."""
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.communicate()
        assert self.process.returncode == -signal.SIGKILL

    def release(self) -> str:
        """Let it continue. Returns all that it and its stages print."""
        (self.scratch / "released").touch()
        return self.process.communicate()[0]


@contextlib.contextmanager
def held(project: Path, moment: str | Write, *command: str) -> Iterator[Held]:
    """The command (`dvc repro` if none is given), held at the moment.

    moment: a regular expression for the rename or the start of a process, or a write.
    """
    process = Held(project, moment, command or ("dvc", "repro"))
    try:
        process.wait()
        yield process
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.process.pid, signal.SIGKILL)
