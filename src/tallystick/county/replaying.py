"""Running a case's decisions again at one's own desk, from the inputs that were sealed.

Laws: it is the verifier's own replay (`charter.replay`) on what this member may open, each part
under a permit for evidence and with a receipt; a result is equal only if its bytes are; and the
inputs must be those that the decision's record names.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tallystick.base.codec import Cid, cid_of, encode
from tallystick.base.errors import Conflict
from tallystick.chain.decided import RESULTS, Asked
from tallystick.charter import replay
from tallystick.county.evidence import DECISIONS
from tallystick.node import Node
from tallystick.services.positioning.service import in_order

__all__ = ["replay_case"]


def replay_case(node: Node, case: bytes) -> dict[str, Any]:
    """Return `{case, equal, decisions}`: whether each decision comes out byte for byte again.

    Raises:
        Conflict: `case.undecided`, there is none to run again.
        Denied: this member may not open it.
        NotFound: `case.unknown`; `decision.version`, this program lacks the decision's version.
    """
    node.positions.find_case(case)
    rows = in_order(node.views.rows("record", {"case": case}))
    decided = [row for row in rows if row["t"] in DECISIONS]
    if not decided:
        raise Conflict("case.undecided", "no decision of the case is recorded yet")
    permit = node.desk.permit("evidence", case)
    inputs = encode(node.desk.open(permit, case, "party").values["profile"])
    found = []
    for row in decided:
        record = node.find(row["id"]).record
        sealed = {
            **node.desk.open(permit, row["id"], "case").values,
            **node.desk.open(permit, row["id"], "party").values,
        }
        differs = _differences(node, record["pub"], inputs, sealed)
        found.append(
            {
                "question": record["pub"]["question"],
                "record": row["id"],
                "equal": int(not differs),
                "differs": differs,
            }
        )
    return {
        "case": case,
        "equal": int(all(each["equal"] for each in found)),
        "decisions": found,
    }


def _differences(
    node: Node, pub: Mapping[str, Any], inputs: bytes, sealed: Mapping[str, Any]
) -> list[str]:
    """Return the names of what differs: results by bytes, and the inputs by their CID."""
    asked = Asked(
        pub["service"],
        pub["version"],
        pub["question"],
        pub["rules"],
        pub["catalogue"],
        pub.get("model"),
    )
    objects: dict[Cid, bytes] = {
        cid: node.desk.get_object(cid) for cid in (asked.catalogue, asked.model) if cid is not None
    }
    again = replay(asked, inputs, objects)
    names = [name for name in RESULTS if _bytes(again, name) != _bytes(sealed, name)]
    return names if sealed["inputs"] == cid_of(inputs) else ["inputs", *names]


def _bytes(tree: Mapping[str, Any], name: str) -> bytes:
    return encode(tree[name]) if name in tree else b""
