"""Starting, probing, watching and stopping processes."""
