"""The local language model: files and whether they fit, the worker around llama.cpp, a server as second engine.

Everything works without one.
"""
