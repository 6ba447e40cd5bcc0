"""The data of a user, as four IDX files or in another form: the structure of the files, then the gates."""

import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import msgspec

from pipeline.base.dataset import Dataset, RawFile, Split, SplitRecord
from pipeline.base.errors import DataError, Finding, UnavailableError
from pipeline.base.outputs import sha256
from pipeline.base.spellings import find, near_miss, spellings
from pipeline.gates import against, docs_folder
from pipeline.gates.grey_range import largest_grey, to_255
from pipeline.gates.judge import Judgement, judge
from pipeline.gates.meanings import usually
from pipeline.gates.verdicts import Verdict
from pipeline.readers import found as forms
from pipeline.readers import rebuilt
from pipeline.readers.form import Form
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


def check(
    dataset: Dataset,
    place: Path | Form,
    exact: bool,
    seed: int,
    docs: Path | None = None,
    split: Split | None = None,
    pictures: bool = False,
    other: Path | None = None,
    stored: Dataset | None = None,
) -> Judgement:
    """Hold the data in a folder or file to the record. Only the folder `docs` is written, if it is given.

    exact: whether the files must have the bytes of the record, if it is not one for any number of rows. split: the
    split that is checked alone; None for both. pictures: see `judge`. other: a folder whose images must not stand
    in this one. stored: the record of the files in `other`, if it is known. The gates do not run if a file of a
    split that is checked cannot be read. Raises UnavailableError if nothing there is known, DataError for damaged
    data in another form than IDX, ConfigError if this program did not make the folder `docs`, or if it is unclear
    which data are meant.
    """
    dataset, exact = msgspec.structs.replace(dataset, provenance=None), exact and not dataset.any_count
    if docs:
        docs_folder.require_own(docs)
    with tempfile.TemporaryDirectory() as scratch:
        files = given(dataset, place, Path(scratch)).files
        splits = [split] if split else list(dataset.splits)
        others = against.find_others(dataset, other, _resolved(files), Path(scratch), stored) if other else []
        return _check(dataset, splits, files, Path(scratch), exact, seed, docs, pictures, others)


def _check(
    dataset: Dataset,
    splits: Sequence[Split],
    given: Mapping[str, Path | str],
    scratch: Path,
    exact: bool,
    seed: int,
    docs: Path | None,
    pictures: bool,
    others: list[against.Other],
) -> Judgement:
    verdicts: list[Verdict] = []
    tables: dict[Split, Rows] = {}
    proven = set()
    for split in splits:
        record = dataset.splits[split]
        findings = [
            finding
            for file in record.files
            for finding in _provide(file, given[file.name], scratch, exact, not dataset.any_count)
        ]
        unreadable = {finding.where for finding in findings}
        images, labels, wrong = inspect.read(dataset, record, scratch, exact)
        findings += [finding for finding in wrong if finding.where not in unreadable]
        findings += _of_greys(record.images.name, images)
        verdicts += _structure([file.name for file in record.files], findings)
        proven |= {file.name for file in record.files if _is_packed(given[file.name]) or not exact}
        if images is None or labels is None:
            continue
        if images.shape[1:] == dataset.raw_shape and labels.ndim == 1:
            rows = min(len(images), len(labels))  # a finding says it if the two differ
            tables[split] = convert.rows(dataset, split, scratch, rows)
    verdicts += against.compare(dataset, tables, others)
    if len(tables) < len(splits):
        if docs:  # the pages of an earlier run are not about these files
            (docs / "index.html").unlink(missing_ok=True)
        return Judgement([*verdicts, NOT_RUN], {}, {})
    judged = judge(dataset, tables, seed, docs, proven, pictures)
    return judged._replace(verdicts=verdicts + judged.verdicts)


def _resolved(given: Mapping[str, Path | str]) -> set[Path]:
    return {place.resolve() for place in given.values() if isinstance(place, Path)}


def _of_greys(name: str, images: inspect.Array | None) -> list[Finding]:
    """A finding for images none of whose pixels counts as ink, if they are not all black."""
    if images is None or (largest := largest_grey(images)) is None:
        return []
    return [Finding(name, "grey range", f"pixels from 0 to 255; {to_255(largest)}", f"pixels from 0 to {largest}")]


def given(dataset: Dataset, place: Path | Form, scratch: Path) -> Given:
    """The raw files at a place: a folder with files of their names, or data in another form, rebuilt in `scratch`.

    Raises UnavailableError if nothing there is known, DataError for damaged data in another form, ConfigError if
    it is not clear which data are meant.
    """
    if isinstance(place, Form):
        return _rebuilt(dataset, place, scratch)
    members = dataset.archive.members if dataset.archive else {}
    found = {file.name: find(place, file.name, members.get(file.name)) for file in dataset.files}
    if not any(found.values()) and (form := forms.find(place, dataset)):
        return _rebuilt(dataset, form, scratch)
    known = {name for file in dataset.files for name in spellings(file.name, members.get(file.name))}
    given = {name: path or near_miss(place, name, known) for name, path in found.items()}
    if not any(found.values()):
        hints = "".join(dict.fromkeys(map(str, given.values())))
        raise UnavailableError(
            f"{place}: expected a folder with {', '.join(given)}, each plain or as .gz, or data as {forms.KNOWN}; "
            f"found none of them{hints}"
        )
    return Given(_hinted(dataset, given))


def _rebuilt(dataset: Dataset, form: Form, scratch: Path) -> Given:
    (folder := scratch / "rebuilt").mkdir()
    rebuilt.rebuild(form, dataset, folder, MOST * sum(file.bytes for file in dataset.files) or None)
    paths = {file.name: folder / file.name for file in dataset.files}
    lacks = f"; there is no such split in these {form.name}"
    files = {name: path if path.is_file() else lacks for name, path in paths.items()}
    return Given(_hinted(dataset, files), form.class_names)


def _hinted(dataset: Dataset, files: dict[str, Path | str]) -> dict[str, Path | str]:
    """The raw files; if all of one split are missing, with a hint at how the other one is checked alone."""
    there = [
        s for s, record in dataset.splits.items() if any(isinstance(files[f.name], Path) for f in record.files)
    ]
    hint = f"; `--split {there[0]}` checks {there[0]} alone" if len(there) == 1 else ""
    return {name: place if isinstance(place, Path) else place + hint for name, place in files.items()}


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
    findings = [
        finding for file in record.files for finding in _provide(file, given[file.name], scratch, False, True)
    ]
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


def _provide(file: RawFile, place: Path | str, scratch: Path, exact: bool, sized: bool) -> list[Finding]:
    """Link the file at `place` into the scratch folder under its own name, unpacked if it is a .gz.

    exact: whether a .gz must be the published one, if only that one's hash is known. sized: whether the record's
    size bounds the file. Without it, and for a new dataset, a .gz is unpacked as far as its own header says.
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
        idx.unpack(place, scratch / file.name, MOST * file.bytes if file.bytes and sized else None)
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
