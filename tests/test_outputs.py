"""Output files: all or none of a command's appear, equal values give equal bytes, and errors name the output."""

import contextlib
import errno
import hashlib
import os
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

import pytest
from conftest import ROOT

from pipeline.base import outputs
from pipeline.base.errors import DataError, UnavailableError
from pipeline.base.outputs import Outputs

KILLED = """
import os, signal
from pathlib import Path
from pipeline.base.outputs import Outputs
with Outputs() as out:
    out.part(Path({path!r})).write_text("half")
    {action}
"""


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def write(path: Path, content: bytes) -> None:
    with Outputs() as out:
        out.bytes(path, content)


def child(path: Path, action: str) -> subprocess.Popen[str]:
    """A process that has begun to write `path`, and then does `action`."""
    code = KILLED.format(path=str(path), action=action)
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    return subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, text=True, **pipes)  # type: ignore[call-overload,no-any-return]


def test_the_old_file_stays_until_the_block_ends(tmp_path: Path) -> None:
    (path := tmp_path / "report.json").write_text("old")
    with Outputs() as out:
        out.bytes(path, b"new")
        assert path.read_text() == "old"
        assert out.part(path).parent == tmp_path  # the same disk, so that the rename is atomic
    assert path.read_text() == "new"
    assert names(tmp_path) == ["report.json"]


def test_the_folder_is_made(tmp_path: Path) -> None:
    write(tmp_path / "a/b/file", b"content")
    assert (tmp_path / "a/b/file").read_bytes() == b"content"


def test_a_reader_keeps_the_file_that_it_opened(tmp_path: Path) -> None:
    (path := tmp_path / "file").write_text("old, and whole")
    with path.open() as reader:
        write(path, b"new")
        assert reader.read() == "old, and whole"


@pytest.mark.parametrize("error", [ValueError, DataError, OSError, FileNotFoundError, KeyboardInterrupt])
def test_on_an_error_no_file_is_replaced_and_no_new_one_appears(
    tmp_path: Path, error: type[BaseException]
) -> None:
    (old := tmp_path / "one").write_text("old")
    with pytest.raises(error), Outputs() as out:
        out.bytes(old, b"new")
        out.bytes(tmp_path / "two", b"new")
        out.part(tmp_path / "three").write_bytes(b"half")
        raise error
    assert old.read_text() == "old"
    assert names(tmp_path) == ["one"]


def test_what_is_published_early_stays_after_an_error(tmp_path: Path) -> None:
    with pytest.raises(DataError), Outputs() as out:
        out.bytes(tmp_path / "report", b"the data are bad")
        out.publish()
        out.bytes(tmp_path / "passed", b"half")
        raise DataError("bad")
    assert names(tmp_path) == ["report"]


def test_after_publishing_a_file_can_be_written_again(tmp_path: Path) -> None:
    with Outputs() as out:
        for content in (b"first", b"second"):
            out.bytes(tmp_path / "file", content)
            out.publish()
            assert (tmp_path / "file").read_bytes() == content
    assert names(tmp_path) == ["file"]


def test_of_a_file_that_is_written_twice_the_last_one_stays(tmp_path: Path) -> None:
    with Outputs() as out:
        out.bytes(tmp_path / "file", b"first, and longer")
        out.bytes(tmp_path / "file", b"last")
    assert (tmp_path / "file").read_text() == "last"
    assert names(tmp_path) == ["file"]


@pytest.mark.parametrize("name", ["report.json", "a[1].json"])
def test_a_killed_run_leaves_the_old_file_and_the_next_one_sweeps(tmp_path: Path, name: str) -> None:
    (path := tmp_path / name).write_text("old")
    with child(path, "os.kill(os.getpid(), signal.SIGKILL)") as killed:
        pass
    assert killed.returncode == -signal.SIGKILL
    assert path.read_text() == "old"
    assert len(names(tmp_path)) == 2  # the unfinished file is still there
    write(path, b"new")
    assert path.read_text() == "new"
    assert names(tmp_path) == [name]


