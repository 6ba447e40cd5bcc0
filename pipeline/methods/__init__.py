"""The methods that params.yaml can name: a module for each method.

The first line of a module's docstring describes the method. Its function `estimator` takes the arguments of the
method, each with a default, and returns an unfitted scikit-learn classifier of uint8[n, values]. The annotated
type says what an argument may be; that is checked before any data are read. If a module needs packages of an
optional extra, `REQUIRES` names them.
"""

from typing import Annotated

import msgspec

Positive = Annotated[float, msgspec.Meta(gt=0, le=1e9)]
Count = Annotated[int, msgspec.Meta(ge=1)]
