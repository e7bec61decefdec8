"""Messages between members: signed as RFC 9421 says, believed by no other rule, each refusal named.

The oracle is `http-message-signatures`, which knows nothing of this house.
"""

from __future__ import annotations

import base64
import datetime
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import http_message_signatures as oracle
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from links import CHAIN, NOW_MS, List, key_of, make_trust
from tallystick.base.clock import ManualClock, SystemClock
from tallystick.base.errors import Denied, Error, Unavailable
from tallystick.base.keys import SigningKey
from tallystick.chain.member import Members
from tallystick.kernel.link.signature import (
    content_digest,
    only_fields,
    read_signature,
    sign,
)
from tallystick.kernel.link.trust import TAG, Trust

TARGET = "https://coop.example:8421/link/v1/ledger.blocks"
BODY = b"\x82\x01\x02"


@dataclass
class Request:
    """A request as the oracle takes it."""

    method: str = "POST"
    url: str = TARGET
    headers: dict[str, str] = field(default_factory=dict)


@dataclass
class Response:
    """An answer as the oracle takes it."""

    status_code: int
    headers: dict[str, str]
    request: Request
    url: str = TARGET


class Keys(oracle.HTTPSignatureKeyResolver):
    """The members' keys, as the oracle asks for them."""

    def resolve_public_key(self, key_id: str) -> Any:
        return self.resolve_private_key(key_id).public_key()

    def resolve_private_key(self, key_id: str) -> Any:
        return Ed25519PrivateKey.from_private_bytes(key_of(key_id.split("/", maxsplit=1)[0]).seed)


VERIFIER = oracle.HTTPMessageVerifier(
    signature_algorithm=oracle.algorithms.ED25519, key_resolver=Keys()
)
SIGNER = oracle.HTTPMessageSigner(
    signature_algorithm=oracle.algorithms.ED25519, key_resolver=Keys()
)


@dataclass
class Two:
    """The trust of both members, one clock and one list."""

    bank: Trust
    coop: Trust
    clock: ManualClock
    known: List
    folder: Path

    def ask(self, **changes: str) -> dict[str, str]:
        """Return a request's fields, some of them changed on the way."""
        return {**self.bank.sign_request("coop", TARGET, BODY), **changes}

    def hear(self, fields: Mapping[str, str], body: bytes = BODY, **more: str) -> str:
        """Let the other member believe a request; return who asks."""
        asked = self.coop.check_request(
            more.get("method", "POST"), more.get("target", TARGET), fields
        )
        self.coop.accept(asked, body)
        return asked.caller


@pytest.fixture
def two(tmp_path: Path) -> Iterator[Two]:
    clock, known = ManualClock(NOW_MS), List()
    bank, heard = make_trust(tmp_path, "bank", known, clock)
    coop, also = make_trust(tmp_path, "coop", known, clock)
    yield Two(bank, coop, clock, known, tmp_path)
    heard.close()
    also.close()


@pytest.fixture
def now(tmp_path: Path) -> Iterator[tuple[Trust, Trust]]:
    """Both members by the machine's clock, which is the oracle's."""
    known = List()
    bank, heard = make_trust(tmp_path, "bank", known, SystemClock())
    coop, also = make_trust(tmp_path, "coop", known, SystemClock())
    yield bank, coop
    heard.close()
    also.close()


def refusal(code: str, family: type[Error] = Denied) -> Any:
    return pytest.raises(family, match=rf"^{code}: ")


# ---- against the RFC and the oracle


def test_the_rfcs_own_example_is_signed_to_its_very_bytes() -> None:
    """RFC 9421, appendix B.2.6."""
    seed = base64.urlsafe_b64decode("n4Ni-HpISpVObnQMW0wOhCKROaIKqKtW_2ZYb2p9KcU=")
    key = SigningKey.from_seed(seed)
    values = {
        '"date"': "Tue, 20 Apr 2021 02:07:55 GMT",
        '"@method"': "POST",
        '"@path"': "/foo",
        '"@authority"': "example.com",
        '"content-type"': "application/json",
        '"content-length"': "18",
    }
    fields = sign(key, values, [("created", 1_618_884_473), ("keyid", "test-key-ed25519")])
    assert fields["signature"] == (
        "tally=:wqcAqbmYJ2ji2glfAMaRy4gruYYnx2nEFN2HN6jrnDnQCK1u02Gb04v9EDgwUPiu4A0w6vuQv5lIp5WPpB"
        "KRCw==:"
    )
    assert read_signature(fields).is_by(key.public, values)


