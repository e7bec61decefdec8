"""Foreign data as integers: a file and a mapping give a stream of applications.

`load_mapping` reads what a file's columns mean; `read_applications` runs it over a file.
"""

from __future__ import annotations

from tallystick.sources.applications import Application, Reading, Rejected, read_applications
from tallystick.sources.loading import load_mapping, parse_mapping
from tallystick.sources.mapping import Feature, Mapping

__all__ = [
    "Application",
    "Feature",
    "Mapping",
    "Reading",
    "Rejected",
    "load_mapping",
    "parse_mapping",
    "read_applications",
]
