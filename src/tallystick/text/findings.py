"""What `tally verify` and `tally repair` find in files, and what to do about it, in both languages.

An audit tells its findings in English, as programs read them: that half recognises each sentence
here, and the Chinese one is said in its place. Laws: what has no row is said by the title of its
error's code, else as changed, so that nobody reads half of another language; what is data (names,
numbers, digests) stands as it is.
"""

from __future__ import annotations

import re
from typing import Final

from tallystick.text.phrase import BLANK, Phrase, phrase_table
from tallystick.text.problem import PROBLEMS
from tallystick.text.wording import Language

__all__ = ["FINDING_CURES", "FINDING_PHRASES", "fill_cure", "say_finding", "say_value"]

FINDING_PHRASES: Final = phrase_table(
    "",
    {
        # Of the chain's own file (`kernel.ledger.audit`).
        "digest": ("随机数或摘要", "nonce or digest"),
        "no_such_row": ("没有这一行", "no such row"),
        "transaction": ("交易 {n}", "transaction {n}"),
        "log_row": ("位置 {n} 所在的行", "row of position {n}"),
        "shape": ("长度或类型", "length or type"),
        "log_part": ("这一块的第 {n} 个 {part}", "{part} {n} of the block"),
        "key": ("键 {key}", "key {key}"),
        "misfit": (
            "表 {table} 中 {row} 一行的 {column} 一列不是 {kind}",
            "column {column} of row {row} of table {table} is no {kind}",
        ),
        "place": ("交易 {n} 的位置", "place of transaction {n}"),
        "index": ("{n} 处的 {part}", "{part} at {n}"),
        "list": ("此高度之后有效的名单", "list in force after this height"),
        "early": ("链提前结束", "the chain ends early"),
        "early_since": ("链在保存的见证点之前就结束", "the chain ends before the checkpoint"),
        "other_checkpoint": ("不是保存的见证点的那一个", "not the kept checkpoint's"),
        "unchecked": (
            "状态、链头、成员名单、计数和见证签名",
            "state, head, lists of members, counts and cosignatures",
        ),
        "one_row": ("没有，或只有一行", "none, or one row"),
        "row": ("有一行", "a row"),
        "no_row": ("没有这一行", "no row"),
        "entry": ("有一项", "an entry"),
        "no_entry": ("没有这一项", "no entry"),
        "none": ("没有", "none"),
        "in_force": ("一个在册的成员", "a member in force"),
        "target": ("目标以内的摘要", "a hash within the target"),
        # Of the member's other files (`county.inventory`, `county.upkeep`).
        "lost_chain": (
            "链的文件不见了：tally repair 从其他成员取回",
            "the chain's file is missing: tally repair fetches it from the other members",
        ),
        "signed": ("说不出最后签了什么", "it does not say what was signed last"),
        "backup": ("只有备份里有", "only a backup has it"),
        "anew": ("请重新发布或重新导入", "publish it again, or import it"),
        "version": (
            "{part} 由版本 {held} 写成，本程序读版本 {known}",
            "{part} was written by version {held}, this program reads {known}",
        ),
        "differs": ("与 {member} 不同", "{member} differs"),
        "folder": ("成员的文件夹不见了", "the member's folder is missing"),
        "outbox": ("以编号 {n} 签过的内容", "what was signed under number {n}"),
        "object": ("对象 {cid}", "object {cid}"),
        "missing_object": ("缺少对象 {cid}", "missing object {cid}"),
        "sealed": ("已加密，只有备份里有", "sealed: only a backup has it"),
        "name": ("{name} 的记录与保存时不同", "the record kept of {name} is not what was kept"),
        "master": (
            "它所用的主钥匙既不在 master.key 也不在 master.new 里",
            "it stands under a master key that is in neither master.key nor master.new",
        ),
        "wrapped": ("有一行打不开", "a row does not open"),
        "use": (
            "其中的 {use} 钥匙不是名单里 {member} 的",
            "its {use} key is none of {member}'s in the list",
        ),
        "table": ("表 {table} 与由链算出的不同", "table {table} is not what the chain folds to"),
        "manifest": ("旁边高度 {n} 的状态是另一个", "the state of height {n} beside it is another"),
        "reading": ("读不出来：{why}", "it has no reading: {why}"),
        "own_entry": (
            "不是 peers.json 里本成员自己条目的证书",
            "it is not the certificate of the own entry in peers.json",
        ),
        "peer": ("{member} 的条目：{why}", "entry of {member}: {why}"),
        "pair": ("link.pem 和 link.key 不是一对", "link.pem and link.key are no pair"),
        "consented": (
            "里面的同意书不是 {member} 签的",
            "its consent is not one that {member} signed",
        ),
        "certificate": (
            "里面的证明没有三分之二以上成员的签名",
            "its certificate is not signed by more than two thirds",
        ),
        # Of what a repair leaves (`county.remaining`).
        "bodies": (
            "被问到的成员都没有块 {first} 至 {last} 的内容",
            "nobody who was asked holds the bodies of blocks {first} to {last}",
        ),
        "body": (
            "被问到的成员都没有块 {first} 的内容",
            "nobody who was asked holds the body of block {first}",
        ),
        "fold_on": (
            "从高度 {n} 往后算不出来：被问到的成员都没有块 {first} 的内容",
            (
                "it cannot be folded beyond height {n}: nobody who was asked holds the body of"
                " block {first}"
            ),
        ),
        "fold_anew": (
            "无法从头算出：被问到的成员都没有块 {first} 的内容",
            "it cannot be folded anew: nobody who was asked holds the body of block {first}",
        ),
        "unasked": (
            "没有一个其他成员给出算数的回答：{why}",
            "no other member gave an answer that counts: {why}",
        ),
        # Of the files that are nobody's (`county.papers`).
        "missing": ("文件不见了", "it is missing"),
        "half": ("{file} 不见了", "{file} is missing"),
        "genesis": ("与链的开头不同", "it is not what the chain begins with"),
        "pin": ("它指的是另一条链", "it pins another chain"),
        "never": ("链上从未有过这份成员名单", "the chain never had this list of members"),
        "chain_name": ("链的名称", "name of the chain"),
        "role": ("{member} 的角色", "role of {member}"),
        "orderer": (
            "{member} 应当排序，却不是创立成员",
            "{member}, who is to order, founded nothing",
        ),
        "called": (
            "{member} 在 {file} 里叫法不同；两者之一被改过",
            "{member} is called otherwise in {file}; one of the two was changed",
        ),
        "chains": ("这里的链", "chains here"),
    },
)
"""What is found, by a name of its own; `{why}` is an error's message, and other blanks one word."""

