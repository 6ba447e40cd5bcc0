"""Models in files without pickle: the same bytes for the same model, the same predictions after loading."""

import importlib
import inspect
import io
import json
import os
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import scipy.sparse
import skops.io
from conftest import ROOT, tiny_arrays
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from pipeline.base.errors import ConfigError, DataError, UnavailableError
from pipeline.base.params import Validation
from pipeline.models import registry, store

GUILD = """from subprocess import Popen
import os
from sklearn.dummy import DummyClassifier
class Own(DummyClassifier):
    pass
"""
HERE = [name for name in registry.names() if not registry.missing(name)]


def fitted(name: str) -> Any:
    images, labels = tiny_arrays(90, 0)
    arguments = (
        {"components": 10} if "components" in inspect.signature(registry.load(name).estimator).parameters else {}
    )
    return registry.build(name, arguments).fit(images.reshape(90, -1), labels)


@pytest.mark.parametrize("name", HERE)
def test_a_loaded_model_predicts_the_same(name: str, tmp_path: Path) -> None:
    estimator, (images, _) = fitted(name), tiny_arrays(60, 1)
    (tmp_path / "model.skops").write_bytes(store.dumps(estimator))
    again = store.load(tmp_path / "model.skops", (28, 28), range(3))
    X = images.reshape(60, -1)
    np.testing.assert_array_equal(again.predict(X), estimator.predict(X))


@pytest.mark.slow
def test_the_same_model_is_the_same_bytes_in_another_process_on_another_number_of_cores(tmp_path: Path) -> None:
    code = (
        f"import os, sys; sys.path.insert(0, {str(ROOT / 'tests')!r})\n"
        "os.environ['PIPELINE_THREADS'] = sys.argv[2]\n"
        "from pathlib import Path; from threadpoolctl import threadpool_limits\n"
        "from pipeline.models import store\n"
        "from test_store import HERE, fitted\n"
        "with threadpool_limits(1):\n"
        "    for name in HERE: Path(sys.argv[1], name).write_bytes(store.dumps(fitted(name)))"
    )
    for cores in ("1", "3"):
        (tmp_path / cores).mkdir()
        subprocess.run([sys.executable, "-c", code, str(tmp_path / cores), cores], cwd=ROOT, check=True)
    for name in HERE:
        assert (tmp_path / "1" / name).read_bytes() == (tmp_path / "3" / name).read_bytes(), name


def test_arrays_that_are_one_object_stay_one(tmp_path: Path) -> None:
    estimator = fitted("gradient_svm")
    shared = estimator[-1].support_vectors_
    estimator[-1].again_ = shared
    (tmp_path / "model.skops").write_bytes(store.dumps(estimator))
    last = store.load(tmp_path / "model.skops", (28, 28), range(3))[-1]
    assert last.again_ is last.support_vectors_
    np.testing.assert_array_equal(last.again_, shared)


def test_sparse_matrices_and_bytes_are_kept_too() -> None:
    content = {"sparse": scipy.sparse.csr_matrix(np.eye(5)), "bytes": b"abc"}
    one, two = (store.stable(skops.io.dumps(content)) for _ in range(2))
    assert one == two
    again = skops.io.loads(one, trusted=["scipy.sparse._csr.csr_matrix"])
    assert (again["sparse"].trace(), again["bytes"]) == (5, b"abc")


def test_a_class_that_is_not_trusted_is_refused_unloaded(tmp_path: Path) -> None:
    estimator = make_pipeline(fitted("logistic_regression"))
    estimator.extra = Validation
    skops.io.dump(estimator, tmp_path / "model.skops")
    with pytest.raises(
        DataError, match=r"expected a model of this project, found pipeline\.base\.params\.Validation"
    ):
        store.load(tmp_path / "model.skops", (28, 28), range(3))


def saved(path: Path, **state: Any) -> None:
    """Write the file of a model with this node as one more attribute; the rest is as skops wrote it."""
    estimator = make_pipeline(fitted("logistic_regression"))
    estimator.extra = Validation
    with zipfile.ZipFile(io.BytesIO(skops.io.dumps(estimator))) as old, zipfile.ZipFile(path, "w") as new:
        for name in set(old.namelist()) - {"schema.json"}:
            new.writestr(name, old.read(name))
        schema = json.loads(old.read("schema.json"))
        schema["content"]["content"]["extra"] = state
        new.writestr("schema.json", json.dumps(schema))


