"""Text that would act, were it not escaped; written everywhere a person may write."""

from __future__ import annotations

from typing import Any, Final

import httpx

from console.served import Served

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
    for member in ("credit-union", "agricultural-bank"):
        user = {"name": "a.hostile", "shown": SHOWN, "role": "manager"}
        send(member, "users", user, "users")
        coded = {"code": "not_fair", "words": HOSTILE}
        for case in _open_cases(served, member):
            send(member, f"cases/{case}/appeals", coded, "appeals")
            send(member, f"cases/{case}/feedback", {"felt": 1, "words": HOSTILE}, "feedback")
            send(member, f"cases/{case}/hand-over", _over(member), "hand-over")
            send(member, f"cases/{case}/refuse", coded, "refuse")
            send(member, f"cases/{case}/close", coded, "close")
    return told


def _open_cases(served: Served, member: str) -> list[str]:
    with served.api(member) as client:
        rows = client.get("cases", params={"limit": 40}).json()["items"]
    return [row["case"] for row in rows]


def _over(member: str) -> dict[str, Any]:
    to = "agricultural-bank" if member == "credit-union" else "credit-union"
    return {"to": to, "days": 5, "notes": HOSTILE}
