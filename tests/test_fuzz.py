"""Randomly damaged files: the readers give an array or an IdxError, the commands a finding or one clear line."""

import gzip
import json
import os
import shutil
import subprocess
import sys
import warnings
import zlib
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from conftest import ROOT, write_tiny
from damage import CLAIMS, DAMAGES, header, inflict
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pipeline.base.dataset import Dataset
from pipeline.base.errors import PipelineError
from pipeline.base.structs import convert
from pipeline.gates import explained, folder, formats, profile
from pipeline.rows import idx

# The same examples on every machine, and nothing kept between runs.
examples = settings(max_examples=300, deadline=None, derandomize=True, database=None)
VALID = [idx.encode(np.ones(shape, dtype)) for shape in [(3,), (2, 2, 2)] for dtype in ("u1", "i2", "f8")]
NAMES = [f"{split}-{kind}-ubyte" for split in ("train", "t10k") for kind in ("images-idx3", "labels-idx1")]


@st.composite
def mutated(draw: st.DrawFn) -> bytes:
    """A valid file, a few of its bytes changed, cut or extended."""
    content = bytearray(draw(st.sampled_from(VALID + CLAIMS)))
    for place, value in draw(
        st.lists(st.tuples(st.integers(0, len(content) - 1), st.integers(0, 255)), max_size=3)
    ):
        content[place] = value
    return bytes(content[: draw(st.integers(0, len(content)))] if draw(st.booleans()) else content) + draw(
        st.binary(max_size=3)
    )


def read(path: Path) -> bytes | None:
    """The array in a file, encoded again; None if the file is not whole."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            assert idx.read_header(path).file_bytes >= 4
            content = idx.encode(idx.read(path))
            assert idx.encode(np.concatenate(list(idx.blocks(path, 2)))) == content
            return content
    except idx.IdxError:
        return None


@given(content=st.binary(max_size=64) | mutated())
@example(header(8, 2**32 - 1, 0, 2**32 - 1, 2**32 - 1))
@examples
def test_any_bytes_are_read_whole_or_refused(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    path = tmp_path_factory.getbasetemp() / "plain"
    path.write_bytes(content)
    assert read(path) in {content, None}


@given(content=st.binary(max_size=64) | mutated(), cut=st.integers(1, 30), tail=st.binary(max_size=3))
@examples
def test_any_gzip_is_unpacked_as_far_as_its_header_claims_or_refused(
    tmp_path_factory: pytest.TempPathFactory, content: bytes, cut: int, tail: bytes
) -> None:
    packed, plain, path = (tmp_path_factory.getbasetemp() / name for name in ("x.gz", "plain", "unpacked"))
    plain.write_bytes(content)
    packed.write_bytes(gzip.compress(content))
    try:
        idx.unpack(packed, path)
        unpacked = path.read_bytes()
        assert content.startswith(unpacked)
        assert len(unpacked) <= max(idx.read_header(path).file_bytes + 1, 4 + 4 * idx.MAX_RANK)
        assert read(path) == read(plain) == read(packed)
    except idx.IdxError:
        assert read(plain) is read(packed) is None
    for broken in (gzip.compress(content)[:-cut], gzip.compress(content)[:-8] + tail * 8, tail):
        packed.write_bytes(broken)
        try:
            idx.unpack(packed, path)
        except idx.IdxError:
            continue
        assert read(path) == read(packed)
        assert read(path) is None or broken == gzip.compress(content)


@pytest.mark.parametrize(
    ("packed", "found"),
    [
        (gzip.compress(VALID[0])[:10] + b"\xff" * 20, "a file that is cut short or damaged: Error -3"),
        (gzip.compress(VALID[0])[:-1], "a file that is cut short or damaged: Compressed file ended"),
    ],
    ids=["garbage", "cut"],
)
def test_a_gzip_that_is_damaged_is_named(tmp_path: Path, packed: bytes, found: str) -> None:
    (tmp_path / "x.gz").write_bytes(packed)
    with pytest.raises(idx.IdxError, match=f"x.gz: gzip: .*{found}"):
        idx.unpack(tmp_path / "x.gz", tmp_path / "x")
    with pytest.raises(idx.IdxError, match=f"x.gz: gzip: .*{found}"):
        idx.read(tmp_path / "x.gz")


class Folder:
    """The tiny dataset's folder, its record, and a copy to damage."""

    def __init__(self, path: Path) -> None:
        self.clean, self.copy = path / "clean", path / "copy"
        self.dataset = convert(write_tiny(self.clean), Dataset, path)

    def damage(self, damages: list[tuple[str, str, int]]) -> None:
        shutil.rmtree(self.copy, ignore_errors=True)
        shutil.copytree(self.clean, self.copy)
        for name, damage, seed in damages:
            inflict(damage, self.copy / name, seed)

    def is_whole(self) -> bool:
        """Whether the copy has all files byte for byte, plain or packed."""
        return all(self._content(name) == (self.clean / name).read_bytes() for name in NAMES)

    def _content(self, name: str) -> bytes | None:
        plain, packed = self.copy / name, self.copy / f"{name}.gz"
        try:
            if plain.is_file():
                return plain.read_bytes()
            with gzip.open(packed) as file:
                return file.read(1 << 20)
        except (OSError, EOFError, zlib.error):
            return None


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Folder:
    return Folder(tmp_path_factory.mktemp("tiny"))


