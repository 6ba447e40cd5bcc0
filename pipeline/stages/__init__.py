"""One module a DVC stage: parse paths, read params, call one core function, write the outputs."""