def test_two_processes_that_write_one_path_leave_each_other_s_unfinished_file_alone(tmp_path: Path) -> None:
    path = tmp_path / "report.json"
    with child(path, "print(flush=True); input()") as other:
        assert other.stdout and other.stdin
        other.stdout.readline()  # its unfinished file is there
        write(path, b"ours")
        assert path.read_bytes() == b"ours"
        other.stdin.write("\n")
        other.stdin.close()
    assert other.returncode == 0
    assert path.read_text() == "half"
    assert names(tmp_path) == ["report.json"]


def test_sweeping_leaves_the_unfinished_files_of_other_outputs(tmp_path: Path) -> None:
    (tmp_path / ".test.parquet.99.part").write_text("half")
    write(tmp_path / "train.parquet", b"whole")
    assert names(tmp_path) == [".test.parquet.99.part", "train.parquet"]


def test_a_symbolic_link_is_followed_and_stays(tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    (tmp_path / "there/report").write_text("old")
    link = tmp_path / "link"
    link.symlink_to("there/report")
    write(link, b"new")
    assert link.is_symlink()
    assert (tmp_path / "there/report").read_text() == "new"
    assert names(tmp_path) == ["link", "there"]


def test_a_link_to_nothing_is_followed_too(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("report")
    write(tmp_path / "link", b"new")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "report").read_text() == "new"


def test_links_in_a_circle_are_an_error_that_names_the_output(tmp_path: Path) -> None:
    (tmp_path / "one").symlink_to("two")
    (tmp_path / "two").symlink_to("one")
    with pytest.raises(OSError, match="Too many levels") as caught:
        write(tmp_path / "one", b"new")
    assert caught.value.filename == str(tmp_path / "one")
    assert names(tmp_path) == ["one", "two"]


def test_a_link_into_the_cache_of_dvc_is_replaced_and_the_cache_stays(tmp_path: Path) -> None:
    cached = tmp_path / "cache/files/md5/ab" / ("0" * 30)
    cached.parent.mkdir(parents=True)
    cached.write_text("old")
    (tmp_path / "out").symlink_to(cached)
    write(tmp_path / "out", b"new")
    assert not (tmp_path / "out").is_symlink()
    assert (cached.read_text(), (tmp_path / "out").read_text()) == ("old", "new")


def test_a_file_by_two_paths_is_one_output(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("file")
    with Outputs() as out:
        assert out.part(tmp_path / "link") == out.part(tmp_path / "file")
        out.bytes(tmp_path / "file", b"content")
    assert names(tmp_path) == ["file", "link"]


def test_a_fifo_is_written_into_and_stays(tmp_path: Path) -> None:
    os.mkfifo(path := tmp_path / "fifo")
    found: list[bytes] = []
    reader = threading.Thread(target=lambda: found.append(path.read_bytes()))
    reader.start()
    write(path, b"content")
    reader.join(10)
    assert found == [b"content"]
    assert stat.S_ISFIFO(path.stat().st_mode)


def test_a_device_is_written_into_and_stays() -> None:
    write(Path("/dev/null"), b"content")
    assert stat.S_ISCHR(Path("/dev/null").stat().st_mode)


STDOUT = """
from pathlib import Path
from pipeline.base.outputs import Outputs
print("first")
with Outputs() as out:
    out.bytes(Path({path!r}), b"second\\n")
print("third")
"""


@pytest.mark.parametrize("by", ["/dev/stdout", "/dev/fd/1", "/proc/self/fd/1", "link"])
@pytest.mark.parametrize("mode", [None, "w", "a"], ids=["pipe", ">", ">>"])
def test_stdout_by_its_path_is_written_into_in_the_order_of_what_is_printed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, by: str, mode: str | None
) -> None:
    (tmp_path / "link").symlink_to("/dev/stdout")
    monkeypatch.delenv("PYTHONUNBUFFERED", raising=False)
    command = [sys.executable, "-c", STDOUT.format(path=str(tmp_path / by))]
    if mode is None:
        assert subprocess.check_output(command, cwd=ROOT, text=True) == "first\nsecond\nthird\n"
    else:
        with (tmp_path / "file").open(mode) as file:
            subprocess.run(command, cwd=ROOT, stdout=file, check=True)
        assert (tmp_path / "file").read_text() == "first\nsecond\nthird\n"
        assert names(tmp_path) == ["file", "link"]


@pytest.mark.skipif(not Path("/dev/shm").is_dir(), reason="no memory disk below /dev")
def test_a_regular_file_below_dev_is_replaced() -> None:
    with tempfile.TemporaryDirectory(dir="/dev/shm") as folder:
        path = Path(folder, "file")
        for content in (b"first, and longer", b"last"):
            write(path, content)
        assert path.read_bytes() == b"last"


def test_nothing_is_written_into_a_device_on_an_error(tmp_path: Path) -> None:
    code = (
        "from pathlib import Path\nfrom pipeline.base.outputs import Outputs\n"
        "with Outputs() as out:\n    out.bytes(Path('/dev/stdout'), b'half')\n    raise SystemExit(3)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, check=False)
    assert (done.returncode, done.stdout) == (3, b"")


@pytest.mark.parametrize(("umask", "mode"), [(0o022, 0o644), (0o027, 0o640)])
def test_permissions_follow_the_umask(tmp_path: Path, umask: int, mode: int) -> None:
    before = os.umask(umask)
    try:
        write(tmp_path / "report.json", b"")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "report.json").stat().st_mode) == mode


