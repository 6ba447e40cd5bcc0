"""dvc.lock: what is read from the project's own file, and what is refused."""

import pytest
import yaml
from conftest import ROOT

from pipeline.base.errors import ConfigError
from pipeline.history import lock

OWN = (ROOT / lock.PATH).read_bytes()
CONFLICT = b"""<<<<<<< HEAD
schema: '2.0'
=======
schema: '1.0'
>>>>>>> other
"""


def test_the_lock_holds_every_output_source_and_parameter() -> None:
    stages = yaml.safe_load((ROOT / "dvc.yaml").read_text())["stages"]
    found = lock.parse(OWN, lock.PATH)
    assert found.stages.keys() == stages.keys()
    written = {next(iter(out)) for stage in stages.values() for out in stage["outs"] + stage.get("metrics", [])}
    assert found.outs.keys() == written
    assert {"pipeline/rows", "requirements/run.txt"} < found.sources.keys()
    assert not [path for path in found.sources if lock.within(path, written)]
    assert "metrics" in {dep.path for dep in found.stages["card"].deps}
    assert "metrics" not in found.sources, "a folder of outputs"
    params = yaml.safe_load((ROOT / "params.yaml").read_text())
    assert found.params == lock.flat(params)
    assert found.params["train.validation.rows"] == params["train"]["validation"]["rows"]


def test_each_path_has_its_own_md5() -> None:
    table = "pipeline/rows/parquet.py"
    stage = {
        "cmd": "convert",
        "deps": [{"path": table, "md5": "a" * 32, "size": 1}, {"path": "data/raw", "md5": f"{'b' * 32}.dir"}],
        "outs": [{"path": "data/parquet", "md5": f"{'c' * 32}.dir"}],
    }
    last = {"cmd": "train", "deps": [{"path": "data/parquet/train.parquet", "md5": "d" * 32}]}
    first = {"cmd": "download", "outs": [{"path": "data/raw", "md5": f"{'b' * 32}.dir"}]}
    stages = {"download": first, "convert": stage, "train": last}
    found = lock.parse(yaml.safe_dump({"stages": stages}).encode(), "a lock")
    assert found.sources == {table: "a" * 32}
    assert found.outs == {"data/raw": f"{'b' * 32}.dir", "data/parquet": f"{'c' * 32}.dir"}


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "Expected `object`, got `null`"),
        (b"[]", "Expected `object`, got `array`"),
        (b"schema: '2.0'\n", "missing required field `stages`"),
        (b"stages: {train: {cmd: x, outs: [{md5: a}]}}\n", "missing required field `path`"),
        (b"stages: {train: {cmd: x, params: {params.yaml: 3}}}\n", "Expected `object`, got `int`"),
        (b"stages: {}\nstages: {}\n", "expected YAML"),
        (CONFLICT + OWN, "expected YAML"),
        (OWN[: OWN.rindex(b"md5:") + 2], "expected YAML"),
        (b"\xff\xfe\x00", "expected YAML"),
        (b"a: " + b"[" * 400, "expected YAML"),
    ],
)
def test_what_is_no_lock_is_said_in_one_line_that_names_it(content: bytes, reason: str) -> None:
    with pytest.raises(ConfigError) as failure:
        lock.parse(content, "main: dvc.lock")
    assert str(failure.value).startswith("main: dvc.lock: ")
    assert reason in str(failure.value)
    assert "\n" not in str(failure.value)


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("data/parquet", True),
        ("data/parquet/train.parquet", True),
        ("data/parquet/a/b", True),
        ("data/parquets", False),
        ("data", False),
        ("data/model/README.md", False),
    ],
)
def test_what_lies_in_an_output_is_part_of_it(path: str, expected: bool) -> None:
    assert lock.within(path, {"data/parquet", "data/model/model.skops"}) is expected


def test_nested_values_have_dotted_names_and_an_empty_one_stays() -> None:
    nested = {"a": {"b": {"c": 1}, "d": [1, 2]}, "e": {}, "f": {"g": {}}}
    assert lock.flat(nested) == {"a.b.c": 1, "a.d": [1, 2], "e": {}, "f.g": {}}


def test_after_a_run_that_stopped_the_stages_that_ran_say_what_it_ran_with() -> None:
    stages = {
        name: {"cmd": name, "deps": [{"path": "code.py", "md5": md5}], "params": {"params.yaml": {"dataset": md5}}}
        for name, md5 in (("convert", "new"), ("gate", "old"))
    }
    found = lock.parse(yaml.safe_dump({"stages": stages}, sort_keys=False).encode(), "a lock")
    assert (found.sources, found.params) == ({"code.py": "new"}, {"dataset": "new"})
