"""Who may write which step of a case, and when: admission rules, total and pure.

Laws: a case has one stage and one owner at any time; its decisions come in order, by the rules in
force and on one basis; a machine never refuses and never closes; what an officer decided otherwise
voids what was approved before. State: `case/` (`records.held`); `rules/`name -> m(version) as
genesis set it, or m([version, from_height, version before]); `model/`service`/`link -> empty, of
models ever approved, `retired/`service`/`link -> empty, of those retired since, `models/`service ->
m(how many may decide), absent for none; `provider/`, `product/` name -> `HeldEntry`;
`endorsed/`id`/`member -> empty; `feedback/`id`/`member -> m(time); `appeal/`id -> `HeldAppeal`.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import Any, Final

from tallystick.base.codec import encode_decoded, read_admitted, sha256
from tallystick.base.errors import Unavailable
from tallystick.chain.amendment import is_of_case, keep_case, mark_named, writer_of
from tallystick.chain.record import Admission, Admit
from tallystick.records.held import (
    HeldAppeal,
    HeldCase,
    HeldEntry,
    Reading,
    Stage,
    appeal_key,
    case_key,
    entry_key,
    find_appeal,
    find_case,
    find_entry,
)
from tallystick.records.refusal import Refusal

__all__ = [
    "admit_appeal",
    "admit_application",
    "admit_closing",
    "admit_decision",
    "admit_endorsement",
    "admit_feedback",
    "admit_hand_over",
    "admit_model",
    "admit_model_retirement",
    "admit_override",
    "admit_product",
    "admit_provider",
    "admit_refusal",
    "admit_rules",
    "admit_settlement",
    "is_calibrated",
]

_SERVICE: Final = "positioning"
# Which version of the decision each version of the rules is figures of; rows are only ever added.
_VERSION_OF_RULES: Final[Mapping[int, int]] = {1: 1}
_DAY_MS: Final = 86_400_000
_LATE_MS: Final = _DAY_MS
_OFFER_MS_MAX: Final = 366 * _DAY_MS
_ASKED_EVERY_MS: Final = _DAY_MS
_BASIS_BYTES: Final = 16
_ECE_OVER_PPM: Final = 5_000

_OPEN: Final = frozenset(Stage) - {Stage.CLOSED}
_DECIDED: Final = frozenset({Stage.REPORTED, Stage.MATCHED})
_REFUSABLE: Final = _DECIDED | {Stage.JUDGED}
_UNDECIDED: Final = frozenset({Stage.APPLIED, Stage.SCHEMED, Stage.JUDGED})


def _find_own(offered: Admission, stages: frozenset[Stage]) -> HeldCase | Refusal:
    """Return the named case if the writer owns it and it stands at one of `stages`."""
    found = find_case(offered.state.get, offered.record.get("case"))
    if found is None:
        return Refusal.NO_CASE
    if found.owner != offered.member:
        return Refusal.NOT_OWNER
    return found if found.stage in stages else Refusal.WRONG_STAGE


def admit_application(offered: Admission) -> int:
    """Open a case; its id is the record's."""
    record, member = offered.record, offered.member
    case = HeldCase(Stage.APPLIED, member, member, record["pub"].get("programme", ""))
    offered.state.put(case_key(record["id"]), encode_decoded(case))
    return 0


# ---- decisions


def _version_in_force(offered: Admission, name: str) -> int:
    """Return the version of the named rules at this height, 0 if there is none."""
    held = offered.state.get(b"rules/" + name.encode())
    found = 0 if held is None else _read_version(held)
    if type(found) is list:
        version, from_height, before = found
        found = version if offered.height >= from_height else before
    assert type(found) is int
    return found


def _known_version(offered: Admission, rules: int) -> int:
    """Return the version of the decision that rules are figures of.

    Raises:
        Unavailable: `rules.unknown`, this program does not carry them: it cannot tell what a height
            under them admits, so the member stands still before it.
    """
    if rules not in _VERSION_OF_RULES:
        raise Unavailable(
            "rules.unknown",
            f"height {offered.height} needs {_SERVICE} rules version {rules}; this program carries"
            f" up to {max(_VERSION_OF_RULES)}",
            cure="Install a later tallystick and start this member again; it goes on by itself.",
        )
    return _VERSION_OF_RULES[rules]


@functools.lru_cache(maxsize=64)
def _read_version(held: bytes) -> int | list[int]:
    """Return what the state holds of rules: a version, or [version, from height, the one before].

    The same few bytes are read for every decision.
    """
    found: int | list[int] = read_admitted(held)
    return found


