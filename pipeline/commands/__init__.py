"""The commands that are no DVC stages. Each is one thin module.

A module has `add_arguments(parser)` and `run(args, out)`. When the command has succeeded, `pipeline/__main__.py`
publishes everything that was written through `out`.
"""
