"""Who looks at a page: an officer of one member, in one language, with a token of their own."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from tallystick.client import AsyncClient
from tallystick.text.phrase import Phrase
from tallystick.text.wording import Language

__all__ = ["COOKIE", "SESSION_OVER", "Office", "Visit"]

SESSION_OVER: Final = frozenset({"access.session", "api.token"})
"""What the API answers to a token that opens nothing, or nothing any more."""
COOKIE: Final = "tally_"
"""What the name of a session's cookie begins with."""


@dataclass(frozen=True, slots=True)
class Office:
    """The county as this console serves it.

    Attributes:
        county: what the county is called.
        members: names of the members served, in the order they are shown.
        names: what people call every member of the county.
        now_ms: tells the county's time, ms since 1970 UTC: a demonstration's runs on from its own.
        is_demo: whether its officers are made up, so that anybody here may choose one.
        chain: which of a county's chains it is, "" where there is one: cookies know no ports, and
            a member may be served on both.
    """

    county: Phrase
    members: tuple[str, ...]
    names: Mapping[str, Phrase]
    now_ms: Callable[[], int]
    is_demo: bool = False
    chain: str = ""

    def cookie(self, member: str) -> str:
        """Return the name of the cookie that carries a session at a member."""
        return f"{COOKIE}{self.chain}_{member}" if self.chain else COOKIE + member


@dataclass(frozen=True, slots=True)
class Visit:
    """One officer's visit; what every page is given.

    Attributes:
        office: the county as it is served here.
        member: whose office this is.
        language: what the page speaks.
        client: asks the member's API with the officer's own token.
        me: the officer: id, name, shown name, role and the acts it may do.
    """

    office: Office
    member: str
    language: Language
    client: AsyncClient = field(repr=False)
    me: Mapping[str, Any] = field(repr=False)

    def t(self, zh: str, en: str) -> str:
        """Return the half of a text that this page speaks."""
        return zh if self.language == "zh" else en

    def say(self, phrase: Phrase) -> str:
        """Return the half of a phrase that this page speaks."""
        return self.t(phrase.zh, phrase.en)

    def link(self, place: str = "") -> str:
        """Return the address of a place of this member's console, in this language."""
        return f"/{self.member}/{self.language}{place}"

    def file(self, path: str) -> str:
        """Return the address of a file that this member's console hands out."""
        return f"/{self.member}/file{path}"

    def may(self, act: str) -> bool:
        """Tell whether the officer's role may do an act."""
        return act in self.me["acts"]

    def name_of(self, member: str) -> str:
        """Return what people call a member."""
        found = self.office.names.get(member)
        return self.say(found) if found else member