def test_the_oracle_accepts_our_request(now: tuple[Trust, Trust]) -> None:
    bank, _ = now
    request = Request(headers=bank.sign_request("coop", TARGET, BODY))
    (found,) = VERIFIER.verify(request, expect_tag=TAG, body=BODY)
    assert found.parameters["keyid"] == "bank/3"
    assert set(found.covered_components) == {
        *('"@method"', '"@target-uri"', '"content-digest"', '"tally-chain"', '"tally-to"'),
        '"@signature-params"',
    }


def test_the_oracle_refuses_our_request_to_another_target(now: tuple[Trust, Trust]) -> None:
    request = Request(url=f"{TARGET}x", headers=now[0].sign_request("coop", TARGET, BODY))
    with pytest.raises(oracle.InvalidSignature):
        VERIFIER.verify(request, expect_tag=TAG, body=BODY)


def test_the_oracle_accepts_our_answer_for_its_request_alone(now: tuple[Trust, Trust]) -> None:
    bank, coop = now
    first, other = (Request(headers=bank.sign_request("coop", TARGET, BODY)) for _ in range(2))
    fields = coop.sign_answer(first.headers["signature"], 200, b"found")
    VERIFIER.verify(Response(200, fields, first), expect_tag=TAG, body=b"found")
    with pytest.raises(oracle.InvalidSignature):
        VERIFIER.verify(Response(200, fields, other), expect_tag=TAG, body=b"found")


def signed_by_oracle(request: Request, **more: Any) -> None:
    made = datetime.datetime.now(datetime.UTC)
    SIGNER.sign(
        request,
        key_id="bank/3",
        created=made,
        expires=made + datetime.timedelta(seconds=30),
        nonce="0123456789abcdef",
        tag=TAG,
        covered_component_ids=("tally-to", "@target-uri", "tally-chain", "@method"),
        body=BODY,
        **more,
    )


def lowered(headers: Mapping[str, str]) -> dict[str, str]:
    return only_fields((name.encode(), value.encode()) for name, value in headers.items())


def test_we_believe_the_oracles_request_in_its_own_order(now: tuple[Trust, Trust]) -> None:
    request = Request(headers={"tally-chain": CHAIN.hex(), "tally-to": "coop"})
    signed_by_oracle(request, label="sig1")
    asked = now[1].check_request("POST", TARGET, lowered(request.headers))
    now[1].accept(asked, BODY)
    assert asked.caller == "bank"


def test_we_believe_the_oracles_answer(now: tuple[Trust, Trust]) -> None:
    bank, _ = now
    request = Request(headers=bank.sign_request("coop", TARGET, BODY))
    answer = Response(200, {}, request)
    SIGNER.sign(
        answer,
        key_id="coop/3",
        tag=TAG,
        covered_component_ids=("@status", '"signature";req'),
        body=b"found",
    )
    bank.check_answer("coop", lowered(request.headers), 200, lowered(answer.headers), b"found")


@given(st.dictionaries(st.sampled_from(["a", "b-c", "x9"]), st.text("abc;,: ()=", max_size=9)))
def test_what_is_signed_is_read_as_it_was_signed(told: dict[str, str]) -> None:
    key, values = key_of("bank"), {f'"{name}"': each for name, each in told.items()}
    values['"@method"'] = "POST"
    stated: list[tuple[str, int | str]] = [("created", 7), ("keyid", "k")]
    stated.append(("nonce", " ".join(told.values())))
    found = read_signature(sign(key, values, stated))
    assert found.covers(values)
    assert found.told == dict(stated)
    assert found.is_by(key.public, values)
    assert not found.is_by(key.public, {**values, '"@method"': "GET"})
    assert not found.is_by(key.public, {**values, '"@method"': "POST\n"})


# ---- requests refused, each by its name


def test_a_request_is_believed_and_its_caller_told(two: Two) -> None:
    assert two.hear(two.ask()) == "bank"


@pytest.mark.parametrize(
    "name", ["signature", "signature-input", "content-digest", "tally-to", "tally-chain"]
)
def test_a_request_that_lacks_a_field_is_refused(two: Two, name: str) -> None:
    fields = two.ask()
    del fields[name]
    with pytest.raises(Denied, match=r"^link\.(unsigned|signature): "):
        two.hear(fields)


