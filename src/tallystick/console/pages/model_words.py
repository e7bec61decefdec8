"""Words of models: their kinds, states, features, and how a share of a million is written."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from markupsafe import Markup

from tallystick.console.kit import fill, tag
from tallystick.console.visit import Visit
from tallystick.text.column import MODEL_STATES
from tallystick.text.phrase import Phrase, phrase_table
from tallystick.text.wording import MINUS

__all__ = [
    "ECE_BORNE_PPM",
    "name_feature",
    "say_kind",
    "say_share",
    "say_text",
    "state_tag",
    "write_ppm",
]

ECE_BORNE_PPM: Final = 5_000
"""How much more than chance a model's probabilities may be off before approval asks for a reason;
the API decides, this only says so beforehand."""

_KINDS: Final[Mapping[str, Phrase]] = phrase_table(
    "", {"card": ("评分卡", "Scorecard"), "trees": ("决策树组", "Trees")}
)
_TONES: Final = {"in_force": "ok", "approved": "info", "retired": ""}
_FEATURES: Final[Mapping[str, Phrase]] = phrase_table(
    "",
    {
        "age_years": ("年龄", "Age"),
        "amount_minor": ("借款金额", "Amount"),
        "amount_to_income_ppm": ("借款与收入之比", "Amount to income"),
        "bullet": ("到期一次还本", "Principal at the end"),
        "debt_to_income_ppm": ("负债与收入之比", "Debt to income"),
        "fits_harvest": ("收获后到期", "Due after harvest"),
        "heaped": ("借的是整数上限", "Asks the round maximum"),
        "ill_timed": ("收获前到期", "Due before harvest"),
        "income_each_minor": ("人均收入", "Income per person"),
        "insured": ("已投保", "Insured"),
        "internal_rating": ("出借方自己的评级", "The lender's own rating"),
        "livelihood": ("生计", "Livelihood"),
        "persons": ("家里人口", "Persons in the household"),
        "plan_return_ppm": ("计划的年收益", "Planned yearly return"),
        "prior_tenths": ("过去还款记录", "Earlier repayment record"),
        "rating_tenths": ("村里评议", "The village's rating"),
        "registered": ("在扶贫名册上", "On the poverty register"),
        "remote_ppm": ("偏远程度", "Remoteness"),
        "savings_to_income_ppm": ("存款与收入之比", "Savings to income"),
        "schooling_years": ("上学年数", "Years of schooling"),
        "sex": ("性别", "Sex"),
        "subsidised": ("有贴息", "Interest subsidised"),
        "term_months": ("期限", "Term"),
        "thin": ("没有还款记录", "No record of repayment"),
        "village": ("村", "Village"),
        "woman": ("户主是女性", "Headed by a woman"),
        "workers": ("劳动力", "Workers"),
        "workers_ppm": ("劳动力占人口", "Workers per person"),
    },
)
"""The county's own features; those of a file are called as its mapping calls them."""

_HAN: Final = re.compile(r"[\u3400-\u9fff]")


def name_feature(v: Visit, name: str) -> Markup:
    """Return what a feature is called; one that only its file names, as it stands."""
    found = _FEATURES.get(name)
    return fill("{}", v.say(found)) if found else fill('<span class="mono">{}</span>', name)


def say_text(text: str) -> Markup:
    """Return text of somebody's file; Chinese is marked as such."""
    return fill('<span lang="zh">{}</span>' if _HAN.search(text) else "{}", text)


def say_kind(v: Visit, kind: str | None) -> str:
    """Return what kind of model it is."""
    found = _KINDS.get(kind or "")
    return v.say(found) if found else v.t("模型", "Model")


def state_tag(v: Visit, state: str) -> Markup:
    """Return how a model stands, as a tag."""
    return tag(v.say(MODEL_STATES[f"model_state.{state}"]), _TONES.get(state, ""))


def write_ppm(ppm: int | None, places: int = 3) -> str:
    """Write parts per million as a figure from 0 to 1; a dash for none.

    >>> write_ppm(847_533), write_ppm(-5_000), write_ppm(None)
    ('0.848', '−0.005', '–')
    """
    if ppm is None:
        return "\u2013"
    text = f"{abs(ppm) / 1_000_000:.{places}f}"
    return MINUS + text if ppm < 0 else text


def say_share(found: Mapping[str, Any]) -> str:
    """Write a share with its interval, in percent: 63.7 (60.6 to 66.6)."""
    return (
        f"{found['ppm'] / 10_000:.1f} ({found['low_ppm'] / 10_000:.1f}"
        f"\u2013{found['high_ppm'] / 10_000:.1f})"
    )
