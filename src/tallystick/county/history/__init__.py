"""A county's planted truth and its fast history: years of loans, drawn in seconds.

`draw_history` draws one; `table.observed_table` and `table.table_from_records` make training
tables of it; `findings.find_figures` measures the truth.
"""

from __future__ import annotations

from tallystick.county.history.past import History, Truth, draw_history
from tallystick.county.history.thin import Bundle, ThinRecord

__all__ = ["Bundle", "History", "ThinRecord", "Truth", "draw_history"]