def _basis_of(pub: Mapping[str, Any]) -> bytes:
    """Return 16 bytes over all that a decision is made by; parts of fixed length, then a link."""
    model = pub["model"].raw if "model" in pub else b""
    numbers = (pub["version"] << 16 | pub["rules"]).to_bytes(4, "big")
    return _hash_basis(numbers + pub["catalogue"].raw + model)


@functools.lru_cache(maxsize=64)
def _hash_basis(parts: bytes) -> bytes:
    return sha256(parts)[:_BASIS_BYTES]


def _model_key(service: str, link: bytes) -> bytes:
    return b"model/" + service.encode() + b"/" + link


def _retired_key(service: str, link: bytes) -> bytes:
    return b"retired/" + service.encode() + b"/" + link


def _models_key(service: str) -> bytes:
    return b"models/" + service.encode()


def _decision_refusal(offered: Admission, question: str) -> int:
    """Refuse a decision of another question, by other rules, or by a model that may not decide."""
    pub, state = offered.record["pub"], offered.state
    if pub["service"] != _SERVICE or pub["question"] != question:
        return Refusal.NOT_THE_STEP
    rules = _version_in_force(offered, _SERVICE)
    if pub["rules"] != rules or _known_version(offered, rules) != pub["version"]:
        return Refusal.RULES_NOT_IN_FORCE
    if not offered.time <= pub["not_after"] <= offered.time + _OFFER_MS_MAX:
        return Refusal.TIME_OUT_OF_RANGE
    return _model_refusal(state.get, pub["model"].raw) if "model" in pub else 0


def _model_refusal(get: Reading, link: bytes) -> int:
    """Refuse a retired model, and one that nobody approved where another may decide.

    While no model may decide, decisions by cross-fitted cards are recorded.
    """
    if get(_retired_key(_SERVICE, link)) is not None:
        return Refusal.MODEL_RETIRED
    is_free = get(_models_key(_SERVICE)) is None
    approved = is_free or get(_model_key(_SERVICE, link)) is not None
    return 0 if approved else Refusal.MODEL_NOT_APPROVED


def admit_decision(question: str, after: Stage, becomes: Stage) -> Admit:
    """Return the rule of one decision step: the owner's, in order, on the case's one basis."""
    stages = frozenset({after})

    def rule(offered: Admission) -> int:
        """Decide the next step of one's own case, by the rules in force, all on one basis."""
        found = _find_own(offered, stages)
        if isinstance(found, Refusal):
            return found
        code = _decision_refusal(offered, question)
        if code:
            return code
        basis = _basis_of(offered.record["pub"])
        if found.basis not in (b"", basis):
            return Refusal.BASIS_CHANGED
        changes: dict[str, Any] = {}
        if becomes in _DECIDED:
            record = offered.record
            changes = {"decision": record["id"], "not_after": record["pub"]["not_after"]}
        keep_case(offered, found, stage=becomes, basis=basis, **changes)
        return 0

    return rule


# ---- what only a person may do


def admit_refusal(offered: Admission) -> int:
    """Refuse a judged case in person, as long as no money was lent on it."""
    found = _find_own(offered, _REFUSABLE)
    if isinstance(found, Refusal):
        return found
    if "officer" not in offered.record:
        return Refusal.NO_OFFICER
    if found.lent:
        return Refusal.ALREADY_LENT
    keep_case(offered, found.without_approvals(), stage=Stage.REFUSED)
    return 0


def admit_closing(offered: Admission) -> int:
    """Close a case in person, whatever it came to; feedback, appeals, repayments may follow."""
    found = _find_own(offered, _OPEN)
    if isinstance(found, Refusal):
        return found
    if "officer" not in offered.record:
        return Refusal.NO_OFFICER
    keep_case(offered, found.without_approvals(), stage=Stage.CLOSED)
    return 0


def admit_hand_over(holders: frozenset[str]) -> Admit:
    """Return the rule that changes a case's owner: to another member, whose role is of `holders`.

    What the former owner approved of its own money is void; public money already lent stays lent.
    """

    def rule(offered: Admission) -> int:
        """Hand one's own case to another member that can hold it; approvals become void."""
        found = _find_own(offered, _OPEN)
        if isinstance(found, Refusal):
            return found
        pub = offered.record["pub"]
        if pub["from_member"] != offered.member:
            return Refusal.NOT_OWN
        to = offered.members.by_name.get(pub["to"])
        if to is None:
            return Refusal.NO_SUCH_MEMBER
        if to.name == offered.member:
            return Refusal.NAMES_ITSELF
        if to.role not in holders:
            return Refusal.CANNOT_HOLD
        if not offered.time - _LATE_MS <= pub["due"] <= offered.time + _OFFER_MS_MAX:
            return Refusal.TIME_OUT_OF_RANGE
        keep_case(offered, found.without_approvals(), owner=to.name)
        return 0

    return rule


