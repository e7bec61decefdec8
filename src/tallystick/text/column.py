"""Headings of what tables and lists show, in Chinese and English."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from tallystick.text.phrase import Phrase, phrase_table
from tallystick.text.wording import Language

__all__ = ["COLUMNS", "STAGES", "name_column"]

COLUMNS: Final[Mapping[str, Phrase]] = phrase_table(
    "",
    {
        "alarm": ("警报", "alarm"),
        "alternatives": ("备选", "alternatives"),
        "amount_minor": ("金额（分）", "amount (fen)"),
        "appeal": ("申诉", "appeal"),
        "application": ("申请", "application"),
        "asked_by": ("由谁问", "asked by"),
        "at": ("时间", "at"),
        "against": ("针对", "against"),
        "case": ("案件", "case"),
        "cases": ("案件", "cases"),
        "chain": ("链", "chain"),
        "closed_at": ("结案时间", "closed at"),
        "code": ("代码", "code"),
        "contacts": ("联系方式", "contacts"),
        "county": ("县", "county"),
        "damaged": ("损坏的文件", "damaged file"),
        "decided_at": ("决定时间", "decided at"),
        "decision": ("决定", "decision"),
        "decisions": ("各项决定", "decisions"),
        "detail": ("细处", "detail"),
        "en": ("英文", "English"),
        "ended": ("已终止", "ended"),
        "entry": ("条目", "entry"),
        "expected": ("应为", "expected"),
        "feedback_at": ("反馈时间", "feedback at"),
        "fetched": ("取回的高度", "heights fetched"),
        "field": ("字段", "field"),
        "figures": ("数字", "figures"),
        "findings": ("问题", "findings"),
        "folded": ("视图高度", "views at"),
        "from_height": ("生效高度", "from height"),
        "got": ("实为", "got"),
        "grant": ("授权", "grant"),
        "handed_over_due": ("办理期限", "due"),
        "head": ("链头", "head"),
        "height": ("高度", "height"),
        "identity": ("身份", "identity"),
        "index": ("位置", "index"),
        "kept": ("保留的区块", "blocks kept"),
        "kind": ("种类", "kind"),
        "mandate": ("委托", "mandate"),
        "means_en": ("含义（英）", "meaning (English)"),
        "means_zh": ("含义", "meaning (Chinese)"),
        "meaning": ("含义", "meaning"),
        "member": ("成员", "member"),
        "members": ("成员", "members"),
        "model": ("模型", "model"),
        "money_at": ("收款时间", "money at"),
        "name": ("名称", "name"),
        "objects_closed": ("已封死的密件", "objects closed"),
        "officer": ("经办人", "officer"),
        "opened_at": ("受理时间", "opened at"),
        "opened_height": ("受理高度", "opened at height"),
        "opener": ("受理成员", "opened by"),
        "orderer": ("排序成员", "orderer"),
        "outcome": ("结果", "outcome"),
        "owner": ("承办成员", "owner"),
        "party": ("主体", "party"),
        "place": ("次序", "place"),
        "preferred": ("首选", "preferred"),
        "preferred_provider": ("首选服务主体", "preferred provider"),
        "product": ("产品", "product"),
        "products": ("产品", "products"),
        "programme": ("项目", "programme"),
        "provider": ("服务主体", "provider"),
        "providers": ("服务主体", "providers"),
        "public": ("全体成员可读", "all members read"),
        "purpose": ("目的", "purpose"),
        "record": ("记录", "record"),
        "records": ("各条记录", "records"),
        "recovered": ("由已签交易补答", "answered from what was signed"),
        "refused_at": ("拒绝时间", "refused at"),
        "role": ("角色", "role"),
        "roles": ("谁可写", "who may write"),
        "row": ("概况", "summary"),
        "sealed": ("密封类别", "sealed class"),
        "seeded": ("演示种子", "seed"),
        "sent": ("已发出", "sent"),
        "settled_at": ("答复时间", "settled at"),
        "settled_by": ("由谁答复", "settled by"),
        "since": ("自", "since"),
        "sound": ("完好", "sound"),
        "stage": ("阶段", "stage"),
        "state": ("状态", "state"),
        "status": ("状态", "status"),
        "subject": ("所属", "subject"),
        "t": ("类型", "type"),
        "taken_by": ("由谁受理", "taken in by"),
        "tables": ("各表摘要", "digests of tables"),
        "tid": ("交易", "transaction"),
        "time": ("时间", "time"),
        "version": ("版本", "version"),
        "witnessed": ("已见证高度", "witnessed height"),
        "zh": ("中文", "Chinese"),
    },
)

STAGES: Final[Mapping[str, Phrase]] = phrase_table(
    "stage",
    {
        "applied": ("已受理", "applied"),
        "schemed": ("已有初步方案", "scheme proposed"),
        "judged": ("已判断", "judged"),
        "reported": ("合适，已出报告", "fits, reported"),
        "matched": ("不合适，已匹配", "does not fit, matched"),
        "refused": ("已由人拒绝", "refused by a person"),
        "closed": ("已结案", "closed"),
    },
)
"""How far a case has come, by `stage.` and its name."""


def name_column(key: str, language: Language) -> str:
    """Return a column's heading; a column of somebody's own is named as it stands."""
    found = COLUMNS.get(key)
    if found is None:
        return key
    return found.zh if language == "zh" else found.en
