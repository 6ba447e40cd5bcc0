"""Datasets as they are published: records that know only the .gz, and the one archive of all parts of EMNIST."""

import gzip
import hashlib
import io
import random
import zipfile
from pathlib import Path
from typing import Any

import msgspec
from conftest import write_tiny
from loopback import contents

from pipeline.base.dataset import Archive, Dataset
from pipeline.base.structs import convert

Members = dict[str, bytes]

RAW_NAMES = [f"{split}-{kind}-ubyte" for split in ("train", "t10k") for kind in ("images-idx3", "labels-idx1")]
PATH = "/EMNIST/gzip.zip"
OTHERS = random.Random(0).randbytes(4 << 20)  # members of the archive that nobody asks for


def member_of(name: str) -> str:
    """The name of a file of the letters in EMNIST's archive."""
    return f"gzip/emnist-letters-{name.replace('t10k', 'test')}.gz"


def packed_members(files: dict[str, bytes]) -> Members:
    """The members of an archive that holds raw files among others."""
    before = {"gzip/emnist-byclass-train-images-idx3-ubyte.gz": OTHERS[: 2 << 20], "gzip/mapping.txt": b""}
    after = {"gzip/emnist-mnist-train-images-idx3-ubyte.gz": OTHERS[2 << 20 :]}
    return before | {member_of(name): gzip.compress(body) for name, body in files.items()} | after


def zipped(members: Members, packing: int = zipfile.ZIP_STORED) -> bytes:
    with zipfile.ZipFile(file := io.BytesIO(), "w", packing) as made:
        for name, body in members.items():
            made.writestr(
                zipfile.ZipInfo(name), body, packing
            )  # it gets no time, so that each call gives the same bytes
    return file.getvalue()


def letters(folder: Path, url: str) -> tuple[Dataset, Members]:
    """A tiny dataset and the members of its archive. Its raw files are in `folder`, its archive is at `url`."""
    record = write_tiny(folder)
    members = packed_members(contents(folder))
    record = packed_only(record, {name: members[member_of(name)] for name in RAW_NAMES})
    record["archive"] = msgspec.to_builtins(described(url, zipped(members)))
    return convert(record, Dataset, Path("letters.yaml")), members


def described(url: str, body: bytes) -> Archive:
    members = {name: member_of(name) for name in RAW_NAMES}
    return Archive(url, len(body), hashlib.sha256(body).hexdigest(), members)


def packed_only(record: dict[str, Any], packed: dict[str, bytes]) -> dict[str, Any]:
    """The record, with only the size and hash of each .gz. packed: raw file name -> content of its .gz."""
    for split in ("train", "test"):
        for file in (record[split]["images"], record[split]["labels"]):
            body = packed[file["name"]]
            file |= {"sha256": None, "packed": {"bytes": len(body), "sha256": hashlib.sha256(body).hexdigest()}}
    return record
