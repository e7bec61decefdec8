"""What a new case asks about the household: who it is, what comes in and goes out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from tallystick.console.pages.new_case_question import (
    BORROWED,
    MONTH_MAX,
    MONTHS,
    MU,
    PERCENT,
    PERSONS,
    PPM,
    YUAN,
    Question,
    name_words,
    one_of,
    pair_words,
)
from tallystick.text.phrase import Phrase

__all__ = ["LISTS", "LIST_KINDS", "LIST_NAMES", "LIST_WORDS", "MONEY", "WHO"]

_NEW: Final = {"party_known": one_of("no")}
WHO: Final = (
    Question(
        "party_known",
        0,
        Phrase("在这里办过业务吗", "Known here already?"),
        "choice",
        choices=pair_words(no=("没有，新登记", "No, register now"), yes=("办过", "Yes")),
        is_needed=True,
        is_wide=True,
    ),
    Question(
        "party_number",
        0,
        Phrase("户号", "Household number"),
        hint=Phrase("登记时发给农户的 32 位编号", "The 32 signs given at registration"),
        when={"party_known": one_of("yes")},
        is_needed=True,
        is_wide=True,
    ),
    Question(
        "party_kind",
        0,
        Phrase("以谁的名义", "In whose name"),
        "choice",
        choices=pair_words(
            household=("农户", "A household"), firm=("合作社、公司、农场", "A co-op, firm or farm")
        ),
        when=_NEW,
        is_needed=True,
    ),
    Question(
        "person_name",
        0,
        Phrase("户主或名称", "Head of household, or name"),
        hint=Phrase("与身份证或执照一致", "As on the identity card or licence"),
        when=_NEW,
        is_needed=True,
        high=80,
    ),
    Question(
        "id_number",
        0,
        Phrase("身份证号", "Identity number"),
        hint=Phrase("填了就不用再问年龄和性别", "With it, age and sex need not be asked"),
        when={**_NEW, "party_kind": one_of("household")},
    ),
    Question(
        "phone",
        0,
        Phrase("手机", "Phone"),
        hint=Phrase("用来通知结果", "To tell the result"),
        when=_NEW,
        high=40,
    ),
    Question(
        "age",
        0,
        Phrase("年龄", "Age"),
        "count",
        path="profile.age_years",
        high=120,
        unit=Phrase("岁", "years"),
        when={"kind": BORROWED, "id_number": one_of("-")},
    ),
    Question(
        "persons",
        0,
        Phrase("家里几口人", "People at home"),
        "count",
        Phrase("一起吃住、一起算账的人", "Who eat and keep accounts together"),
        "profile.persons",
        is_needed=True,
        low=1,
        high=30,
        unit=PERSONS,
    ),
    Question(
        "workers",
        0,
        Phrase("其中几人能干活", "Of them, able to work"),
        "count",
        path="profile.workers",
        high=30,
        unit=PERSONS,
        when={"kind": BORROWED},
    ),
    Question(
        "category",
        0,
        Phrase("户类型", "Household category"),
        "choice",
        Phrase("按乡镇名册", "As on the township's register"),
        "profile.category",
        name_words(
            "category",
            "ordinary out_of_poverty monitored_relapse monitored_marginal monitored_sudden dibao"
            " farm_entity",
        ),
        when={"kind": BORROWED},
        is_needed=True,
    ),
    Question(
        "village",
        0,
        Phrase("村", "Village"),
        hint=Phrase("乡镇名册上的村编号", "Its number on the township's register"),
        path="profile.village",
        high=40,
    ),
    Question(
        "sex",
        0,
        Phrase("性别", "Sex"),
        "choice",
        path="profile.sex",
        choices=pair_words(f=("女", "Female"), m=("男", "Male")),
        when={"purpose": one_of("shop_open"), "id_number": one_of("-")},
    ),
    Question(
        "returnee",
        0,
        Phrase("返乡人员吗", "Returned from work away?"),
        "yes",
        path="profile.returnee",
        when={"purpose": one_of("shop_open")},
    ),
    Question(
        "coop_member",
        0,
        Phrase("合作社社员吗", "A member of a co-op?"),
        "yes",
        path="profile.coop_member",
        when={"order_has": one_of("yes")},
    ),
)

MONEY: Final = (
    Question(
        "wage",
        1,
        Phrase("务工每月收入", "Wages a month"),
        "money",
        Phrase("全家合计，干活的月份里", "The whole household, in months of work"),
        "profile.wage_minor_month",
        when={"kind": BORROWED},
        unit=YUAN,
    ),
    Question(
        "wage_months",
        1,
        Phrase("一年干几个月", "Months of work a year"),
        "count",
        Phrase("不填按 12 个月算", "Twelve where it stays empty"),
        "profile.wage_months",
        when={"kind": BORROWED},
        high=12,
        unit=MONTHS,
    ),
    Question(
        "business",
        1,
        Phrase("一年生意净收入", "Business income a year"),
        "signed",
        Phrase("扣掉成本；亏了写负数", "After costs; a loss as a negative number"),
        "profile.business_minor_year",
        when={"kind": BORROWED},
        low=-(10**12),
        unit=YUAN,
    ),
    Question(
        "transfers",
        1,
        Phrase("一年补贴和汇款", "Grants and money sent home"),
        "money",
        Phrase("种粮补贴、低保、子女寄回", "Subsidies, benefits, from children"),
        "profile.transfers_minor_year",
        unit=YUAN,
    ),
    Question(
        "living",
        1,
        Phrase("一年生活开支", "Living costs a year"),
        "money",
        Phrase("全家吃穿用度、人情；不填按全县平均", "All at home; the county's mean if empty"),
        when={"kind": BORROWED},
        unit=YUAN,
    ),
    Question(
        "fixed",
        1,
        Phrase("一年看病上学的钱", "Medicine and school a year"),
        "money",
        path="profile.medical_school_minor_year",
        when={"kind": BORROWED},
        unit=YUAN,
    ),
    Question(
        "savings",
        1,
        Phrase("手头现钱和存款", "Cash and savings"),
        "money",
        Phrase("不用很准，没有就写 0", "Roughly; 0 if there is none"),
        "profile.savings_minor",
        is_needed=True,
        unit=YUAN,
    ),
    Question(
        "guarantees",
        1,
        Phrase("替别人担保的钱", "Guaranteed for others"),
        "money",
        Phrase("没有就不填", "Empty if none"),
        "profile.guarantees_minor",
        when={"kind": BORROWED},
        unit=YUAN,
    ),
)

LISTS: Final[Mapping[str, tuple[Question, ...]]] = {
    "crops": (
        Question(
            "crop",
            1,
            Phrase("作物", "Crop"),
            "choice",
            choices=name_words(
                "crop",
                "maize wheat rice rapeseed potato chili apple pear peach citrus tea gh_tomato"
                " gh_cucumber strawberry herb walnut shiitake",
            ),
            is_needed=True,
        ),
        Question(
            "area",
            1,
            Phrase("多少亩", "How many mu"),
            "area",
            is_needed=True,
            low=1,
            high=100_000_000,
            unit=MU,
        ),
    ),
    "livestock": (
        Question(
            "animal",
            1,
            Phrase("牲畜", "Animals"),
            "choice",
            choices=name_words("crop", "hog cattle ewe layer bee"),
            is_needed=True,
        ),
        Question("heads", 1, Phrase("头数", "Heads"), "count", high=10_000_000),
        Question(
            "sales", 1, Phrase("一年卖多少钱", "Sales a year"), "money", is_needed=True, unit=YUAN
        ),
        Question(
            "costs", 1, Phrase("一年成本", "Costs a year"), "money", is_needed=True, unit=YUAN
        ),
        Question(
            "sale_months",
            1,
            Phrase("哪几个月卖", "Months of sale"),
            "months",
            is_wide=True,
        ),
    ),
    "debts": (
        Question(
            "lender",
            1,
            Phrase("欠谁的", "Owed to"),
            "choice",
            choices=pair_words(
                rural_credit_coop=("农村信用社", "Rural credit co-op"),
                agricultural_bank=("农业银行", "Agricultural bank"),
                postal_bank=("邮储银行", "Postal bank"),
                online_lender=("网贷", "An online lender"),
                kin=("亲友", "Family or friends"),
                other=("别家", "Another lender"),
            ),
            is_needed=True,
        ),
        Question(
            "balance", 1, Phrase("还欠多少", "Still owed"), "money", is_needed=True, unit=YUAN
        ),
        Question("monthly", 1, Phrase("每月还多少", "Paid a month"), "money", unit=YUAN),
        Question("due", 1, Phrase("几月到期", "Due in"), "month", high=MONTH_MAX),
        Question("rate", 1, Phrase("年利率", "Yearly rate"), "percent", high=PPM, unit=PERCENT),
    ),
}
"""Columns of what there may be several of: fields, animals, debts."""

LIST_NAMES: Final = {
    "crops": Phrase("种的地", "Fields"),
    "livestock": Phrase("养的牲畜", "Animals kept"),
    "debts": Phrase("欠的债", "Debts"),
}
LIST_WORDS: Final = {
    "crops": (
        Phrase("加一块地", "Add a field"),
        Phrase("再加一块", "Add another"),
        Phrase("没有种地", "No fields"),
    ),
    "livestock": (
        Phrase("加一种牲畜", "Add animals"),
        Phrase("再加一种", "Add another"),
        Phrase("没有养牲畜", "No animals"),
    ),
    "debts": (
        Phrase("加一笔债", "Add a debt"),
        Phrase("再加一笔", "Add another"),
        Phrase("没有欠债", "No debts"),
    ),
}
"""Of each list: its first row, another row, and that there is none."""
LIST_KINDS: Final[Mapping[str, frozenset[str]]] = {
    "crops": one_of("borrow lease insure"),
    "livestock": BORROWED,
    "debts": one_of("borrow lease save invest"),
}
"""Kinds of need for which each list is asked."""
