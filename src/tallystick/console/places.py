"""Every page of the console in one table: where it stands, its name, who may open it."""

from __future__ import annotations

import inspect
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Final

from tallystick.console.pages import (
    appeals,
    block,
    case,
    cases,
    chains,
    feedback,
    ledger,
    loans,
    members,
    model,
    model_list,
    new_case,
    products,
    programme,
    programmes,
    provider,
    providers,
    settings,
    store,
    store_object,
    today,
    users,
)
from tallystick.console.visit import Visit
from tallystick.text.phrase import Phrase

__all__ = ["GROUPS", "PLACES", "Place"]

_PARAMETER: Final = re.compile(r"\{([a-z_]+)\}")
Build = Callable[..., Awaitable[None]]

GROUPS: Final[Mapping[str, Phrase]] = {
    "day": Phrase("-", "-"),
    "work": Phrase("办理", "Work"),
    "decide": Phrase("决策依据", "Decide"),
    "trust": Phrase("可信", "Trust"),
    "oversight": Phrase("监督", "Oversight"),
}


@dataclass(frozen=True, slots=True)
class Place:
    """One page.

    Attributes:
        path: its address under `/{member}/{language}`; `{name}` stands for one segment.
        name: what it is called.
        build: builds it: given the visit and what its address names.
        acts: acts of which the officer's role must have one; empty for everybody.
        glyph: its icon.
        group: where the navigation lists it; "" for pages that others lead to.
        count: which count of `today` stands beside it.
        is_live: whether `build` is given `live`.
    """

    path: str
    name: Phrase
    build: Build
    acts: frozenset[str] = frozenset()
    glyph: str = ""
    group: str = ""
    count: str = ""
    is_live: bool = False

    def may(self, visit: Visit) -> bool:
        """Tell whether a visitor may open it."""
        return not self.acts or any(visit.may(act) for act in self.acts)

    def matches(self, rest: str) -> bool:
        """Tell whether an address without its member and language is this page's."""
        pattern = "/".join(
            "[^/]+" if _PARAMETER.fullmatch(part) else re.escape(part)
            for part in self.path.split("/")
        )
        return re.fullmatch(pattern, rest) is not None

    @property
    def nav(self) -> str:
        """Return the first segment: pages that share it are one entry of the navigation."""
        return self.path.split("/")[1] if self.path else ""

    def with_signature(self, build: Build) -> Build:
        """Return `build` with the page's own parameters, which its address fills."""
        wanted = [
            each
            for name, each in inspect.signature(self.build).parameters.items()
            if name not in {"v", "live"}
        ]
        build.__signature__ = inspect.Signature(  # type: ignore[attr-defined]
            [each.replace(kind=inspect.Parameter.KEYWORD_ONLY) for each in wanted]
        )
        return build


PLACES: Final = (
    Place("", Phrase("今天", "Today"), today.show_page, glyph="house", group="day", is_live=True),
    Place(
        "/cases",
        Phrase("案件", "Cases"),
        cases.show_page,
        frozenset({"read_case"}),
        glyph="folder-open",
        group="work",
        count="cases",
        is_live=True,
    ),
    Place(
        "/cases/{case}",
        Phrase("案件", "Case"),
        case.show_page,
        frozenset({"read_case"}),
        is_live=True,
    ),
    Place(
        "/loans",
        Phrase("贷款", "Loans"),
        loans.show_page,
        frozenset({"read_case"}),
        glyph="banknote",
        group="work",
        count="loans",
        is_live=True,
    ),
    Place(
        "/loans/{loan}",
        Phrase("贷款", "Loan"),
        loans.show_loan,
        frozenset({"read_case"}),
        is_live=True,
    ),
    Place(
        "/models",
        Phrase("模型", "Models"),
        model_list.show_page,
        frozenset({"read_model"}),
        glyph="chart-spline",
        group="decide",
        count="models",
        is_live=True,
    ),
    Place("/models/{model}", Phrase("模型", "Model"), model.show_page, frozenset({"read_model"})),
    Place(
        "/ledger",
        Phrase("账本", "Ledger"),
        ledger.show_page,
        frozenset({"verify_chain"}),
        glyph="link",
        group="trust",
        is_live=True,
    ),
    Place(
        "/ledger/{height}",
        Phrase("区块", "Block"),
        block.show_page,
        frozenset({"verify_chain"}),
        is_live=True,
    ),
    Place(
        "/chains",
        Phrase("几本账", "Chains"),
        chains.show_page,
        frozenset({"verify_chain"}),
        glyph="layers",
        group="trust",
        is_live=True,
    ),
    Place(
        "/members",
        Phrase("成员与表决", "Members and votes"),
        members.show_page,
        frozenset({"read_change"}),
        glyph="list-checks",
        group="trust",
        is_live=True,
    ),
    Place(
        "/store",
        Phrase("分存文件", "Stored files"),
        store.show_page,
        frozenset({"read_store"}),
        glyph="archive",
        group="trust",
        is_live=True,
    ),
    Place(
        "/store/{cid}",
        Phrase("文件", "File"),
        store_object.show_page,
        frozenset({"read_store"}),
        is_live=True,
    ),
    Place("/new", Phrase("新建案件", "New case"), new_case.show_page, frozenset({"open_case"})),
    Place(
        "/new/{draft}",
        Phrase("新建案件", "New case"),
        new_case.show_draft,
        frozenset({"open_case"}),
    ),
    Place(
        "/feedback",
        Phrase("回访", "Feedback"),
        feedback.show_page,
        frozenset({"give_feedback", "sum_feedback"}),
        glyph="message-circle-heart",
        group="work",
        count="feedback",
        is_live=True,
    ),
    Place(
        "/appeals",
        Phrase("申诉", "Appeals"),
        appeals.show_page,
        frozenset({"read_case"}),
        glyph="scale",
        group="work",
        count="appeals",
        is_live=True,
    ),
    Place(
        "/users",
        Phrase("账号", "Accounts"),
        users.show_page,
        frozenset({"list_users"}),
        glyph="users",
        group="oversight",
    ),
    Place(
        "/providers",
        Phrase("机构与产品", "Providers"),
        providers.show_page,
        frozenset({"read_catalogue"}),
        glyph="landmark",
        group="decide",
        is_live=True,
    ),
    Place(
        "/providers/{provider}",
        Phrase("机构", "Provider"),
        provider.show_page,
        frozenset({"read_catalogue"}),
        is_live=True,
    ),
    Place(
        "/products",
        Phrase("产品", "Products"),
        products.show_page,
        frozenset({"read_catalogue"}),
        is_live=True,
    ),
    Place(
        "/products/{product}",
        Phrase("产品", "Product"),
        products.show_product,
        frozenset({"read_catalogue"}),
        is_live=True,
    ),
    Place(
        "/programmes",
        Phrase("项目", "Programmes"),
        programmes.show_page,
        frozenset({"read_programme"}),
        glyph="sprout",
        group="oversight",
        is_live=True,
    ),
    Place(
        "/programmes/{programme}",
        Phrase("项目", "Programme"),
        programme.show_page,
        frozenset({"read_programme"}),
        is_live=True,
    ),
    Place("/settings", Phrase("设置", "Settings"), settings.show_page, glyph="settings"),
)
