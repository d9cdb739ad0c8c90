"""The search over hyperparameters: what to try, for how long, within which budget, and what the outcome allows to say."""
