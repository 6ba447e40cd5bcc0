"""The gates: what is expected of the data, and what is wrong with it. Only they import Great Expectations."""
