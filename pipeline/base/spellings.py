"""The names under which a raw file is known, and the file of a folder that bears one of them."""

import difflib
from collections.abc import Collection
from pathlib import Path, PurePosixPath

from pipeline.base.errors import ConfigError, listed


def spellings(name: str, published: str | None = None) -> list[str]:
    """The known names of the raw file `name`, its own first, each plain and then as .gz.

    published: the place of the file in the archive that it is published in. The variants are those that people
    have: `train-images.idx3-ubyte` for `train-images-idx3-ubyte`, and `test-` for `t10k-`.
    """
    stems = [name]
    if published:
        stems.append(PurePosixPath(published).name.removesuffix(".gz"))
    stems += [stem.replace("-idx", ".idx") for stem in stems]
    stems += [f"test-{stem.removeprefix('t10k-')}" for stem in stems if stem.startswith("t10k-")]
    return [f"{stem}{ending}" for stem in dict.fromkeys(stems) for ending in ("", ".gz")]


def find(folder: Path, name: str, published: str | None = None) -> Path | None:
    """The file in `folder` that is the raw file `name`; None if there is none.

    It may lie in a folder that has its name, as some archives unpack. If a file is there plain and as .gz, the
    plain one is taken. Raises ConfigError if two names fit.
    """
    known = spellings(name, published)
    places = [folder / one for one in known] + [folder / one / inner for one in known for inner in known]
    found = [path for path in places if path.is_file()]
    apart = {path.with_name(path.name.removesuffix(".gz")): path for path in reversed(found)}
    if len(apart) > 1:
        names = listed(sorted(path.relative_to(folder).as_posix() for path in apart.values()))
        raise ConfigError(f"{folder}: expected one file for {name}, found {names}; move all but one elsewhere")
    return next(iter(apart.values()), None)


def near_miss(folder: Path, name: str, others: Collection[str]) -> str:
    """A hint at a file of `folder` whose name is nearly that of a raw file; empty if there is none.

    others: the known names of all raw files; they are no near misses.
    """
    names = [path.name for path in folder.iterdir() if path.name not in others] if folder.is_dir() else []
    close = difflib.get_close_matches(name, names, 1, 0.75)
    return f"; {close[0]} has nearly that name" if close else ""
