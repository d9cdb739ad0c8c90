"""The tools, a file for each family of them."""