def admit_override(offered: Admission) -> int:
    """Let the owner's officer decide otherwise than the case's decision, once."""
    found = _find_own(offered, _DECIDED)
    if isinstance(found, Refusal):
        return found
    if "officer" not in offered.record:
        return Refusal.NO_OFFICER
    if offered.record["pub"]["decision"] != found.decision:
        return Refusal.NOT_OF_THIS_CASE
    if found.overridden:
        return Refusal.ALREADY_OVERRIDDEN
    if found.lent:
        return Refusal.ALREADY_LENT
    keep_case(offered, found.without_approvals(), overridden=1)
    return 0


# ---- what others say of a case


def admit_endorsement(offered: Admission) -> int:
    """Let a member endorse another's record of a case, once."""
    case = find_case(offered.state.get, offered.record.get("case"))
    if case is None:
        return Refusal.NO_CASE
    endorsed = offered.record["pub"]["endorses"]
    written = writer_of(offered, endorsed)
    if written is None or not is_of_case(offered, case, endorsed):
        return Refusal.NOT_OF_THIS_CASE
    if written[1] == offered.member:
        return Refusal.OWN_RECORD
    key = b"endorsed/" + endorsed + b"/" + offered.member.encode()
    if offered.state.get(key) is not None:
        return Refusal.ALREADY_ENDORSED
    offered.state.put(key, b"")
    mark_named(offered, endorsed)
    return 0


def admit_feedback(offered: Admission) -> int:
    """Take feedback from a member other than those rated, once the case is decided.

    Rated are the case's owner and who approved money; one member asks about a case once a day.
    """
    found = find_case(offered.state.get, offered.record.get("case"))
    if found is None:
        return Refusal.NO_CASE
    if found.stage in _UNDECIDED:
        return Refusal.WRONG_STAGE
    if offered.member in (found.owner, found.approver):
        return Refusal.RATED_MEMBER_ASKS
    key = b"feedback/" + offered.record["case"] + b"/" + offered.member.encode()
    held = offered.state.get(key)
    if held is not None and offered.time < read_admitted(held) + _ASKED_EVERY_MS:
        return Refusal.TOO_SOON
    offered.state.put(key, encode_decoded(offered.time))
    return 0


def admit_appeal(offered: Admission) -> int:
    """Open an appeal against a record of the case; any member may take it in."""
    case = find_case(offered.state.get, offered.record.get("case"))
    if case is None:
        return Refusal.NO_CASE
    record = offered.record
    against = record["pub"]["against"]
    written = writer_of(offered, against)
    if written is None or not is_of_case(offered, case, against):
        return Refusal.NOT_OF_THIS_CASE
    answered = written[1] if written[0] == "appeal.settled" else ""
    held = HeldAppeal(record["case"], offered.member, answered)
    offered.state.put(appeal_key(record["id"]), encode_decoded(held))
    mark_named(offered, against)
    return 0


def admit_settlement(offered: Admission) -> int:
    """Answer an appeal, once and in person.

    Not by the member that took it in; and where it is against an answer, not by who gave that.
    """
    if find_case(offered.state.get, offered.record.get("case")) is None:
        return Refusal.NO_CASE
    if "officer" not in offered.record:
        return Refusal.NO_OFFICER
    appeal = offered.record["pub"]["appeal"]
    held = find_appeal(offered.state.get, appeal)
    if held is None:
        return Refusal.NOT_OPEN
    if held.case != offered.record["case"]:
        return Refusal.NOT_OF_THIS_CASE
    if offered.member in (held.taker, held.answered):
        return Refusal.OWN_APPEAL
    offered.state.delete(appeal_key(appeal))
    return 0


# ---- what positioning chooses from


def _admit_entry(offered: Admission, space: str, name: str) -> int:
    """Give a free name to the writer, or let it restate its own; an amendment keeps the name."""
    held = find_entry(offered.state.get, space, name)
    if held is not None and held.member != offered.member:
        return Refusal.NAME_TAKEN
    earlier = offered.record.get("amends")
    if earlier is not None and (held is None or held.record != earlier):
        return Refusal.NOT_TO_AMEND
    after = HeldEntry(offered.member, offered.record["id"])
    offered.state.put(entry_key(space, name), encode_decoded(after))
    return 0


