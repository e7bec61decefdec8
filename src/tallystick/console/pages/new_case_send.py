"""Submitting a new case: register, mandate, consent, case; each recorded once however often sent.

Laws: every request's Idempotency-Key follows from the draft's own secret and the request's content,
so that a second window, a repeated click or a restart records nothing twice; what came of each is
kept in the draft before the next is sent; while the case's own answer is not known, the very same
request is sent again and no other. The draft goes once its case stands.
Limits: the API knows a repetition for 24 hours.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from hashlib import sha256
from typing import Any, Final

from tallystick.base.errors import Conflict, Error
from tallystick.console.pages.new_case_consent import READ_CLASSES, READ_DAYS, write_mandate
from tallystick.console.pages.new_case_keep import Keeper
from tallystick.console.pages.new_case_question import Answers
from tallystick.console.pages.new_case_tree import make_application
from tallystick.console.visit import Visit

__all__ = ["make_key", "send_case"]

Tree = dict[str, Any]
_FAILED: Final = 500
_UNSURE: Final = frozenset({"request.running", "outbox.key_reused"})
"""After these, and after what the node failed at, nobody knows whether it was recorded."""


def make_key(draft: str, path: str, body: Mapping[str, Any]) -> str:
    """Return the Idempotency-Key of a request: equal for equal requests of one draft.

    >>> make_key("aa", "/cases", {"a": 1}) == make_key("aa", "/cases", {"a": 1})
    True
    """
    told = json.dumps(body, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return sha256(f"{draft}\n{path}\n{told}".encode()).hexdigest()[:32]


async def send_case(v: Visit, keeper: Keeper, as_of: int) -> Tree:
    """Record what the draft says and return the case, as `POST /cases` answers it.

    Raises:
        Conflict: `draft.changed`, another window saved the draft since.
        Error: as the API refuses it; what was recorded before stays and is not sent again.
    """
    waiting = keeper.tree.get("sent")
    if waiting is None:
        waiting = await _prepare(v, keeper, as_of)
        keeper.tree["sent"] = waiting
        await _keep(keeper)
    try:
        answer = await v.client.send(
            "/cases", waiting, key=make_key(keeper.draft, "/cases", waiting)
        )
    except Error as error:
        if error.http_status < _FAILED and error.code not in _UNSURE:
            # It was refused, so that it may be changed and sent anew.
            del keeper.tree["sent"]
            await _keep(keeper)
        raise
    await keeper.drop()
    found: Tree = answer["items"][0]
    return {"height": answer.get("height"), **found}


async def _prepare(v: Visit, keeper: Keeper, as_of: int) -> Tree:
    """Record what a case stands on, and return the case's own request."""
    answers = keeper.answers
    party = await _find_party(v, keeper)
    request: Tree = {
        "application": make_application(answers, as_of, v.language),
        "party": party,
        "defaults": [],
    }
    if answers.get("assent") == "mandate":
        body = {
            "party": party,
            "witness": answers["witness"],
            "days": int(answers["days"]),
            "text": write_mandate(v, answers),
        }
        request["mandate"] = (await _once(v, keeper, "/mandates", body))["mandate"]
    for reader in answers.get("readers", ()):
        consent = {
            "party": party,
            "recipient": reader,
            "classes": list(READ_CLASSES),
            "purpose": "positioning",
            "days": READ_DAYS,
        }
        await _once(v, keeper, "/grants", consent)
    return {"requests": [request]}


async def _find_party(v: Visit, keeper: Keeper) -> str:
    answers = keeper.answers
    if answers.get("party_known") == "yes":
        return str(answers["party_number"]).strip().lower()
    if "party" not in keeper.tree:
        found = await _once(v, keeper, "/parties", _describe(answers))
        keeper.tree["party"] = found["party"]
        await _keep(keeper)
    return str(keeper.tree["party"])


def _describe(answers: Answers) -> Tree:
    typed = {name: str(answers.get(name, "")).strip() for name in ("person_name", "phone")}
    body: Tree = {"kind": answers["party_kind"], "identity": {"name": typed["person_name"]}}
    number = str(answers.get("id_number", "")).strip().upper()
    if number and answers["party_kind"] == "household":
        body["identity"]["id_number"] = number
    if typed["phone"]:
        body["contacts"] = {"phone": typed["phone"]}
    return body


async def _once(v: Visit, keeper: Keeper, path: str, body: Tree) -> Tree:
    return await v.client.send(path, body, key=make_key(keeper.draft, path, body))


async def _keep(keeper: Keeper) -> None:
    keeper.touch()
    if await keeper.save():
        return
    if keeper.conflict is not None:
        raise keeper.conflict
    raise keeper.trouble or Conflict("draft.changed", "the draft was not saved")
