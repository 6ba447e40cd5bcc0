"""The data of a user, as four IDX files or in another form: the structure of the files, then the gates."""

import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import msgspec

from pipeline.base.dataset import Dataset, RawFile, Split, SplitRecord
from pipeline.base.errors import DataError, Finding, UnavailableError
from pipeline.base.outputs import sha256
from pipeline.base.spellings import find, near_miss, spellings
from pipeline.gates import docs_folder
from pipeline.gates.judge import Judgement, judge
from pipeline.gates.meanings import usually
from pipeline.gates.verdicts import Verdict
from pipeline.readers import found as forms
from pipeline.readers import rebuilt
from pipeline.rows import convert, idx, inspect
from pipeline.rows.blocks import Rows

MOST = 20  # times the size in the record: that much of a .gz is unpacked
NOT_RUN = Verdict(
    "both", "structure.gates", "warning", "files that can be read", "not run", [], False, usually("gates")
)


class Given(NamedTuple):
    """The raw files that a user gives.

    files: by the name of each raw file its place, or a hint at what is there instead. class_names: by label from 0
    on, if a form other than IDX says them.
    """

    files: dict[str, Path | str]
    class_names: tuple[str, ...] | None = None


def check(dataset: Dataset, folder: Path, exact: bool, seed: int, docs: Path | None = None) -> Judgement:
    """Hold the data in a folder or file to the record. Only the folder `docs` is written, if it is given.

    exact: whether the files must have the bytes of the record. The gates need both splits, so they do not run if a
    file cannot be read. Raises UnavailableError for a folder with none of the files, ConfigError if this program
    did not make the folder `docs`, or if a file stands there under two names.
    """
    dataset = msgspec.structs.replace(dataset, provenance=None)
    if docs:
        docs_folder.require_own(docs)
    with tempfile.TemporaryDirectory() as scratch:
        files = given(dataset, folder, Path(scratch)).files
        return _check(dataset, files, Path(scratch), exact, seed, docs)


def _check(
    dataset: Dataset, given: Mapping[str, Path | str], scratch: Path, exact: bool, seed: int, docs: Path | None
) -> Judgement:
    verdicts: list[Verdict] = []
    tables: dict[Split, Rows] = {}
    proven = set()
    for split, record in dataset.splits.items():
        findings = [
            finding for file in record.files for finding in _provide(file, given[file.name], scratch, exact)
        ]
        unreadable = {finding.where for finding in findings}
        images, labels, wrong = inspect.read(dataset, record, scratch, exact)
        findings += [finding for finding in wrong if finding.where not in unreadable]
        verdicts += _structure([file.name for file in record.files], findings)
        proven |= {file.name for file in record.files if _is_packed(given[file.name]) or not exact}
        if images is None or labels is None:
            continue
        if images.shape[1:] == dataset.raw_shape and labels.ndim == 1:
            rows = min(len(images), len(labels))  # a finding says it if the two differ
            tables[split] = convert.rows(dataset, split, scratch, rows)
    if len(tables) < len(dataset.splits):
        if docs:  # the pages of an earlier run are not about these files
            (docs / "index.html").unlink(missing_ok=True)
        return Judgement([*verdicts, NOT_RUN], {})
    judged = judge(dataset, tables, seed, docs, proven)
    return Judgement(verdicts + judged.verdicts, judged.evidence)


