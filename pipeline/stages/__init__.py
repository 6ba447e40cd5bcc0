"""The DVC stages. Each is one thin module that reads params, calls the core, and writes the outputs.

A module has `add_arguments(parser)` and `run(args, out)`. When the stage has succeeded, `pipeline/__main__.py`
publishes everything that was written through `out`: all of it, or nothing.
"""
