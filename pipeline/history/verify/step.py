"""Whether each dvc.lock is in step with its dvc.yaml, code, params, metrics and the other dvc.lock files.

DVC itself says which stages there are, of any form, and what has changed.
"""

import contextlib
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import Any, NamedTuple

from pipeline.base.errors import ConfigError, UnavailableError, listed
from pipeline.base.structs import read_yaml
from pipeline.history import lock
from pipeline.history.lock import Lock

ROOT = "dvc.yaml"
ABSENT = {"deleted", "not in cache"}  # a fresh clone has no data, and that is no fault of the lock
DEPS = "changed deps"


class Declared(NamedTuple):
    """A stage as DVC understands it: its outputs, and whether it is frozen."""

    outs: Sequence[str] = ()
    frozen: bool = False


class Project(NamedTuple):
    """What DVC says of a project.

    files: the stages of each dvc.yaml by name, by its path. cached: the outputs that DVC keeps and git does not,
    also those of .dvc files. status: as `dvc status --json` prints it.
    """

    files: Mapping[str, Mapping[str, Declared]]
    cached: Collection[str]
    status: Mapping[str, list[Any]]


class Judgement(NamedTuple):
    """findings: what is wrong with the dvc.lock files. apart: those that were made of other inputs, in words."""

    findings: list[str]
    apart: list[str]


def judged(project: Project, locks: Mapping[str, Lock]) -> Judgement:
    """The judgement on each dvc.lock; data may be absent. locks: by the path of their dvc.yaml.

    A dvc.yaml in a folder, such as the leaderboard's, is judged apart: that it was made of other data or params
    than the project's own dvc.yaml has now is no finding. If a stage writes a folder, its record has no hash of a
    single file in the folder. Without the data, the stages that depend on such a file are only compared with each
    other.
    """
    found, apart = [], []
    changes = list(_changes(project))
    given = {out for stage in project.files.get(ROOT, {}).values() for out in stage.outs}
    for file, declared in project.files.items():
        prefix, stages = ("" if file == ROOT else f"{file}:"), locks[file].stages
        found += [f"{prefix}{name}: not in dvc.lock" for name in declared if name not in stages]
        found += [f"{prefix}{name}: not in dvc.yaml" for name in stages if name not in declared]
        frozen = "frozen, so DVC does not look at its dependencies"
        found += [f"{prefix}{name}: {frozen}" for name, stage in declared.items() if stage.frozen]
        found += [f"{prefix}{contradiction}" for contradiction in _contradictions(locks[file])]
        own = [change for change in changes if change.file == file]
        other = [change for change in own if prefix and change.kind == DEPS and _is_given(change.path, given)]
        found += [str(change) for change in own if change not in other]
        if other:
            made = listed(dict.fromkeys(change.path for change in other))
            apart.append(f"{file}: made of another {made}; `dvc repro {file}` makes it anew")
    return Judgement(found + [str(change) for change in changes if change.file not in project.files], apart)


class Change(NamedTuple):
    """A change that DVC found. file: the dvc.yaml or .dvc file; a changed command has no path."""

    file: str
    stage: str
    kind: str
    path: str
    how: str

    def __str__(self) -> str:
        return f"{self.stage}: {self.kind}{f': {self.path} ({self.how})' if self.path else ''}"


def _is_given(path: str, outs: set[str]) -> bool:
    """Whether a dependency is a parameter of the project, or data of its own stages."""
    return path.startswith("params.yaml.") or lock.within(path, outs)


def _contradictions(recorded: Lock) -> Iterator[str]:
    """Each file for which the stages of a dvc.lock have different hashes."""
    first: dict[str, str] = {}
    for name, stage in recorded.stages.items():
        for path, digest in ((entry.path, entry.digest) for entry in stage.deps):
            if digest != recorded.outs.get(path, digest):
                yield f"{name}: {path}: another hash than that of the stage that writes it"
            elif digest != first.setdefault(path, digest):
                yield f"{name}: {path}: another hash than an earlier stage has"


def _changes(project: Project) -> Iterator[Change]:
    """The changes that DVC finds, except absent data and the folders that lack them."""
    found = list(_facts(project.status))
    absent = {change.path for change in found if change.how in ABSENT and lock.within(change.path, project.cached)}
    holding = {str(folder) for path in absent for folder in PurePosixPath(path).parents}
    for change in found:
        if change.path not in absent | holding:
            yield change


def _facts(status: Mapping[str, list[Any]]) -> Iterator[Change]:
    for stage, changes in status.items():
        file = stage.partition(":")[0] if ":" in stage else stage if stage.endswith(".dvc") else ROOT
        for change in changes:
            for kind, items in (change if isinstance(change, dict) else {change: {}}).items():
                for path, how in lock.flat(items or {"": ""}).items():
                    yield Change(file, stage, kind, path, how)


def findings(project: Path) -> Judgement:
    """The judgement on every dvc.lock of a project. Nothing is written, and the data may be absent."""
    with contextlib.chdir(project):
        found = _from_dvc()
        return judged(found, {file: _read(Path(file), stages) for file, stages in found.files.items()})


def _from_dvc() -> Project:
    """The project in the current folder."""
    import logging

    from dvc.exceptions import DvcException, NotDvcRepoError
    from dvc.lock import LockError
    from dvc.repo import Repo

    logging.getLogger("dvc").setLevel(logging.ERROR)  # its warnings are findings here
    files: dict[str, dict[str, Declared]] = {ROOT: {}}
    try:
        with Repo() as repo:
            for stage in repo.index.stages:
                if name := getattr(stage, "name", None):  # a .dvc file is a stage without a name
                    declared = Declared([str(out) for out in stage.outs], stage.frozen)
                    files.setdefault(stage.path_in_repo, {})[name] = declared
            cached = {str(out) for out in repo.index.outs if out.use_cache}
            return Project(files, cached, repo.status(check_updates=False))
    except LockError:
        raise UnavailableError("dvc status: another DVC is at work in this project; run it again later") from None
    except NotDvcRepoError as error:
        raise UnavailableError(f"dvc status: {' '.join(str(error).split())}") from None
    except DvcException as error:
        for path in [Path(ROOT), *Path().glob("*/dvc.yaml")]:  # these say more
            read_yaml(path)
            _read(path, {})
            if (params := path.with_name("params.yaml")).is_file():
                read_yaml(params)
        raise ConfigError(f"dvc status: {' '.join(str(error).split())}") from None


def _read(yaml: Path, stages: Mapping[str, Declared]) -> Lock:
    """The content of the dvc.lock beside a dvc.yaml. A project without stages needs none."""
    path = yaml.with_suffix(".lock")
    try:
        return lock.parse(path.read_bytes(), path.as_posix())
    except FileNotFoundError:
        if not stages:
            return Lock({})
        raise UnavailableError(f"{path.as_posix()}: not found; run `dvc repro` and commit it") from None
