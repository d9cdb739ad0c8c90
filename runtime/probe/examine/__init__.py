"""The examination: a short run of the unmodified script, watched closely for what is silently wrong.

It measures no time and its metrics are no results, so it may look at everything. Observers report facts; what the facts
mean is decided by the planner's checks. Invariant: until the script has ended, no observer draws a random number or
changes a value that the script can see.
"""
