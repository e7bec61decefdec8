"""Invented people, firms and numbers: what must stay sealed and so is searched for in files.

Laws: all names, phones, identity numbers and addresses of a county are different. Phones begin
with 10 and identity numbers with 00, which no real ones do; the people do not exist.
"""

from __future__ import annotations

from typing import Final

__all__ = ["Identity", "address_of", "identity_number", "name_firm", "name_person", "phone_number"]

Identity = dict[str, str]

_SURNAMES: Final = (
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘于蒋蔡"
    "余杜叶程苏魏吕丁任沈姚卢姜崔钟谭陆汪范金石廖贾夏韦付方白邹孟熊秦邱江尹薛闫段雷侯龙"
    "史陶黎贺顾毛郝龚邵万钱严覃武戴莫孔向汤"
)
_FIRST: Final = (
    "建国志文明玉春秀桂兰永庆德福海金宝长占树廷学振光荣耀承启景云凤月淑素惠彩爱翠红丽小晓"
    "思雨嘉子浩宇俊泽天佳欣雅诗若安宁静远怀仁义忠孝正克守敬"
)
_LAST: Final = (
    "华军平英芳强林刚山河江涛波峰岩松柏梅菊莲芝香珍珠琴娟娥霞燕莺凯旋胜利民兴旺发财生根来"
    "顺和祥瑞康健勇毅达成功业勤俭让谦恭恒新辉煌昌盛丰收"
)
_FIRM: Final = "禾穗泉岭源润裕恒盛隆泰丰瑞祥茂达诚信惠农绿野青石云峰金谷"
_TRADES: Final = ("农产品加工厂", "种养专业合作社", "果蔬冷藏有限公司", "家庭农场", "粮油加工坊")
_NAMES: Final = len(_SURNAMES) * len(_FIRST) * len(_LAST)
# Primes that divide none of the counts: multiplying by them walks through every value once.
_NAME_STRIDE: Final = 393_241
_NUMBER_STRIDE: Final = 618_033_989
_PHONES: Final = 10**9
_PAPERS: Final = 10**15


def name_person(number: int, offset: int) -> str:
    """Return a person's name in three characters; different for each number below 400,000."""
    index = (number * _NAME_STRIDE + offset) % _NAMES
    rest, surname = divmod(index, len(_SURNAMES))
    last, first = divmod(rest, len(_FIRST))
    return _SURNAMES[surname] + _FIRST[first] + _LAST[last]


def name_firm(number: int, offset: int) -> str:
    """Return a firm's name; different for each number below 20,000."""
    index = (number * 7 + offset) % (len(_FIRM) ** 2 * len(_TRADES))
    rest, trade = divmod(index, len(_TRADES))
    second, first = divmod(rest, len(_FIRM))
    return f"{_FIRM[first]}{_FIRM[second]}{number + 1}号{_TRADES[trade]}"


def phone_number(number: int, offset: int) -> str:
    """Return eleven digits that no telephone in China has."""
    return f"10{(number * _NUMBER_STRIDE + offset) % _PHONES:09d}"


def identity_number(number: int, offset: int) -> str:
    """Return eighteen characters like those of an identity card of a province that is none."""
    return f"00{(number * _NUMBER_STRIDE + offset) % _PAPERS:015d}X"


def address_of(village: str, number: int) -> str:
    """Return a house in a village; the county's numbers run through all villages."""
    return f"{village}{number % 9 + 1}组{number + 1}号"
