"""The agent: a conversation in which typed tools are called, by the built-in rules or by a local language model."""
