"""Great Expectations without the libraries that it imports for expectations which no suite here has.

They take a third of the time of its import, and half of its memory.
"""

import sys
from importlib import import_module
from importlib.util import find_spec
from types import ModuleType
from typing import Any

# scipy.stats: for tests of distributions; altair: for their pictures; boto3: for stores in S3.
UNUSED = ("scipy.stats", "altair", "boto3")


class Later(ModuleType):
    """A module that is imported when something in it is used for the first time."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") and name != "__path__":  # inspect asks all modules for __file__
            raise AttributeError(name)
        if sys.modules.get(self.__name__) is self:
            del sys.modules[self.__name__]
        module = import_module(self.__name__)
        vars(self).update(vars(module))
        return getattr(module, name)


def leave_out() -> None:
    """Leave them out if nothing has imported them yet. To be called before the import of Great Expectations."""
    for name in UNUSED:
        if name not in sys.modules and find_spec(name):
            sys.modules[name] = Later(name)