def test_a_request_to_another_path_or_by_another_method_is_refused(two: Two) -> None:
    with refusal("link.signature"):
        two.hear(two.ask(), target=TARGET.replace("blocks", "note"))
    with refusal("link.signature"):
        two.hear(two.ask(), target=TARGET.replace("https", "http"))
    with refusal("link.signature"):
        two.hear(two.ask(), method="PUT")


def test_another_body_is_refused_and_does_not_use_up_the_request(two: Two) -> None:
    fields = two.ask()
    with refusal("link.digest"):
        two.hear(fields, BODY + b"\x00")
    with refusal("link.signature"):
        two.hear({**fields, "content-digest": content_digest(b"")}, b"")
    assert two.hear(fields) == "bank"


def test_another_chain_or_recipient_is_refused_though_it_is_signed(two: Two) -> None:
    with refusal("link.recipient"):
        two.hear(two.bank.sign_request("bank", TARGET, BODY))
    with refusal("link.signature"):
        two.hear(two.ask(**{"tally-to": "bank"}))
    with refusal("link.signature"):
        two.hear(two.ask(**{"tally-chain": bytes(32).hex()}))


def test_a_request_of_another_chain_is_refused_where_one_member_is_in_both(
    two: Two, tmp_path: Path
) -> None:
    (tmp_path / "other").mkdir()
    other, heard = make_trust(tmp_path / "other", "bank", two.known, two.clock)
    object.__setattr__(other.roll, "chain", bytes(32))
    with refusal("link.chain"):
        two.hear(other.sign_request("coop", TARGET, BODY))
    heard.close()


def test_a_request_is_heard_until_it_ends_and_no_longer(two: Two) -> None:
    fields, late = two.ask(), two.ask()
    two.clock.advance(50_000)
    assert two.hear(fields) == "bank"
    two.clock.advance(1_000)
    with refusal("link.expired"):
        two.hear(late)


def test_a_request_of_the_future_is_refused_beyond_ten_seconds(two: Two) -> None:
    two.clock.advance(10_000)
    near = two.ask()
    two.clock.advance(1_000)
    far = two.ask()
    two.clock.advance(-11_000)
    assert two.hear(near) == "bank"
    with refusal("link.future"):
        two.hear(far)


def _resigned(fields: dict[str, str], name: str = "bank", **told: int | str) -> dict[str, str]:
    """Sign a request's values anew, with other parameters."""
    found = read_signature(fields)
    values = {
        '"@method"': "POST",
        '"@target-uri"': TARGET,
        **{f'"{each}"': fields[each] for each in ("content-digest", "tally-chain", "tally-to")},
    }
    return {**fields, **sign(key_of(name), values, [*{**found.told, **told}.items()])}


def test_a_request_that_would_live_longer_than_a_minute_is_refused(two: Two) -> None:
    now = NOW_MS // 1_000
    assert two.hear(_resigned(two.ask(), expires=now + 60)) == "bank"
    for end in (now + 61, now, now - 1):
        with refusal("link.expired"):
            two.hear(_resigned(two.ask(), expires=end))


def test_a_request_for_another_purpose_is_refused(two: Two) -> None:
    with refusal("link.unsigned"):
        two.hear(_resigned(two.ask(), tag="tally-news"))
    with refusal("link.unsigned"):
        two.hear(_resigned(two.ask(), nonce="short"))
    with refusal("link.unsigned"):
        two.hear(_resigned(two.ask(), alg="rsa-pss-sha512"))


def test_a_stranger_and_a_key_of_another_number_are_refused(two: Two) -> None:
    for key_id in ("stranger/3", "bank/4", "bank", "../../etc", "bank/03"):
        with refusal("link.key"):
            two.hear(_resigned(two.ask(), keyid=key_id))


def test_nobody_speaks_in_anothers_name(two: Two) -> None:
    with refusal("link.signature"):
        two.hear(_resigned(two.ask(), name="coop"))


def test_a_revoked_key_is_refused_and_signs_no_more(two: Two) -> None:
    fields = two.ask()
    two.known.revoke("bank")
    with refusal("link.key"):
        two.hear(fields)
    with refusal(r"link\.no_key", Unavailable):
        two.ask()


