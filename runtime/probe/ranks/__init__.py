"""Several processes of one run: started and watched together, each under its own probe.

Standard library and the torch found there only, like the rest of the probe.
"""
