"""The methods that params.yaml can name: one module a method.

A method's module has a docstring whose first line describes it, and a function `estimator` that takes the
method's arguments, each with a default, and returns an unfitted scikit-learn classifier of uint8[n, pixels].
Annotated types say what an argument may be: it is checked before any data is read. A module that needs packages of
an optional extra names them in `REQUIRES`.
"""

from typing import Annotated

import msgspec

Positive = Annotated[float, msgspec.Meta(gt=0, le=1e9)]
Count = Annotated[int, msgspec.Meta(ge=1)]
