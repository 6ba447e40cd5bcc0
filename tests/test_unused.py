"""Great Expectations does without three libraries, and each of them is there for whoever needs it."""

import subprocess
import sys

import pytest

from pipeline.gates.unused import UNUSED

VALIDATED = """
import sys
from pipeline.gates import unused
unused.leave_out()
from pipeline.gates import validation
print([name for name in sys.modules if name.startswith(("scipy.stats.", "altair.", "boto3."))])
"""
USED = {
    "scipy.stats": "from scipy import stats; print(stats.norm.cdf(0)); import scipy.stats; print(stats.norm.name)",
    "altair": "import altair; print(altair.Chart, altair.__version__)",
    "boto3": "import boto3.session; print(boto3.session.Session, boto3.client.__name__)",
}


def python(code: str) -> str:
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_validation_imports_none_of_them() -> None:
    assert python(VALIDATED) == "[]\n"


@pytest.mark.parametrize("name", UNUSED)
def test_each_is_imported_when_it_is_used(name: str) -> None:
    assert python(USED[name]) == python(f"from pipeline.gates import unused; unused.leave_out(); {USED[name]}")


def test_a_part_of_one_can_be_imported() -> None:
    part = "import scipy.stats.distributions as d; print(d.norm.cdf(0))"
    assert python(f"from pipeline.gates import unused; unused.leave_out(); {part}") == "0.5\n"
