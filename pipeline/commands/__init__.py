"""One module a command that is no DVC stage."""