def json_node(value: object) -> dict[str, Any]:
    return {"__class__": "str", "__module__": "builtins", "__loader__": "JsonNode", "content": json.dumps(value)}


def call(module: str, kind: str, argument: object) -> dict[str, Any]:
    """A node that skops makes by a call of the class, if it trusts the class."""
    content = {
        "__class__": "list",
        "__module__": "builtins",
        "__loader__": "ListNode",
        "content": [json_node(argument)],
    }
    return {"__class__": kind, "__module__": module, "__loader__": "ConstructorFromReduceNode", "content": content}


@pytest.fixture
def guild(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An installed package of classifiers that is not yet imported; the import of `guild.late` leaves a file."""
    folder = tmp_path / "site/guild"
    folder.mkdir(parents=True)
    (folder / "__init__.py").write_text(GUILD)
    (folder / "late.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w')\nclass Late: pass")
    monkeypatch.syspath_prepend(tmp_path / "site")
    yield tmp_path
    for name in [name for name in sys.modules if name.partition(".")[0] == "guild"]:
        del sys.modules[name]


@pytest.mark.parametrize("package", [None, "guild"])
@pytest.mark.parametrize(
    ("module", "kind"),
    [
        ("builtins", "eval"),
        ("os", "system"),
        ("subprocess", "Popen"),
        ("guild", "Popen"),
        ("guild", "os.system"),
        ("guild.late", "Late"),
        ("guild.nowhere", "Class"),
        ("guilder", "Class"),
        ("None.x", "Class"),
        ("pipeline.base.params", "Validation"),
        ("pipeline.estimators.nowhere", "Class"),
        ("pipeline.estimators.svm.inner", "Class"),
        ("pipeline.estimators.svm", "sparse_dot"),
    ],
)
def test_nothing_that_a_file_names_is_run_or_imported(
    guild: Path, package: str | None, module: str, kind: str
) -> None:
    importlib.import_module("guild")
    ran = guild / "ran"
    code = (
        f"open({str(ran)!r}, 'w')"
        if kind == "eval"
        else ["touch", str(ran)]
        if kind == "Popen"
        else f"touch {ran}"
    )
    saved(guild / "model.skops", **call(module, kind, code))
    with pytest.raises(DataError, match=r"model\.skops: expected a (skops file|model of this project), found"):
        store.load(guild / "model.skops", (28, 28), range(3), package)
    assert not ran.exists()
    assert "guild.late" not in sys.modules


def test_a_class_of_the_package_that_was_imported_is_loaded(guild: Path) -> None:
    images, labels = tiny_arrays(90, 0)
    X = images.reshape(90, -1)
    (guild / "model.skops").write_bytes(store.dumps(registry.build("guild:Own", {}).fit(X, labels)))
    expected = store.load(guild / "model.skops", (28, 28), range(3), "guild").predict(X)
    assert (expected == labels[0]).all()
    for package in (None, "guil", "sklearn"):
        with pytest.raises(DataError, match=r"expected a model of this project, found guild\.Own"):
            store.load(guild / "model.skops", (28, 28), range(3), package)
    del sys.modules["guild"]
    with pytest.raises(DataError, match=r"expected a model of this project, found guild\.Own"):
        store.load(guild / "model.skops", (28, 28), range(3), "guild")
    assert registry.trusted("guild:Own") == "guild"
    np.testing.assert_array_equal(
        store.load(guild / "model.skops", (28, 28), range(3), "guild").predict(X), expected
    )


def test_a_schema_without_end_is_no_model(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "model.skops", "w") as archive:
        archive.writestr("schema.json", '{"a":' * 100_000 + "1" + "}" * 100_000)
    with pytest.raises(DataError, match="expected a skops file"):
        store.load(tmp_path / "model.skops", (28, 28), range(3))


def test_a_class_in_place_of_the_labels_is_no_model(tmp_path: Path) -> None:
    estimator = LogisticRegression()
    estimator.classes_ = int
    skops.io.dump(estimator, tmp_path / "model.skops")
    with pytest.raises(DataError, match="expected a skops file, found: 'type' object is not iterable"):
        store.load(tmp_path / "model.skops", (28, 28), range(3))


def test_a_byte_that_is_another_is_found_or_changes_no_prediction() -> None:
    estimator, (images, _) = fitted("logistic_regression"), tiny_arrays(60, 1)
    content, X = store.dumps(estimator), images.reshape(60, -1)
    random, refused = np.random.default_rng(0), 0
    tail = content.rindex(b"schema.json") - 60 * 20  # the archive's directory, which no checksum covers
    for place in [*random.integers(0, len(content), 60), *random.integers(tail, len(content), 200)]:
        flipped = bytearray(content)
        flipped[place] ^= 1 << random.integers(8)
        try:
            again = store.loads(bytes(flipped), "it", (28, 28), range(3))
        except DataError:
            refused += 1
        else:
            np.testing.assert_array_equal(again.predict(X), estimator.predict(X))
    assert refused > 100


@pytest.mark.parametrize("content", [b"", b"not a zip", b"PK\x03\x04 cut"])
def test_a_file_that_is_no_model_is_named(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "model.skops").write_bytes(content)
    with pytest.raises(DataError, match=r"model\.skops: expected a skops file"):
        store.load(tmp_path / "model.skops", (28, 28), range(3))


def test_a_zip_without_a_schema_is_named(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "model.skops", "w") as archive:
        archive.writestr("other", "")
    with pytest.raises(DataError, match="expected a skops file"):
        store.load(tmp_path / "model.skops", (28, 28), range(3))


def test_a_classifier_of_something_else_is_refused(tmp_path: Path) -> None:
    (tmp_path / "model.skops").write_bytes(store.dumps(fitted("logistic_regression")))
    with pytest.raises(DataError, match="of 784 pixels into 10 classes, found Pipeline of 3 classes"):
        store.load(tmp_path / "model.skops", (28, 28), range(1, 11))
    skops.io.dump({"a": 1}, tmp_path / "model.skops")
    with pytest.raises(DataError, match="found dict of 0 classes"):
        store.load(tmp_path / "model.skops", (28, 28), range(10))


def test_a_missing_model_says_how_to_get_one(tmp_path: Path) -> None:
    with pytest.raises(UnavailableError, match=r"model\.skops: not found; run `dvc repro`"):
        store.load(tmp_path / "model.skops", (28, 28), range(3))


@pytest.mark.parametrize(
    "name",
    [
        "sklearn.ensemble:RandomForestClassifier",
        "sklearn.ensemble:ExtraTreesClassifier",
        "sklearn.ensemble:HistGradientBoostingClassifier",
        "sklearn.neural_network:MLPClassifier",
        "sklearn.gaussian_process:GaussianProcessClassifier",
    ],
)
def test_scikit_learn_s_own_inner_types_are_trusted_in_a_method_of_one_s_own(name: str) -> None:
    images, labels = tiny_arrays(60, 0)
    model = registry.build(name, {}).fit(images.reshape(60, -1), labels)
    found = store.loads(store.dumps(model), "the model", (28, 28), range(3))  # no package is named
    np.testing.assert_array_equal(found.predict(images.reshape(60, -1)), model.predict(images.reshape(60, -1)))


def test_the_labels_of_a_model_may_have_gaps() -> None:
    images, labels = tiny_arrays(60, 0)
    model = registry.build("logistic_regression", {}).fit(images.reshape(60, -1), labels * 2)
    found = store.loads(store.dumps(model), "the model", (28, 28), range(10))
    assert found.classes_.tolist() == [0, 2, 4]


class Stubborn(LogisticRegression):  # type: ignore[misc]
    """Once fitted it holds what cannot be saved."""

    def fit(self, X: Any, y: Any) -> Any:
        self.handle_ = open(os.devnull)  # noqa: SIM115, PTH123
        return super().fit(X, y)


class Impatient(LogisticRegression):  # type: ignore[misc]
    """It cannot be fitted on a few rows."""

    def fit(self, X: Any, y: Any) -> Any:
        raise RuntimeError("too few rows")


def test_a_method_whose_fitted_model_cannot_be_saved_is_refused_before_the_long_fit() -> None:
    with pytest.raises(ConfigError, match=r"train\.method: stubborn: cannot be saved: "):
        store.require_savable(Stubborn(), "stubborn")


def test_a_method_whose_model_would_be_refused_is_refused_before_the_long_fit() -> None:
    with pytest.raises(ConfigError, match=r"a model of it holds types that are not trusted: .*Untrusted"):
        store.require_savable(Untrusted(), "untrusted")


def test_a_method_that_needs_more_rows_is_judged_unfitted() -> None:
    with pytest.raises(ConfigError, match=r"not trusted: .*Impatient"):
        store.require_savable(Impatient(), "impatient")


class Untrusted(LogisticRegression):  # type: ignore[misc]
    """A class of neither scikit-learn nor the project."""