damages = st.lists(
    st.tuples(st.sampled_from(NAMES), st.sampled_from(sorted(DAMAGES)), st.integers(0, 99)), min_size=1, max_size=4
)


def hold(tiny: Folder, exact: bool) -> None:
    """Check and profile the copy: findings if it is damaged, no warning, and every format can be read."""
    with warnings.catch_warnings():
        warnings.simplefilter("error", RuntimeWarning)
        try:
            judged = folder.check(tiny.dataset, tiny.copy, exact, 0)
        except PipelineError as error:
            assert "found none of them" in str(error)
        else:
            whole = tiny.is_whole()
            assert not (whole and judged.failed)
            assert judged.failed or whole or not exact
            assert not [verdict for verdict in judged.verdicts if "not checked" in verdict.found]
            assert json.loads(formats.as_json(judged.verdicts))["failed"] == len(judged.failed)
            assert len(ElementTree.fromstring(formats.as_junit(judged.verdicts)).findall(".//failure")) == len(
                judged.failed
            )
            assert bool(judged.failed) == ("FAIL" in formats.as_text(judged.verdicts))
        try:
            text = explained.as_yaml(profile.of_folder(tiny.copy, None, "tiny", 0))
            assert "nan" not in text.split("citation")[1]
        except PipelineError as error:
            assert str(tiny.copy) in str(error)


@given(damages=damages, exact=st.booleans())
@example(damages=[(name, "no rows", 0) for name in NAMES[2:]], exact=True)
@example(damages=[(name, "no rows", 0) for name in NAMES], exact=False)
@example(damages=[(NAMES[1], "out of range", 0)], exact=False)
@settings(examples, max_examples=6)
def test_a_damaged_folder_gives_findings(tiny: Folder, damages: list[tuple[str, str, int]], exact: bool) -> None:
    tiny.damage(damages)
    hold(tiny, exact)


@pytest.mark.slow
@pytest.mark.parametrize("damage", DAMAGES)
@pytest.mark.parametrize("names", [NAMES[:1], NAMES[1:2]])
def test_each_damage_of_each_file_gives_findings(tiny: Folder, damage: str, names: list[str]) -> None:
    tiny.damage([(name, damage, 1) for name in names])
    hold(tiny, exact=True)


@pytest.mark.slow
@given(damages=damages, exact=st.booleans())
@settings(max_examples=30, deadline=None, database=None)
def test_many_damaged_folders_give_findings(
    tiny: Folder, damages: list[tuple[str, str, int]], exact: bool
) -> None:
    tiny.damage(damages)
    hold(tiny, exact)


# VmHWM, because ru_maxrss also counts what the parent process used.
MEASURED = """import re, resource, sys
from pathlib import Path
from pipeline.__main__ import main
resource.setrlimit(resource.RLIMIT_AS, (4 << 30, 4 << 30))
code = main(sys.argv[1:])
print(code, re.search(r"VmHWM:\\s*(\\d+)", Path("/proc/self/status").read_text())[1])
"""


def peak(tiny: Folder, *command: str) -> tuple[int, int, str]:
    """The exit code, the most memory in MB, and stderr of a command on the copy."""
    done = subprocess.run(
        [sys.executable, "-c", MEASURED, *command, str(tiny.copy)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    code, memory = map(int, done.stdout.splitlines()[-1].split())
    return code, memory // 1024, done.stderr


@pytest.mark.parametrize("command", [["check", "--dataset", "mnist"], ["profile"]])
@pytest.mark.parametrize("packed", [True, False])
def test_a_bomb_and_a_huge_claim_take_no_memory_and_end_in_one_line(
    tiny: Folder, command: list[str], packed: bool
) -> None:
    tiny.damage([(NAMES[0], "packed bomb" if packed else "a huge claim", 0)])
    code, memory, stderr = peak(tiny, *command)
    assert code == 1
    assert memory < 400
    assert stderr.startswith(f"{command[0]}: error: {tiny.copy}")
    assert stderr.count("\n") == 1


@pytest.mark.slow
def test_coverage_guided_fuzzing_finds_nothing(tmp_path: Path) -> None:
    pytest.importorskip(
        "atheris", reason="atheris has wheels for Linux on x86-64 only: pip install atheris==3.0.0"
    )
    # A shell is between the two, because Linux starts to count the memory of a process from its parent's, and the
    # fuzzer stops at 2 GB. This test runner may have used so much for other tests.
    shell = ["sh", "-c", '"$@"; exit $?', "sh"]
    command = [*shell, sys.executable, "tests/fuzz_idx.py", "-atheris_runs=8000", "-seed=1", "-max_len=300000"]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path), "TMPDIR": str(tmp_path)}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    assert "Done 8000" in done.stderr
