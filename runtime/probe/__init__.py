"""The probe: what is injected into the user's own interpreter to watch an unmodified script.

It is standalone: the standard library and whatever torch it finds there, nothing else of ours. ``launch.py`` loads this
folder under the private name ``_mlintern_probe``, so that no module of the user's can shadow or be shadowed by it.
Invariant: with the probe watching, a script computes bit for bit what it computes without it.
"""
