"""The names under which a raw file is known, and the file of a folder that bears one of them."""

import difflib
from collections.abc import Collection, Iterable, Sequence
from pathlib import Path, PurePosixPath

from pipeline.base.errors import ConfigError, listed

ENDINGS = ("", ".gz")


def spellings(name: str, published: str | None = None, endings: Sequence[str] = ENDINGS) -> list[str]:
    """The known names of the raw file `name`: the published one first, then its own; each plain and then as .gz.

    published: the place of the file in the archive that it is published in. endings: another order. The variants
    are those that people have: `train-images.idx3-ubyte` for `train-images-idx3-ubyte`, and `test-` for `t10k-`.
    """
    stems = [PurePosixPath(published).name.removesuffix(".gz"), name] if published else [name]
    stems += [stem.replace("-idx", ".idx") for stem in stems]
    stems += [f"test-{stem.removeprefix('t10k-')}" for stem in stems if stem.startswith("t10k-")]
    return [f"{stem}{ending}" for stem in dict.fromkeys(stems) for ending in endings]


def places(
    name: str, published: str | None = None, endings: Sequence[str] = ENDINGS, inside: bool = True
) -> list[str]:
    """The places in a folder at which the raw file `name` may be: see `spellings`.

    It may also lie where the published archive has it. inside: or in a folder that has its name, as some archives
    unpack.
    """
    known = spellings(name, published, endings)
    deeper = [f"{one}/{inner}" for one in known for inner in known] if inside else []
    return [*known, *([published] if published else []), *deeper]


def find(folder: Path, name: str, published: str | None = None) -> Path | None:
    """The file in `folder` that is the raw file `name`; None if there is none.

    If a file is there plain and as .gz, the plain one is taken. Raises ConfigError if two names fit.
    """
    found = [path for place in places(name, published) if (path := folder / place).is_file()]
    apart = {path.with_name(path.name.removesuffix(".gz")): path for path in reversed(found)}
    if len(apart) > 1:
        names = listed(sorted(path.relative_to(folder).as_posix() for path in apart.values()))
        raise ConfigError(f"{folder}: expected one file for {name}, found {names}; move all but one elsewhere")
    return next(iter(apart.values()), None)


def near_miss(found: Path | Iterable[str], name: str, others: Collection[str]) -> str:
    """A hint at a file whose name is nearly that of a raw file; empty if there is none.

    found: a folder, or the names of files. others: the known names of all raw files; they are no near misses.
    """
    if isinstance(found, Path):
        found = [path.name for path in found.iterdir()] if found.is_dir() else []
    close = difflib.get_close_matches(name, [one for one in found if one not in others], 1, 0.75)
    return f"; {close[0]} has nearly that name" if close else ""
