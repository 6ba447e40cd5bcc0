"""Any folder of four IDX files, plain or gzipped: the structure of the files, then the gates."""

import tempfile
from pathlib import Path

import msgspec

from pipeline.base.dataset import Dataset, Split, SplitRecord
from pipeline.base.errors import DataError, Finding, UnavailableError
from pipeline.gates import docs_folder
from pipeline.gates.judge import Judgement, judge
from pipeline.gates.meanings import usually
from pipeline.gates.verdicts import Verdict
from pipeline.rows import convert, idx, inspect
from pipeline.rows.blocks import Rows

NOT_RUN = Verdict(
    "both", "structure.gates", "warning", "files that can be read", "not run", [], False, usually("gates")
)


def check(dataset: Dataset, folder: Path, exact: bool, seed: int, docs: Path | None = None) -> Judgement:
    """Hold the files in a folder to the record. Only the folder `docs` is written, if it is given.

    exact: whether the files must have the bytes of the record. The gates need both splits, so they do not run if a
    file cannot be read. Raises UnavailableError for a folder with none of the files, ConfigError if this program
    did not make the folder `docs`.
    """
    dataset = msgspec.structs.replace(dataset, provenance=None)
    require_some(dataset, folder)
    if docs:
        docs_folder.require_own(docs)
    with tempfile.TemporaryDirectory() as scratch:
        return _check(dataset, folder, Path(scratch), exact, seed, docs)


def _check(dataset: Dataset, folder: Path, scratch: Path, exact: bool, seed: int, docs: Path | None) -> Judgement:
    verdicts: list[Verdict] = []
    tables: dict[Split, Rows] = {}
    for split, record in dataset.splits.items():
        findings = [finding for file in record.files for finding in _provide(folder / file.name, scratch)]
        unreadable = {finding.where for finding in findings}
        images, labels, wrong = inspect.read(dataset, record, scratch, exact)
        findings += [finding for finding in wrong if finding.where not in unreadable]
        verdicts += _structure([file.name for file in record.files], findings)
        if images is None or labels is None:
            continue
        if images.shape[1:] == dataset.raw_shape and labels.ndim == 1:
            rows = min(len(images), len(labels))  # a finding says it if the two differ
            tables[split] = convert.rows(dataset, split, scratch, rows)
    if len(tables) < len(dataset.splits):
        if docs:  # the pages of an earlier run are not about these files
            (docs / "index.html").unlink(missing_ok=True)
        return Judgement([*verdicts, NOT_RUN], {})
    judged = judge(dataset, tables, seed, docs)
    return Judgement(verdicts + judged.verdicts, judged.evidence)


def require_some(dataset: Dataset, folder: Path) -> None:
    """Raise UnavailableError for a folder with none of the dataset's files."""
    if not any(is_there(folder / file.name) for file in dataset.files):
        names = ", ".join(file.name for file in dataset.files)
        raise UnavailableError(
            f"{folder}: expected a folder with {names}, each plain or as .gz; found none of them"
        )


def is_there(path: Path) -> bool:
    """Whether there is a file, plain or as .gz."""
    return path.is_file() or path.with_name(f"{path.name}.gz").is_file()


def arrays(record: SplitRecord, folder: Path, scratch: Path) -> tuple[inspect.Array, inspect.Array]:
    """A split's images and labels, whatever the record says of them; DataError where there are none."""
    findings = [finding for file in record.files for finding in _provide(folder / file.name, scratch)]
    if findings:
        raise DataError(f"{folder}: {findings[0]}")
    try:
        images, labels = (idx.read(scratch / file.name) for file in record.files)
    except idx.IdxError as error:
        raise idx.IdxError(folder / error.path.name, error.check, error.expected, error.found) from None
    kinds = {str(images.dtype), str(labels.dtype)}
    if kinds != {"uint8"} or images.ndim not in (3, 4) or labels.shape != images.shape[:1]:
        found = f"{images.dtype}{list(images.shape)} and {labels.dtype}{list(labels.shape)}"
        expected = "images uint8[n, rows, columns] or uint8[n, rows, columns, channels] and labels uint8[n]"
        raise DataError(f"{folder}: expected {expected}, found {found}")
    return images, labels


def _provide(path: Path, scratch: Path) -> list[Finding]:
    """Link the file into the scratch folder, or unpack the .gz beside it. Returns what is wrong with the file."""
    packed = path.with_name(f"{path.name}.gz")
    if path.is_file():
        (scratch / path.name).symlink_to(path.resolve())
    elif packed.is_file():
        try:
            idx.unpack(packed, scratch / path.name)
        except idx.IdxError as error:
            return [Finding(path.name, error.check, error.expected, error.found)]
    else:
        return [Finding(path.name, inspect.MISSING, f"a file in {path.parent}, plain or as .gz", "none")]
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