def test_an_error_names_the_output_and_not_its_temporary_file(tmp_path: Path) -> None:
    path = tmp_path / "train.parquet"
    with pytest.raises(OSError, match=r"train\.parquet") as caught, Outputs() as out:
        raise OSError(errno.EIO, "broken", str(out.part(path)))
    assert caught.value.filename == str(path)


def test_an_error_of_the_first_open_names_the_output(tmp_path: Path) -> None:
    path = tmp_path / ("x" * 250)  # the name of the temporary file is too long
    with pytest.raises(OSError, match="name too long") as caught:
        write(path, b"content")
    assert caught.value.filename == str(path)


def test_an_error_of_the_rename_names_the_output_as_it_was_given(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(FileNotFoundError) as caught, Outputs() as out:
        out.bytes(Path("folder/report"), b"content")
        shutil.rmtree("folder")
    assert (caught.value.filename, caught.value.filename2) == ("folder/report", None)


def test_a_target_that_became_a_folder_stops_all_outputs(tmp_path: Path) -> None:
    with (
        pytest.raises(UnavailableError, match="two: expected the name of a file, found a folder"),
        Outputs() as out,
    ):
        for name in ("one", "two"):
            out.bytes(tmp_path / name, b"new")
        (tmp_path / "two").mkdir()
    assert names(tmp_path) == ["two"]


needs_full = pytest.mark.skipif(
    not Path("/dev/full").exists(), reason="only Linux has a device that is always full"
)


@needs_full
def test_a_full_disk_is_named() -> None:
    with pytest.raises(OSError, match="No space left") as caught:
        write(Path("/dev/full"), bytes(1 << 20))
    assert caught.value.filename == "/dev/full"


@needs_full
def test_a_stream_that_fails_stops_all_outputs(tmp_path: Path) -> None:
    (tmp_path / "report").write_text("old")
    with pytest.raises(OSError, match="No space left"), Outputs() as out:
        out.bytes(tmp_path / "report", b"new")
        out.bytes(Path("/dev/full"), b"new")
    assert (tmp_path / "report").read_text() == "old"
    assert names(tmp_path) == ["report"]


def test_a_file_for_which_there_is_no_room_is_named_and_the_old_ones_stay(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name).write_text("old")
    code = (
        "import resource; from pathlib import Path; from pipeline.base.outputs import Outputs\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))\n"
        "try:\n    with Outputs() as out:\n        for name, size in (('one', 9), ('two', 9999)):\n"
        f"            out.bytes(Path({str(tmp_path)!r}, name), bytes(size))\n"
        "except OSError as error:\n    print(error.filename, end='')"
    )
    assert subprocess.check_output([sys.executable, "-c", code], cwd=ROOT, text=True) == str(tmp_path / "two")
    assert [(tmp_path / name).read_text() for name in names(tmp_path)] == ["old", "old"]


def test_after_the_end_of_its_dvc_a_stage_replaces_and_deletes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DVC_STAGE", "train")
    for name in ("one", "two"):
        (tmp_path / name).write_text("old")
    with Outputs() as out:  # its DVC is there
        out.bytes(tmp_path / "one", b"new")
    monkeypatch.setattr(outputs, "STARTED_BY", 0)
    with pytest.raises(UnavailableError, match="one: not written, because the DVC"), Outputs() as out:
        out.bytes(tmp_path / "one", b"newer")
        out.remove(tmp_path / "two")
    assert (tmp_path / "one").read_text() == "new"
    assert names(tmp_path) == ["one", "two"]


@pytest.mark.parametrize("error", [None, ValueError])
def test_a_file_is_deleted_at_the_end_and_not_on_an_error(tmp_path: Path, error: type[Exception] | None) -> None:
    (tmp_path / "old").touch()
    with pytest.raises(error) if error else contextlib.nullcontext(), Outputs() as out:
        out.remove(tmp_path / "old")
        out.remove(tmp_path / "absent")
        assert (tmp_path / "old").exists()
        if error:
            raise error
    assert names(tmp_path) == (["old"] if error else [])


def test_a_file_system_without_locks_will_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise OSError(errno.ENOLCK, "no locks")

    monkeypatch.setattr("fcntl.flock", refuse)
    with Outputs() as out:
        out.bytes(tmp_path / "file", b"content")
        outputs.sweep(tmp_path / "file")
    assert (tmp_path / "file").read_bytes() == b"content"


@pytest.mark.parametrize("name", [".", "/", "folder"])
def test_a_folder_is_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.chdir(tmp_path)
    Path("folder").mkdir()
    with pytest.raises(UnavailableError, match="expected the name of a file, found a folder"):
        write(Path(name), b"")


def test_json_is_sorted_indented_and_ends_with_a_newline(tmp_path: Path) -> None:
    with Outputs() as out:
        out.json(tmp_path / "report.json", {"b": 0.1, "a": {"10": 1, "1": 2}})
    assert (tmp_path / "report.json").read_bytes() == (
        b'{\n  "a": {\n    "1": 2,\n    "10": 1\n  },\n  "b": 0.1\n}\n'
    )


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_json_refuses_numbers_that_are_not_finite(tmp_path: Path, value: float) -> None:
    with pytest.raises(ValueError, match="not JSON compliant"), Outputs() as out:
        out.json(tmp_path / "report.json", {"error_rate": value})
    assert names(tmp_path) == []


def test_csv_has_a_header_and_unix_line_ends(tmp_path: Path) -> None:
    with Outputs() as out:
        out.csv(tmp_path / "rows.csv", [{"id": 0, "name": 'a "b", c'}, {"id": 1, "name": "d"}], ["id", "name"])
    assert (tmp_path / "rows.csv").read_bytes() == b'id,name\n0,"a ""b"", c"\n1,d\n'


@pytest.mark.parametrize("content", [b"", b"abc", bytes(3_000_000)])
def test_sha256_is_that_of_the_content(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "file").write_bytes(content)
    assert outputs.sha256(tmp_path / "file") == hashlib.sha256(content).hexdigest()
