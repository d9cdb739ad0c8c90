"""Diagnosis: what went wrong, how sure that is, what shows it, and the cheapest test that would tell more."""
