"""Stories of results with a known truth, told as stores and files; what the verdict on each has to be."""
