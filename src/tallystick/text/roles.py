"""What officers' roles and the acts of an office are called, in Chinese and English."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from tallystick.text.phrase import Phrase, phrase_table

__all__ = ["OFFICE_ACTS", "ROLE_NAMES", "name_act", "name_role"]

ROLE_NAMES: Final[Mapping[str, Phrase]] = phrase_table(
    "",
    {
        "clerk": ("柜员", "Clerk"),
        "village_officer": ("驻村员", "Village officer"),
        "loan_officer": ("信贷员", "Loan officer"),
        "reviewer": ("复核员", "Reviewer"),
        "risk": ("风控员", "Risk officer"),
        "manager": ("负责人", "Manager"),
        "auditor": ("审计员", "Auditor"),
    },
)
OFFICE_ACTS: Final[Mapping[str, Phrase]] = phrase_table(
    "",
    {
        "read_case": ("看案件", "Read cases"),
        "read_party": ("看主体的资料", "Read what parties told"),
        "list_receipts": ("看谁读过资料", "See who read data"),
        "add_party": ("登记主体", "Register parties"),
        "erase_party": ("注销主体", "Erase parties"),
        "add_mandate": ("记委托", "Record mandates"),
        "end_mandate": ("收回委托", "End mandates"),
        "give_grant": ("记授权", "Record consents"),
        "end_grant": ("收回授权", "End consents"),
        "open_case": ("受理案件", "Take cases in"),
        "hand_over": ("移交案件", "Hand cases over"),
        "refuse": ("当面拒绝", "Refuse in person"),
        "close_case": ("结案", "Close cases"),
        "override": ("改判", "Override decisions"),
        "approve": ("批准方案", "Approve offers"),
        "answer_offer": ("记家庭的答复", "Record a household's answer"),
        "grant_loan": ("签贷款", "Grant loans"),
        "disburse": ("放款", "Pay loans out"),
        "repay": ("收款", "Take payments in"),
        "receive_money": ("记到账", "Record money received"),
        "give_feedback": ("回访", "Ask for feedback"),
        "open_appeal": ("受理申诉", "Take appeals in"),
        "settle_appeal": ("答复申诉", "Answer appeals"),
        "add_provider": ("公布机构", "Publish providers"),
        "add_product": ("公布产品", "Publish products"),
        "publish_model": ("公布模型", "Publish models"),
        "shadow_model": ("试跑模型", "Run models in shadow"),
        "report_dues": ("报送小额应缴", "Report small dues"),
        "report_loans": ("报送贷款月报", "Report a month of loans"),
        "read_books": ("读各家贷款月报", "Read lenders' books"),
        "approve_model": ("批准模型", "Approve models"),
        "retire_model": ("停用模型", "Retire models"),
        "allocate_fund": ("拨付公共资金", "Allocate public money"),
        "publish_news": ("发布消息", "Publish news"),
        "publish_bulletin": ("发公告", "Publish bulletins"),
        "publish_tally": ("公布统计", "Publish tallies"),
        "give_guidance": ("给指导意见", "Give guidance"),
        "evaluate_project": ("评价项目", "Evaluate projects"),
        "export_evidence": ("导出证据", "Export evidence"),
        "verify_chain": ("核对账本", "Verify the ledger"),
        "sum_feedback": ("看回访汇总", "See what feedback says"),
        "read_catalogue": ("看机构和产品", "See providers and products"),
        "read_model": ("看模型", "See models"),
        "rebuild_views": ("重建视图", "Make the views anew"),
        "keep_draft": ("存草稿", "Keep drafts"),
        "measure_programme": ("测评项目", "Measure programmes"),
        "read_programme": ("看项目", "See programmes"),
        "repair_chain": ("修复账本", "Repair the ledger"),
        "approve_subsidy": ("批准补助", "Approve subsidies"),
        "read_change": ("看成员与表决", "See members and votes"),
        "read_store": ("查看分存的文件", "See how files held among members stand"),
        "read_object": ("取回分存的文件", "Read files held among members"),
        "put_object": ("分存文件", "Put files among the members"),
        "grant_object": ("让别的成员读文件", "Let other members read a file"),
        "erase_object": ("销毁分存的文件", "Erase files held among members"),
        "repair_store": ("核对、修复分存的文件", "Scrub and repair files held among members"),
        "propose_change": ("提议变更", "Propose changes"),
        "vote_change": ("表决变更", "Vote on changes"),
        "add_user": ("开账号", "Make accounts"),
        "list_users": ("看账号", "See accounts"),
        "disable_user": ("停用账号", "Disable accounts"),
        "enable_user": ("启用账号", "Enable accounts"),
        "reset_user": ("重置密码", "Reset passwords"),
        "change_role": ("换岗位", "Change roles"),
    },
)


def name_role(role: str) -> Phrase:
    """Return what a role is called; a role without a name is called by its code."""
    return ROLE_NAMES.get(role) or Phrase(role, role)


def name_act(act: str) -> Phrase:
    """Return what an act is called; an act without a name is called by its code."""
    return OFFICE_ACTS.get(act) or Phrase(act, act)