_LINK_ZH: Final = (
    "删除 link.pem 和 link.key，再 tally member address {member} URL；把新的 link.pem 交给其他各"
    "成员：tally member address {member} URL --certificate link.pem。"
)
_LINK_EN: Final = (
    "Remove link.pem and link.key, then tally member address {member} URL; give the new link.pem to"
    " all others: tally member address {member} URL --certificate link.pem."
)
FINDING_CURES: Final = phrase_table(
    "",
    {
        "repair": ("tally repair --member {member}。", "tally repair --member {member}."),
        "remove": (
            (
                "tally repair --member {member}；若之后只剩 {file}，就删除 {file}：它会重新写成。"
                "备份里的比签过的少，不能用。"
            ),
            (
                "tally repair --member {member}; if it then names nothing but {file}, remove"
                " {file}: it is written anew. A backup's says less than was signed."
            ),
        ),
        "term": (
            (
                "tally repair --member {member}，三分之一以上的其他成员要能回答；若之后还有"
                " {file}，就从备份恢复它，或等其他成员商定由谁排序之后删除它（tally county lead）。"
            ),
            (
                "tally repair --member {member}, more than a third of the others answering; if it"
                " then still names {file}, restore it from a backup, or remove it once the other"
                " members agree who orders (tally county lead)."
            ),
        ),
        "keys": (
            "从备份恢复同一时刻的 keys.db 和 master.key。",
            "Restore keys.db and master.key, both of one moment, from a backup.",
        ),
        "lost_keys": (
            (
                "从备份恢复同一时刻的 keys.db 和 master.key；没有备份，就把剩下的一个和 views.db"
                " 移开：旧钥匙能打开的内容从此打不开。"
            ),
            (
                "Restore keys.db and master.key, both of one moment, from a backup; without one put"
                " what is left of the two and views.db aside: what those keys opened stays closed."
            ),
        ),
        "sealed": (
            (
                "从备份恢复 {file}；若这里的 keys.db 和 master.key 来自较旧的备份，缺的是之后抹除的"
                "人的内容，就再抹除一次：tally party erase PARTY --yes。"
            ),
            (
                "Restore {file} from a backup. Where keys.db and master.key came from an older one,"
                " it is whoever was erased since that is missing: erase them again, tally party"
                " erase PARTY --yes."
            ),
        ),
        "used": (
            "从备份恢复 {file} 和同一时刻的 bft.key；没有就换钥匙：tally change renew --use bft。",
            (
                "Restore {file} with the bft.key of that moment from a backup; without one: tally"
                " change renew --use bft."
            ),
        ),
        "lost_key": (
            (
                "从备份恢复 {file}；没有就用 tally member renew {member} 抽取新钥匙，由另一成员用"
                " tally change join 提议，各成员表决。"
            ),
            (
                "Restore {file} from a backup; without one: tally member renew {member}, then at"
                " another member tally change join with the card, and the votes."
            ),
        ),
        "backup": (
            "从备份恢复 {file}：修复做不出它。",
            "Restore {file} from a backup: no repair can make it.",
        ),
        "store": (
            (
                "tally repair --member {member}；若之后还有 {file}，就等更多成员在线时再修复，或从"
                "备份恢复 {file}。"
            ),
            (
                "tally repair --member {member}; if it then still names {file}, repair again when"
                " more members answer, or restore {file} from a backup."
            ),
        ),
        "fork": (
            "tally repair --member {other} 或 {member}：与其他成员都不同的那一个。",
            "tally repair --member {other} or {member}: the one that the others differ from.",
        ),
        "archive": (
            (
                "用 tally chain import 导入含有这些块的归档，--to 文件夹 {member}；或等更多成员"
                "在线时再修复。"
            ),
            (
                "tally chain import of an archive with those blocks, --to the folder {member}; or"
                " repair again when more members answer."
            ),
        ),
        "unasked": (
            (
                "等其中一个能回答后再运行 tally repair --member {member}：{others}。若都拒绝本成员"
                "（比如连接钥匙在这份账本之后换过），就把 ledger.db 移开，用 tally member join"
                " {member} 重新开始。"
            ),
            (
                "Let one of them answer, then tally repair --member {member} again: {others}. Where"
                " all refuse it, as when link keys were changed after this copy's end, put"
                " ledger.db aside and begin it anew: tally member join {member}."
            ),
        ),
        "folder": (
            "把文件夹 {member} 放回来，或从备份恢复：钥匙在里面。",
            "Bring the folder {member} back, or restore it from a backup: it holds the keys.",
        ),
        "version": (
            "用写成 {file} 的那个程序，或从备份恢复 {file}。",
            "Run the program that wrote {file}, or restore {file} from a backup.",
        ),
        "name": (
            "用 tally store publish 重新发布，或用 tally store name import 重新导入。",
            "tally store publish it again, or tally store name import it.",
        ),
        "link": (_LINK_ZH, _LINK_EN),
        "own_place": (
            "tally member address {member} URL。",
            "tally member address {member} URL.",
        ),
        "peer": (
            "tally member address {member} URL --certificate link.pem，用该成员自己的 link.pem。",
            "tally member address {member} URL --certificate link.pem, that member's own.",
        ),
        "book": (
            (
                "从备份恢复 {file}；或删除它，逐个成员重写：tally member address NAME URL"
                " --certificate link.pem。"
            ),
            (
                "Restore {file} from a backup; or remove it, and tell it of every member anew:"
                " tally member address NAME URL --certificate link.pem."
            ),
        ),
        "copy": (
            "从副本恢复 {file}：每个成员的机器上都有一份。",
            "Restore {file} from a copy: every member's machine has one.",
        ),
        "papers": (
            "用这里的任一成员：tally repair --member NAME。",
            "tally repair --member NAME, with any member that is here.",
        ),
    },
)
"""What to do, by a name of its own."""

