"""What is already on this machine: data sets, checkpoints and reference implementations, found by words, offline."""
