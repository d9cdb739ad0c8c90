"""The search over hyperparameters: what to try, for how long, in which budget, and what may be said of it."""
