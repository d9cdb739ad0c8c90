"""One file a command: a function from parsed arguments to an exit code, which prints only through ``tui.output``."""