def test_a_request_is_heard_once_also_after_a_restart(two: Two) -> None:
    fields = two.ask()
    assert two.hear(fields) == "bank"
    with refusal("link.replayed"):
        two.hear(fields)
    again, heard = make_trust(two.folder, "coop", two.known, two.clock)
    two.clock.advance(49_000)
    with refusal("link.replayed"):
        again.accept(again.check_request("POST", TARGET, fields), BODY)
    heard.close()


def test_a_signature_spelt_otherwise_is_refused(two: Two) -> None:
    fields = two.ask()
    stated = fields["signature-input"]
    for other in (
        stated.replace(";created", "; created"),
        stated.replace(";created=", ";created=0"),
        stated.replace('"@method"', '"@method" "@method"'),
        stated + ';tag="tally-link"',
        f"{stated}, {stated}",
        stated.replace("tally=", "other="),
        stated.replace(")", ");alg"),
        stated + " " * 2_000,
    ):
        with refusal("link.unsigned"):
            two.hear({**fields, "signature-input": other})
    # The last sign of 64 bytes in base64 carries four bits that nothing reads.
    value = fields["signature"]
    at = len(value) - 4
    for sign_of in "BCDEF":
        if value[at] != sign_of:
            with pytest.raises(Denied, match=r"^link\.(unsigned|signature): "):
                two.hear({**fields, "signature": value[:at] + sign_of + value[at + 1 :]})


def test_a_field_that_comes_twice_counts_as_none(two: Two) -> None:
    pairs = [(name.encode(), value.encode()) for name, value in two.ask().items()]
    with refusal("link.signature"):
        two.hear(only_fields([*pairs, (b"Tally-To", b"coop")]))
    with refusal("link.unsigned"):
        two.hear(only_fields([*pairs, (b"Signature", b"x=:AA==:")]))


@given(st.text(max_size=300), st.text(max_size=120))
def test_no_text_is_taken_for_a_signature(stated: str, value: str) -> None:
    with suppress(Denied):
        found = read_signature({"signature-input": stated, "signature": value})
        assert not found.is_by(key_of("bank").public, dict.fromkeys(found.covered, ""))


# ---- answers


Fields = dict[str, str]


def _answer(two: Two, status: int = 200, body: bytes = b"found") -> tuple[Fields, Fields]:
    asked = two.ask()
    return asked, two.coop.sign_answer(asked["signature"], status, body)


def test_an_answer_is_believed_from_who_was_asked(two: Two) -> None:
    asked, fields = _answer(two)
    two.bank.check_answer("coop", asked, 200, fields, b"found")


def test_an_answer_is_refused_for_any_change(two: Two) -> None:
    asked, fields = _answer(two)
    other, _ = _answer(two)
    told = "link.answer"
    for args in (
        ("coop", other, 200, fields, b"found"),
        ("coop", asked, 403, fields, b"found"),
        ("coop", asked, 200, fields, b"other"),
        ("bank", asked, 200, fields, b"found"),
        ("coop", asked, 200, {}, b"found"),
        ("coop", asked, 200, {**fields, "content-digest": content_digest(b"x")}, b"x"),
    ):
        with refusal(told, Unavailable):
            two.bank.check_answer(*args)


def test_a_member_does_not_answer_in_anothers_place(two: Two) -> None:
    asked = two.ask()
    fields = two.bank.sign_answer(asked["signature"], 200, b"found")
    with refusal("link.answer", Unavailable):
        two.bank.check_answer("coop", asked, 200, fields, b"found")


def test_a_member_that_its_own_copy_does_not_list_yet_is_believed_where_it_is_listed(
    tmp_path: Path,
) -> None:
    behind, ahead = List(), List()
    ahead.members = Members.of([*behind.members.by_name.values(), ahead.member("fund")])
    clock = ManualClock(NOW_MS)
    with ExitStack() as stack:

        def trust(name: str, known: List, drawn: int = 0) -> Trust:
            found, heard = make_trust(tmp_path, name, known, clock, drawn=drawn)
            stack.callback(heard.close)
            return found

        fund, coop, bank = trust("fund", behind, 3), trust("coop", ahead), trust("bank", behind)
        asked = coop.check_request("POST", TARGET, fund.sign_request("coop", TARGET, BODY))
        assert asked.caller == "fund"
        with refusal(r"link\.key", Denied):
            bank.check_request("POST", TARGET, fund.sign_request("bank", TARGET, BODY))
        with refusal(r"link\.no_key", Unavailable):
            trust("mill", behind).sign_request("coop", TARGET, BODY)
