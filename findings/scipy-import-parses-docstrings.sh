#!/usr/bin/env bash
# SciPy 1.17.1: the import of scipy.ndimage parses the docstring of each of its functions, and writes it anew.
#
# Versions: scipy 1.17.1, numpy 2.4.6, Python 3.11.
# Expected: an import of a module of image filters costs the load of its libraries. Docstrings are text that nobody
# has asked for yet.
# Instead: a decorator adds a note on array libraries to every public function. For that it parses the function's
# docstring with SciPy's copy of numpydoc, when the module is imported, in each process.
# Seen (two busy cores; the number of docstrings, seconds in them, seconds of the whole import):
#   scipy.ndimage     169 0.22 0.53
# Why it matters: a command line tool that blurs one image waits longer for documentation than for the filter. A
# pipeline of ten processes pays ten times. An import inside the function that needs it is worth the line.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/pip install --quiet scipy==1.17.1 numpy==2.4.6
cat > count.py <<'END'
import importlib
import sys
import time

import scipy._lib._docscrape as docscrape

parsed, seconds = 0, 0.0
original = docscrape.FunctionDoc.__init__


def counted(self, *args, **kwargs):
    global parsed, seconds
    start = time.perf_counter()
    original(self, *args, **kwargs)
    parsed, seconds = parsed + 1, seconds + time.perf_counter() - start


docscrape.FunctionDoc.__init__ = counted
start = time.perf_counter()
importlib.import_module(sys.argv[1])
whole = time.perf_counter() - start
print(f"{sys.argv[1]:<16} {parsed:4} {seconds:.2f} {whole:.2f}")
assert parsed > 50 and seconds > 0.15 * whole
END
venv/bin/python -c "import scipy.ndimage"  # the first import also compiles
venv/bin/python count.py scipy.ndimage
