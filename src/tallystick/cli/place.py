"""Where a verb works: which county folder, which member; and how it tells what came of it.

`at_member` gives a function a `Place` from `--county`, `--member` and `--json`, and where it writes
from `--key` and `--witnessed` too; what the function returns is shown. Where that tells of what is
amiss, the function returns it as `Amiss`: it is shown, and then the error is told as any other.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from tallystick.base.errors import Error, Invalid
from tallystick.cli.showing import show
from tallystick.cli.spoken import find_language, option

if TYPE_CHECKING:
    from tallystick.client import Client

__all__ = ["Amiss", "Place", "at_county", "at_member"]

Function = Callable[..., Any]


@dataclass(frozen=True, slots=True)
class Amiss:
    """A result that tells of something amiss.

    Attributes:
        found: what is shown, on standard output as ever.
        error: what is told after it on standard error; its family gives the exit status, by which
            a timer's job knows.
    """

    found: object
    error: Error


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a verb works.

    Attributes:
        county: the county's folder.
        member: the member's name; "" where none was named.
        is_json: whether results are told as JSON.
        key: the write's Idempotency-Key; "" for none.
        witnessed: whether a write waits for two thirds of the members.
    """

    county: Path
    member: str = ""
    is_json: bool = False
    key: str = ""
    witnessed: bool = False

    @contextmanager
    def office(self, *, any_member: bool = False, leaves_out: bool = False) -> Iterator[Client]:
        """Open the member's office: in this process, or at the running server.

        Args:
            any_member: whoever is here, or orders, will do where no member is named: what is read
                is the same on every member.
            leaves_out: in this process, another member that cannot be opened counts as away.

        Raises:
            Invalid: `cli.member`, no member is named.
        """
        from tallystick.cli.opening import open_office
        from tallystick.county.single import find_reader

        member = self.member
        if not member:
            member = find_reader(self.county) if any_member else self.need_member()
        with (
            open_office(self.county, member, leaves_out=leaves_out) as client,
            client.keyed(self.key, witnessed=self.witnessed),
        ):
            yield client

    def need_member(self) -> str:
        """Return the member's name.

        Raises:
            Invalid: `cli.member`, none was named.
        """
        if not self.member:
            from tallystick.county.founding import read_county

            names = ", ".join(each.name for each in read_county(self.county).members)
            raise Invalid(
                "cli.member", "the verb needs a member", cure=f"Name one by --member: {names}."
            )
        return self.member


_COUNTY: Final = option(
    "--county",
    default="county",
    show_default=True,
    metavar="DIR",
    zh="县文件夹",
    en="The county's folder.",
)
_MEMBER: Final = option(
    "--member", default="", metavar="NAME", zh="以哪个成员的身份", en="As which member."
)
_JSON: Final = option(
    "--json",
    "is_json",
    is_flag=True,
    zh="每个结果一行 JSON",
    en="One JSON object a result, a line each.",
)
_KEY: Final = option(
    "--key",
    default="",
    metavar="TEXT",
    zh="幂等键：24 小时内重复得到第一次的答复",
    en="Idempotency key: a repetition within 24 h gets the first answer.",
)
_WITNESSED: Final = option(
    "--witnessed",
    is_flag=True,
    zh="等到三分之二以上的成员见证",
    en="Wait until more than two thirds of the members have witnessed it.",
)


def at_county(function: Function) -> Function:
    """Give a function its `place` from `--county` and `--json`, and show what it returns."""
    return _COUNTY(_JSON(_placed(function)))


def at_member(*, writes: bool = False) -> Callable[[Function], Function]:
    """Give a function its `place` from `--county`, `--member`, `--json`, and show what it returns.

    Args:
        writes: it records something, so it takes `--key` and `--witnessed`.
    """

    def add(function: Function) -> Function:
        placed = _placed(function)
        if writes:
            placed = _KEY(_WITNESSED(placed))
        return _COUNTY(_MEMBER(_JSON(placed)))

    return add


_OURS: Final = ("member", "is_json", "key", "witnessed")


def _placed(function: Function) -> Function:
    @functools.wraps(function)
    def run(**given: Any) -> None:  # noqa: ANN401 - click's own
        ours = {name: given.pop(name) for name in _OURS if name in given}
        place = Place(county=Path(given.pop("county")), **ours)
        found = function(place, **given)
        amiss = found if isinstance(found, Amiss) else None
        shown = found if amiss is None else amiss.found
        show(shown, is_json=place.is_json, language=find_language())
        if amiss is not None:
            raise amiss.error

    return run
