"""Changes of a user's own files: proposed as a diff, approved by hunk or whole, applied all or none, and undone."""
