"""Which act of the table of roles a route is: named once, beside the route's path.

Laws: an officer's session passes where the officer's role may do the act, and nobody's session
passes a route that names none; the county's own token, whose holder owns the folder, passes all.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from fastapi import Depends, Request

from tallystick.api.guest import Guest
from tallystick.kernel.access.accounts import check_act
from tallystick.kernel.access.roles import MATRIX

__all__ = ["OWN", "Act", "act"]

OWN: Final = "own"
"""What every officer may do with the own account, also while its password is a one-time one."""


@dataclass(frozen=True, slots=True)
class Act:
    """Asks whether who asks may do an act.

    Attributes:
        name: a row of `MATRIX`, or `OWN`.
    """

    name: str

    async def __call__(self, request: Request) -> None:
        """Let the route's own function follow.

        Raises:
            Denied: `access.must_change`, `access.role`.
        """
        guest: Guest | None = request.scope["guest"]
        request.scope["act"] = self.name
        if guest is not None and self.name != OWN:
            check_act(guest.account, self.name)


def act(name: str) -> Any:  # noqa: ANN401 - what a route's `dependencies` take
    """Return the dependency that names a route's act."""
    assert name == OWN or name in MATRIX, name
    return Depends(Act(name))
