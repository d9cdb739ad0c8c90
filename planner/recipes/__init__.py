"""From a brief and data to a runnable experiment folder, by rules: a recipe is chosen, its parts are copied."""
