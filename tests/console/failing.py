"""`tally`, whose console has a page more in each language, which fails while it is drawn.

Pages of our own tell what the API refuses: what none of them foresees is raised here.
"""

from __future__ import annotations

from typing import Final

from nicegui import ui

from tallystick.cli.main import main

__all__ = ["PLACE", "SAID"]

PLACE: Final = "/failing"
SAID: Final = "a drawer that is not there"


def _fail(member: str) -> None:
    ui.label(member)
    raise LookupError(SAID)


async def _fail_later(member: str) -> None:
    _fail(member)


if __name__ == "__main__":
    # Before the console's own: the first that fits an address is asked.
    ui.page(f"/{{member}}/zh{PLACE}")(_fail)
    ui.page(f"/{{member}}/en{PLACE}")(_fail_later)
    main()
