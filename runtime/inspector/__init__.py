"""What can be told about a script without running it.

It lives in the user's interpreter, so: the standard library and Python 3.9 only.

Invariant: where more than one answer is possible the answer is "could not tell", never a fault.
"""
