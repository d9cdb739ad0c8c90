"""mlintern: the offline, cost-aware ML intern in a terminal.

The repository root is this package, so that generic names such as ``store`` or ``models`` never reach site-packages.
"""

__version__ = "0.1.0"