def given(dataset: Dataset, place: Path, scratch: Path) -> Given:
    """The raw files at a place: a folder with files of their names, or data in another form, rebuilt in `scratch`.

    Raises UnavailableError if nothing there is known, DataError for damaged data in another form, ConfigError if
    it is not clear which data are meant.
    """
    members = dataset.archive.members if dataset.archive else {}
    found = {file.name: find(place, file.name, members.get(file.name)) for file in dataset.files}
    if not any(found.values()) and (form := forms.find(place, dataset)):
        (folder := scratch / "rebuilt").mkdir()
        rebuilt.rebuild(form, dataset, folder, MOST * sum(file.bytes for file in dataset.files) or None)
        paths = {file.name: folder / file.name for file in dataset.files}
        lacks = f"; these {form.name} have no such split"
        return Given({name: path if path.is_file() else lacks for name, path in paths.items()}, form.class_names)
    known = {name for file in dataset.files for name in spellings(file.name, members.get(file.name))}
    given = {name: path or near_miss(place, name, known) for name, path in found.items()}
    if not any(found.values()):
        hints = "".join(dict.fromkeys(map(str, given.values())))
        raise UnavailableError(
            f"{place}: expected a folder with {', '.join(given)}, each plain or as .gz, or data as {forms.KNOWN}; "
            f"found none of them{hints}"
        )
    return Given(given)


def arrays(
    dataset: Dataset, given: Given, folder: Path, scratch: Path
) -> dict[Split, tuple[inspect.Array, inspect.Array]]:
    """The images and labels of each split, whatever the record says of them.

    folder: where the user has them, for messages. Raises DataError if a file is missing or is no such array.
    """
    return {split: _arrays(record, folder, given.files, scratch) for split, record in dataset.splits.items()}


def _arrays(
    record: SplitRecord, folder: Path, given: Mapping[str, Path | str], scratch: Path
) -> tuple[inspect.Array, inspect.Array]:
    findings = [finding for file in record.files for finding in _provide(file, given[file.name], scratch, False)]
    if findings:
        raise DataError(f"{folder}: {findings[0]}")
    try:
        images, labels = (idx.read(scratch / file.name) for file in record.files)
    except idx.IdxError as error:
        raise idx.IdxError(folder / error.path.name, error.check, error.expected, error.found) from None
    kinds = {str(images.dtype), str(labels.dtype)}
    if kinds != {"uint8"} or images.ndim not in (3, 4) or labels.shape != images.shape[:1]:
        expected = "images uint8[n, rows, columns] or uint8[n, rows, columns, channels] and labels uint8[n]"
        found = f"{images.dtype}{list(images.shape)} and {labels.dtype}{list(labels.shape)}"
        raise DataError(f"{folder}: expected {expected}, found {found}")
    return images, labels


def _is_packed(place: Path | str) -> bool:
    return isinstance(place, Path) and place.suffix == ".gz"


def _provide(file: RawFile, place: Path | str, scratch: Path, exact: bool) -> list[Finding]:
    """Link the file at `place` into the scratch folder under its own name, unpacked if it is a .gz.

    exact: whether a .gz must be the published one, if only that one's hash is known. Without a record's size (of a
    new dataset) a .gz is unpacked as far as its own header says.
    """
    if isinstance(place, str):
        return [Finding(file.name, inspect.MISSING, "a file, plain or as .gz", f"none{place}")]
    if not _is_packed(place):
        (scratch / file.name).symlink_to(place.resolve())
        return []
    packed = file.packed if exact and not file.sha256 else None
    if packed and (digest := sha256(place)) != packed.sha256:
        return [Finding(file.name, "packed SHA-256", packed.sha256, digest)]
    try:
        idx.unpack(place, scratch / file.name, MOST * file.bytes if file.bytes else None)
    except idx.IdxError as error:
        return [Finding(file.name, error.check, error.expected, error.found)]
    return []


def _structure(names: list[str], findings: list[Finding]) -> list[Verdict]:
    """A verdict for each finding, and one for each file without a finding."""
    wrong = [
        Verdict(f.where, f"structure.{f.check}", "critical", f.expected, f.found, [], False, usually(f.check))
        for f in findings
    ]
    right = [
        Verdict(name, "structure", "critical", "an IDX file as the record says", "as expected", [], True, "")
        for name in names
        if not any(name in finding.where.split(" and ") for finding in findings)
    ]
    return wrong + right
