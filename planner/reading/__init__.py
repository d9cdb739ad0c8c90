"""From a paper or a task to a brief: requirements, hyperparameters and targets, each with its exact quote."""
