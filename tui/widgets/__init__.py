"""Widgets that the screens share, one a file."""
