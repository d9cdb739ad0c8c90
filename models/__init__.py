"""The local language model behind the agent. Empty until the agent is built; everything works without it."""
