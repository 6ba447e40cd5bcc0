"""Only a folder that this program made is built into again; a folder of somebody else stays as it is."""

from pathlib import Path

import pytest
from judged import judged, same
from loopback import contents

from pipeline.base.errors import ConfigError
from pipeline.gates import docs_folder


def test_a_site_of_somebody_else_is_refused_and_stays_untouched(tmp_path: Path) -> None:
    site = tmp_path / "site"
    for name in ("index.html", "static/style.css", "validations/mine.html"):
        (site / name).parent.mkdir(parents=True, exist_ok=True)
        (site / name).write_text(f"my {name}")
    before = contents(site)
    with pytest.raises(ConfigError, match=f"^{site}: expected a new folder, .*; found index.html, static, valid"):
        judged(same, docs=site)
    with pytest.raises(ConfigError):
        docs_folder.claim(site)
    assert contents(site) == before


def test_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    with pytest.raises(ConfigError, match="found a file; name another folder"):
        docs_folder.require_own(tmp_path / "file")


def test_the_folder_of_an_earlier_run_is_built_into_again(tmp_path: Path) -> None:
    for folder in (tmp_path / "new/one", tmp_path / "empty"):
        for _ in range(2):
            judged(same, docs=folder)
        names = {path.name for path in folder.iterdir()}
        assert names == {docs_folder.MARKER, "index.html", "validations"}
