"""What may be said of a result: a pure function of evidence."""
