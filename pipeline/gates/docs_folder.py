"""The folder of the report. A new report replaces what is there, so only a folder of this program will do."""

from pathlib import Path

from pipeline.base.errors import ConfigError, listed

MARKER = ".data-docs"


def require_own(folder: Path) -> None:
    """Raise ConfigError for a file, and for a folder that holds anything but lacks this program's marker."""
    expected = "a new folder, an empty one, or one that an earlier run made"
    if folder.exists() and not folder.is_dir():
        raise ConfigError(f"{folder}: expected {expected}; found a file; name another folder")
    found = sorted(path.name for path in folder.iterdir()) if folder.is_dir() else []
    if found and MARKER not in found:
        raise ConfigError(
            f"{folder}: expected {expected}; found {listed(found)}; name another folder, or empty it"
        )


def claim(folder: Path) -> None:
    """Make the folder and put the marker into it. Raises ConfigError as `require_own`."""
    require_own(folder)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / MARKER).touch()
