"""A report made readable: Markdown, one HTML file, or JSON."""
