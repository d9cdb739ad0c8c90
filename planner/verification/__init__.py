"""What can be counted again from what a run left, and what cannot."""
