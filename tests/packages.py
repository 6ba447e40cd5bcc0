"""A package of somebody else, with a classifier."""

from pathlib import Path

OPEN = """from sklearn.base import BaseEstimator, ClassifierMixin
class Open(ClassifierMixin, BaseEstimator):
    def __init__(self, **given):
        self.given = given
    def fit(self, X, y):
        return self
    def predict(self, X):
        return X[:, 0]
"""


def install(folder: Path, content: str) -> None:
    """Install the package `guild` 1.2 with this content, as pip does."""
    (folder / "guild").mkdir()
    (folder / "guild/__init__.py").write_text(content)
    (folder / "guild-1.2.dist-info").mkdir()
    (folder / "guild-1.2.dist-info/METADATA").write_text("Metadata-Version: 2.1\nName: guild\nVersion: 1.2\n")
    (folder / "guild-1.2.dist-info/top_level.txt").write_text("guild\n")
