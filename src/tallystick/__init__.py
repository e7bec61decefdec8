"""Tallystick: one verifiable financial record for a county.

The public names of the package are few; each room documents its own.
"""

__version__ = "0.1.0"
