"""What to run next, at what cost, and whether to believe the result: decisions on records; starts no process."""