_CHANGED: Final = Phrase("内容与当初写下的不同", "it is not what was written")
_WHY: Final = "why"
_READ: Final = frozenset({"block", "header", "transaction"})
"""Fields beside whose name a fault tells why a part has no reading, not what stands there."""
_SENTENCE: Final = re.compile(r"[A-Za-z']{2,},? [a-z']{2,}")
"""Two words that follow one another: what is data has none."""


def _pattern(english: str) -> re.Pattern[str]:
    """Return what recognises a phrase by its English half."""
    parts = BLANK.split(english)
    # Every third part is a text, with a blank's name behind it, and its form, which none here has.
    texts = [re.escape(part) for part in parts[::3]]
    blanks = [f"(?P<{name}>{'.+' if name == _WHY else '[^ ]+'})" for name in parts[1::3]]
    return re.compile("".join(map("".join, zip(texts, [*blanks, ""], strict=True))), re.DOTALL)


_PATTERNS: Final = [(_pattern(each.en), each.zh) for each in FINDING_PHRASES.values()]


def say_finding(detail: str, code: str, language: Language) -> str:
    """Return what a finding's detail says.

    Args:
        detail: as an audit tells it.
        code: of the error behind it; "" for none, or for what is no code.
        language: `zh` or `en`.

    >>> say_finding("transaction 3", "", "zh")
    '交易 3'
    """
    if language == "en":
        return detail
    known = _recognise(detail, code)
    if known:
        return known
    first, _, last = detail.rpartition("; ")
    if first:
        return f"{say_finding(first, code, language)}；{say_finding(last, '', language)}"
    if not _SENTENCE.search(detail):
        return detail
    return PROBLEMS[code].title.zh if code in PROBLEMS else _CHANGED.zh


def _recognise(detail: str, code: str) -> str:
    """Return a detail in Chinese, "" if it has no row."""
    for pattern, chinese in _PATTERNS:
        if found := pattern.fullmatch(detail):
            told = found.groupdict()
            if _WHY in told:
                told[_WHY] = say_finding(told[_WHY], code, "zh")
            return BLANK.sub(lambda blank: told[blank[1]], chinese)  # noqa: B023 - used at once
    return ""


def say_value(value: str, field: str, language: Language) -> str:
    """Return what should stand at a field, or stands there: data as it is, a rule in words."""
    if language == "en":
        return value
    why = _CHANGED.zh if field in _READ and _SENTENCE.search(value) else value
    return _recognise(value, "") or why


def fill_cure(name: str, language: Language, **values: str) -> str:
    """Return a cure of `FINDING_CURES`, its blanks filled."""
    phrase = FINDING_CURES[name]
    text = phrase.zh if language == "zh" else phrase.en
    return BLANK.sub(lambda blank: values[blank[1]], text)
