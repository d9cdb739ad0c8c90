"""A first look at a data set: what it holds, what is odd about it, and what was not looked at."""
