"""What a person sees and approves: the Textual application and the command line, over the same engine."""