def _has_names(found: object, stated: list[str]) -> bool:
    """Tell whether a list of the entry, absent or in any order, holds the names stated."""
    names = [] if found is None else found
    if type(names) is not list or any(type(each) is not str for each in names):
        return False
    return sorted(names) == stated


def admit_provider(offered: Admission) -> int:
    """Admit a service subject under a name of the writer's, its entry saying the same."""
    pub = offered.record["pub"]
    entry = pub["entry"]
    same = entry.get("provider") == pub["provider"] and all(
        _has_names(entry.get(field), pub[field]) for field in ("services", "expertise")
    )
    if not same:
        return Refusal.ENTRY_DIFFERS
    return _admit_entry(offered, "provider", pub["provider"])


def admit_product(offered: Admission) -> int:
    """Admit a version of a product under a name of the writer's: scheme and version by a point."""
    pub = offered.record["pub"]
    scheme, version = pub["entry"].get("scheme"), pub["entry"].get("version")
    if type(scheme) is not str or type(version) not in (int, str):
        return Refusal.ENTRY_DIFFERS
    if pub["product"] != f"{scheme}.{version}":
        return Refusal.ENTRY_DIFFERS
    return _admit_entry(offered, "product", pub["product"])


def is_calibrated(metrics: Mapping[str, int]) -> bool:
    """Tell whether a model's stated error of probabilities is what chance alone could bring.

    Its `ece_ppm` may exceed `ece_null95_ppm`, what true probabilities stay below in 19 of 20
    samples of its size, by at most 5,000 ppm; one that does not state both is not known to.
    """
    found, chance = metrics.get("ece_ppm"), metrics.get("ece_null95_ppm")
    return found is not None and chance is not None and found <= chance + _ECE_OVER_PPM


def admit_model(offered: Admission) -> int:
    """Let a published model decide: a person's act, once a model and service.

    One whose probabilities are not known to hold takes a coded reason, for all to read.
    """
    if "officer" not in offered.record:
        return Refusal.NO_OFFICER
    pub, state = offered.record["pub"], offered.state
    key = _model_key(pub["service"], pub["model"].raw)
    if state.get(key) is not None:
        return Refusal.ALREADY_STATED
    if "forced" not in pub and not is_calibrated(pub["metrics"]):
        return Refusal.NOT_CALIBRATED
    state.put(key, b"")
    _count_models(offered, 1)
    return 0


def admit_model_retirement(offered: Admission) -> int:
    """Let an approved model decide no more: a person's act, for good."""
    if "officer" not in offered.record:
        return Refusal.NO_OFFICER
    pub, state = offered.record["pub"], offered.state
    service, link = pub["service"], pub["model"].raw
    if state.get(_model_key(service, link)) is None:
        return Refusal.MODEL_NOT_APPROVED
    if state.get(_retired_key(service, link)) is not None:
        return Refusal.MODEL_RETIRED
    state.put(_retired_key(service, link), b"")
    _count_models(offered, -1)
    return 0


def _count_models(offered: Admission, change: int) -> None:
    """Keep how many models of a service may decide; none is no entry."""
    key = _models_key(offered.record["pub"]["service"])
    held = offered.state.get(key)
    count = (0 if held is None else read_admitted(held)) + change
    if count:
        offered.state.put(key, encode_decoded(count))
    else:
        offered.state.delete(key)


def admit_rules(offered: Admission) -> int:
    """Put the next version of a service's rules in force from the next height on.

    One version a height: what this height still decides by stays known.

    Raises:
        Unavailable: `rules.unknown`, as every rule that needs them.
    """
    pub = offered.record["pub"]
    held = offered.state.get(b"rules/" + pub["name"].encode())
    found = 0 if held is None else read_admitted(held)
    latest = found[0] if type(found) is list else found
    before = _version_in_force(offered, pub["name"])
    if latest != before or pub["version"] != latest + 1:
        return Refusal.NOT_NEXT
    if pub["from_height"] != offered.height + 1:
        return Refusal.NOT_NEXT
    if pub["name"] == _SERVICE:
        _known_version(offered, pub["version"])
    after = [pub["version"], pub["from_height"], before]
    offered.state.put(b"rules/" + pub["name"].encode(), encode_decoded(after))
    return 0
