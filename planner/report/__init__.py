"""A report: a tree of blocks whose every number is a reference to the store."""
