"""Decision points: typed questions, who may answer them, and the record of what was answered."""
