"""What officers and the newspaper say, in Chinese and in English.

Laws: every sentence exists in both languages and names nobody; `say` gives the household's
language, which for speakers of dialect and Yi is Chinese read out by the officer.
"""

from __future__ import annotations

from typing import Final

__all__ = ["FELT", "GUIDANCE", "NEWS", "REFUSALS", "SENTENCES", "WEATHER", "both", "say"]

Sentence = tuple[str, str]

SENTENCES: Final[dict[str, Sentence]] = {
    "mandate": (
        "本人委托经办人代为提交申请、签收和反馈，见证人在场。",
        "I let the officer apply, sign for money and answer for me, before a witness.",
    ),
    "hand_over": (
        "按首选服务主体移交，请在期限内办理。",
        "Handed to the preferred service subject; please act within the term.",
    ),
    "approve": ("材料齐全，与报告一致，同意。", "Papers complete and as reported: approved."),
    "override": (
        "入户核实：口头订单和亲属工资未计入，附尽职调查记录。",
        "Visited: an order and a relative's wages were not counted; diligence file attached.",
    ),
    "accept": ("同意这个方案。", "We take the offer."),
    "decline": ("家里商量后不借了。", "We talked it over and will not borrow."),
    "received": ("钱已到账。", "The money has arrived."),
    "received_short": ("到账少了，被扣了一笔费用。", "Less arrived: a fee was taken out."),
    "appeal": ("我觉得收入算少了，请再看一遍。", "I think our income was counted too low."),
    "appeal_confirmed": (
        "复核了流水和账本，原决定不变，已当面说明。",
        "Accounts read again: the decision stands, explained in person.",
    ),
    "appeal_changed": (
        "漏算了一项收入，退回重新评估。",
        "One income was left out: the case is judged anew.",
    ),
}
"""Sentences by name: (zh, en)."""

REFUSALS: Final[dict[str, Sentence]] = {
    "not_fitting": (
        "按现在的条件还款压力太大，少借或改期可以再来。",
        "On these terms repayment is too heavy; come back with less or other dates.",
    ),
    "no_member_serves": (
        "县里成员单位没有这项业务，已告知可联系的机构。",
        "No member offers this; you were told whom to ask.",
    ),
    "purpose": ("贷款用途不符合规定。", "The purpose is not one this loan is for."),
    "papers": (
        "核实时材料与实际不一致，补正后可再申请。",
        "Papers and facts differ; apply again once they are mended.",
    ),
}
"""Refusals by code: (zh, en)."""

FELT: Final[dict[int, Sentence]] = {
    1: ("很不满意", "Very bad"),
    2: ("不太满意", "Not good"),
    3: ("一般", "Neither good nor bad"),
    4: ("满意", "Good"),
    5: ("很满意", "Very good"),
}
"""Words for a feeling 1..5: (zh, en)."""

NEWS: Final[tuple[Sentence, ...]] = (
    ("春节后务工专列开行，县里送工两千人。", "Trains for workers after the festival: 2,000 leave."),
    ("备耕物资到位，化肥价格平稳。", "Seed and fertiliser are in; prices are steady."),
    ("小麦返青，农技员下乡指导。", "Wheat greens up; advisers are in the fields."),
    ("果树进入花期，注意倒春寒。", "Orchards in bloom: beware of late frost."),
    ("油菜开镰，收购点公布价格。", "Rapeseed is cut; buying points post their prices."),
    ("夏收开始，跨区机收到位。", "Summer harvest begins; combines have come."),
    ("大棚换膜，设施补贴开始登记。", "Greenhouses change film; subsidy lists are open."),
    ("助学贷款集中办理，带好录取通知书。", "Student loans: bring the letter of admission."),
    ("苹果早熟品种上市，冷库开仓。", "Early apples on sale; cold stores open."),
    ("秋粮开收，粮库敞开收购。", "Autumn grain comes in; the depot buys all."),
    ("冬小麦播种过九成。", "Nine tenths of winter wheat is sown."),
    ("年底清欠，务工工资专项检查。", "Year's end: wages owed are being checked."),
)
"""A news item for each calendar month: (zh, en)."""

WEATHER: Final[dict[str, Sentence]] = {
    "flood": ("部分村受涝，保险公司入户查勘。", "Some villages flooded; insurers are visiting."),
    "hail": ("局地降冰雹，果园受损。", "Hail here and there has hurt orchards."),
    "drought": ("部分村旱情持续，组织抗旱。", "Drought goes on in some villages."),
    "frost": ("夜间霜冻，请及时查看作物。", "Frost at night: look after your crops."),
}
"""A news item for each kind of weather: (zh, en)."""

GUIDANCE: Final[tuple[tuple[str, Sentence], ...]] = (
    ("winter_storage", ("窖藏土豆注意通风。", "Air the potato cellars.")),
    ("spring_inputs", ("备耕先测土，按需用肥。", "Test the soil before you buy fertiliser.")),
    ("wheat_greening", ("返青期看苗追肥。", "Feed wheat by what you see.")),
    ("orchard_frost", ("花期防冻，备好熏烟。", "Keep smoke ready against frost in bloom.")),
    ("rapeseed_harvest", ("油菜八成熟时收割。", "Cut rapeseed at eight tenths ripe.")),
    ("grain_drying", ("抢晴收麦，及时晾晒。", "Dry wheat while the sun shines.")),
    ("greenhouse_film", ("换膜前消毒闷棚。", "Disinfect the house before new film.")),
    ("animal_heat", ("高温期圈舍通风降温。", "Cool the stables in the heat.")),
    ("apple_bagging", ("摘袋分批，防日灼。", "Unbag apples in steps.")),
    ("wheat_sowing", ("适期播种，播前拌种。", "Sow in time; treat the seed.")),
    ("greenhouse_heat", ("夜间加盖草苫保温。", "Cover the houses at night.")),
    ("debt_counsel", ("借款先算还款月，别借来还旧账。", "Count the month of repayment first.")),
)
"""Topic and advice for each calendar month: (zh, en)."""


def both(sentence: Sentence) -> str:
    """Return a sentence in both languages, Chinese first."""
    return "\n".join(sentence)


def say(sentence: Sentence, language: str) -> str:
    """Return a sentence in a household's language: zh, zh_dialect, ii or en."""
    return sentence[1] if language == "en" else sentence[0]
