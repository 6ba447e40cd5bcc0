"""Any folder of four IDX files, plain or gzipped, through structure and the gates."""

import tempfile
from pathlib import Path

import msgspec

from pipeline import contract, conversion, idx, quality
from pipeline.datasets import Dataset, Split, SplitRecord
from pipeline.errors import DataError, Finding, UnavailableError
from pipeline.quality import Judgement
from pipeline.quality.meanings import usually
from pipeline.quality.verdicts import Verdict
from pipeline.rows import Rows

NOT_RUN = Verdict(
    "both", "structure.gates", "warning", "files that can be read", "not run", [], False, usually("gates")
)


def check(dataset: Dataset, folder: Path, exact: bool, seed: int, docs: Path | None = None) -> Judgement:
    """Hold the files in a folder to the record; nothing is written but `docs`.

    exact: whether their bytes must be the record's. The gates need both splits: where a file cannot be read, what
    is wrong with it is all there is to say. Raises UnavailableError for a folder with none of the files.
    """
    dataset = msgspec.structs.replace(dataset, provenance=None)
    require_some(dataset, folder)
    with tempfile.TemporaryDirectory() as scratch:
        return _check(dataset, folder, Path(scratch), exact, seed, docs)


def _check(dataset: Dataset, folder: Path, scratch: Path, exact: bool, seed: int, docs: Path | None) -> Judgement:
    verdicts: list[Verdict] = []
    tables: dict[Split, Rows] = {}
    for split, record in dataset.splits.items():
        findings = [finding for file in record.files for finding in _provide(folder / file.name, scratch)]
        unreadable = {finding.where for finding in findings}
        images, labels, wrong = contract.read(dataset, record, scratch, exact)
        findings += [finding for finding in wrong if finding.where not in unreadable]
        verdicts += _structure([file.name for file in record.files], findings)
        if images is not None and labels is not None and images.shape[1:] == dataset.shape and labels.ndim == 1:
            rows = min(len(images), len(labels))  # where they differ, a finding says so
            tables[split] = conversion.rows(dataset, split, scratch, rows)
    if len(tables) < len(dataset.splits):
        if docs:
            quality.require_own(docs)
            (docs / "index.html").unlink(missing_ok=True)  # pages of an earlier run would speak for these files
        return Judgement([*verdicts, NOT_RUN], {})
    judged = quality.judge(dataset, tables, seed, docs)
    return Judgement(verdicts + judged.verdicts, judged.evidence)


def require_some(dataset: Dataset, folder: Path) -> None:
    """Raise UnavailableError for a folder with none of the dataset's files."""
    if not any((folder / name).is_file() for file in dataset.files for name in (file.name, f"{file.name}.gz")):
        names = ", ".join(file.name for file in dataset.files)
        raise UnavailableError(
            f"{folder}: expected a folder with {names}, each plain or as .gz; found none of them"
        )


def arrays(record: SplitRecord, folder: Path, scratch: Path) -> tuple[contract.Array, contract.Array]:
    """A split's images and labels, whatever the record says of them; DataError where there are none."""
    findings = [finding for file in record.files for finding in _provide(folder / file.name, scratch)]
    if findings:
        raise DataError(f"{folder}: {findings[0]}")
    try:
        images, labels = (idx.read(scratch / file.name) for file in record.files)
    except idx.IdxError as error:
        raise idx.IdxError(folder / error.path.name, error.check, error.expected, error.found) from None
    kinds = {str(images.dtype), str(labels.dtype)}
    if kinds != {"uint8"} or images.ndim != 3 or labels.shape != images.shape[:1]:
        found = f"{images.dtype}{list(images.shape)} and {labels.dtype}{list(labels.shape)}"
        raise DataError(f"{folder}: expected images uint8[n, rows, columns] and labels uint8[n], found {found}")
    return images, labels


def _provide(path: Path, scratch: Path) -> list[Finding]:
    """Link the file into the scratch folder, or unpack what stands beside it as .gz."""
    packed = path.with_name(f"{path.name}.gz")
    if path.is_file():
        (scratch / path.name).symlink_to(path.resolve())
    elif packed.is_file():
        try:
            idx.unpack(packed, scratch / path.name)
        except idx.IdxError as error:
            return [Finding(path.name, error.check, error.expected, error.found)]
    else:
        return [Finding(path.name, contract.MISSING, f"a file in {path.parent}, plain or as .gz", "none")]
    return []


def _structure(names: list[str], findings: list[Finding]) -> list[Verdict]:
    """A verdict for each finding, and one for each file of which there is none."""
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
