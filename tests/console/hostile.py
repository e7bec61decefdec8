"""Text that would act, were it not escaped; written everywhere a person may write."""

from __future__ import annotations

import time
from typing import Any, Final

import httpx

from console.served import Served
from counties import FITTING, UNFITTING

__all__ = ["HOSTILE", "MARK", "SHOWN", "plant", "was_hit"]

MARK: Final = "hostile-mark"
HOSTILE: Final = (
    f"\"'><script>window.hit=1</script><img src=x onerror=window.hit=1><b id={MARK}>\u738b</b>"
    "{{7*7}}<svg onload=window.hit=1>"
)
SHOWN: Final = f"<b id={MARK}>\u738b</b><img src=x o>"
"""An officer's name may have 40 signs."""


def was_hit() -> str:
    """Return the script that tells whether text became markup, or ran."""
    return f"() => !!window.hit || !!document.getElementById('{MARK}')"


def plant(served: Served) -> dict[str, list[httpx.Response]]:
    """Write hostile text through the API wherever it takes words; return its answers by route."""
    told: dict[str, list[httpx.Response]] = {}

    def send(member: str, path: str, body: dict[str, Any], kind: str) -> httpx.Response:
        with served.api(member) as client:
            answer = client.post(path, json=body)
        told.setdefault(kind, []).append(answer)
        return answer

    send("newspaper", "news", {"text": HOSTILE}, "news")
    send("finance", "guidance", {"topic": "seed", "text": HOSTILE}, "guidance")
    with served.api("credit-union") as client:
        entry = client.get("providers").json()["items"][0]["entry"]
    names = {"provider": "hostile", "name_zh": HOSTILE[:60], "name_en": HOSTILE[:60]}
    send("credit-union", "providers", entry | names, "providers")
    user = {"name": "a.hostile", "shown": SHOWN, "role": "manager"}
    send("credit-union", "users", user, "users")
    coded = {"code": "not_fair", "words": HOSTILE}
    fits, misses = _take_in(served)
    send("credit-union", f"cases/{misses}/refuse", coded, "refuse")
    for case in (fits, misses):
        _await_case(served, "village", case)
        send("village", f"cases/{case}/appeals", coded, "appeals")
        send("finance", f"cases/{case}/feedback", {"felt": 1, "words": HOSTILE}, "feedback")
    to = {"to": "agricultural-bank", "days": 5, "notes": HOSTILE}
    send("credit-union", f"cases/{fits}/hand-over", to, "hand-over")
    return told


def _await_case(served: Served, member: str, case: str) -> None:
    """Wait until a member's own copy has come to a case that another opened a moment before."""
    until = time.monotonic() + 20
    with served.api(member) as client:
        while client.get(f"cases/{case}").status_code == httpx.codes.NOT_FOUND:
            assert time.monotonic() < until, f"{member} never heard of {case}"
            time.sleep(0.05)


def _take_in(served: Served) -> list[str]:
    """Register a household of that name, and open a case that fits and one that does not."""
    with served.api("credit-union") as client:

        def post(path: str, body: dict[str, Any]) -> dict[str, Any]:
            answer = client.post(path, json=body)
            assert answer.is_success, f"{path}: {answer.text}"
            found: dict[str, Any] = answer.json()
            return found

        party = post("parties", {"kind": "household", "identity": {"name": HOSTILE}})["party"]
        asked = {"party": party, "witness": "village", "days": 400, "text": HOSTILE}
        mandate = post("mandates", asked)["mandate"]
        requests = [
            {"application": each, "party": party, "mandate": mandate, "defaults": []}
            for each in (FITTING, UNFITTING)
        ]
        return [item["case"] for item in post("cases", {"requests": requests})["items"]]
