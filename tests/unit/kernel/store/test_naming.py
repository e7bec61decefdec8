"""What a request of a name asks for, and its record as an answer, from the specification's text."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

import multiformats
import pytest

from tallystick.base.errors import Error
from tallystick.base.keys import SigningKey
from tallystick.kernel.store.answering import Answer
from tallystick.kernel.store.gateway import CAR, IPNS_RECORD, RAW_BLOCK, Asked, headers_of
from tallystick.kernel.store.ipns.name import IpnsName
from tallystick.kernel.store.ipns.record import Pointer, Record, sign_record
from tallystick.kernel.store.naming import answer_record, follow_request, read_named
from tallystick.kernel.store.unixfs.cid import IpfsCid

CID = "bafkreifzjut3te2nhyekklss27nh3k72ysco7y32koao5eei66wof36n5e"
KEYS = [SigningKey.from_seed(bytes((number,)) * 32) for number in range(4)]
NAME, NEXT, FAR, LAST = (str(IpnsName(key.public)) for key in KEYS)
NOW_MS = 1_800_000_000_000


def make(key: SigningKey, value: str, ttl_s: int = 300, left_s: int = 10**6) -> Record:
    said = Pointer(
        value=value.encode(),
        sequence=1,
        ends_ns=NOW_MS * 1_000_000 + left_s * 10**9,
        ttl_ns=ttl_s * 10**9,
    )
    return sign_record(key, said)


KEPT = {
    IpnsName.parse(NAME): make(KEYS[0], f"/ipfs/{CID}"),
    IpnsName.parse(NEXT): make(KEYS[1], f"/ipns/{NAME}/deep", ttl_s=60),
    IpnsName.parse(LAST): make(KEYS[3], f"/ipns/{FAR}/y/"),
    IpnsName.parse(FAR): make(KEYS[2], f"/ipfs/{CID}/a b", ttl_s=10**9, left_s=90),
}


def ask(name: str, path: str = "", headers: Mapping[str, str] | None = None, **query: str) -> Asked:
    given = {name.replace("_", "-"): value for name, value in query.items()}
    return follow_request(read_named(name, path, given, headers or {}), KEPT.get, NOW_MS)


def record(
    name: str, path: str = "", headers: Mapping[str, str] | None = None, **query: str
) -> Answer:
    asked = read_named(name, path, {"format": "ipns-record", **query}, headers or {})
    assert asked.is_record
    return answer_record(asked, KEPT.get, NOW_MS)


def code(act: Callable[[], object]) -> str:
    with pytest.raises(Error) as caught:
        act()
    return caught.value.code


def test_what_a_name_leads_to_is_asked_for_by_its_cid_under_the_name_s_address() -> None:
    asked = ask(NAME, "/x", format="car", dag_scope="entity")
    assert (str(asked.cid), asked.names, asked.scope) == (CID, ("x",), "entity")
    headers = headers_of(asked, (IpfsCid.parse(CID),), None)
    assert headers["X-Ipfs-Path"] == f"/ipns/{NAME}/x"
    assert headers["Cache-Control"] == "public, max-age=300"
    same = headers_of(ask(NAME, "", format="raw"), (IpfsCid.parse(CID),), 1)
    assert same["Etag"] == f'"{CID}.raw"'


def test_a_path_within_a_record_comes_before_the_one_asked_for() -> None:
    asked = ask(NEXT, "/x/", format="car")
    assert asked.names == ("deep", "x")
    assert asked.path == f"/ipns/{NEXT}/x/"
    assert ask(FAR, format="car").names == ("a b",)
    assert ask(LAST, "/x", format="car").names == ("a b", "y", "x")
    assert code(lambda: ask(FAR, format="raw")) == "gateway.request"


def test_an_answer_may_be_kept_as_long_as_the_shortest_on_the_way_and_while_it_counts() -> None:
    assert ask(NEXT, format="car").age_s == 60
    assert ask(FAR, format="car").age_s == 90


def test_the_form_is_chosen_as_below_ipfs_and_the_record_is_one_more() -> None:
    for accept, is_record in (
        (IPNS_RECORD, True),
        (f"{RAW_BLOCK};q=0.5, {IPNS_RECORD}", True),
        (f"{IPNS_RECORD};q=0.5, {CAR}", False),
        (f"text/html, {IPNS_RECORD};q=0.1", True),
    ):
        assert read_named(NAME, "", {}, {"accept": accept}).is_record == is_record
    assert not read_named(NAME, "", {"format": "raw"}, {"accept": IPNS_RECORD}).is_record
    assert read_named(NAME, "", {"format": "ipns-record"}, {"accept": CAR}).is_record
    for query, accept, expected in (
        ({}, "", "gateway.request"),
        ({}, "*/*", "gateway.request"),
        ({}, "text/html", "gateway.accept"),
        ({}, f"{CAR};version=2", "gateway.accept"),
        ({"format": "json"}, IPNS_RECORD, "gateway.accept"),
        ({"format": ""}, "", "gateway.accept"),
    ):
        act = partial(read_named, NAME, "", query, {"accept": accept})
        assert code(act) == expected


def test_a_record_is_told_with_its_headers_and_its_bytes() -> None:
    found = record(NAME)
    raw = KEPT[IpnsName.parse(NAME)].raw
    assert (found.status, found.body) == (200, (raw,))
    assert found.headers["Content-Type"] == "application/vnd.ipfs.ipns-record"
    assert found.headers["Content-Disposition"] == f'attachment; filename="{NAME}.ipns-record"'
    assert found.headers["Cache-Control"] == "public, max-age=300"
    assert found.headers["Content-Length"] == str(len(raw))
    assert found.headers["X-Content-Type-Options"] == "nosniff"
    assert found.headers["Access-Control-Allow-Origin"] == "*"
    assert found.headers["X-Ipfs-Path"] == f"/ipns/{NAME}"
    assert found.headers["Etag"].startswith('"')
    assert "Content-Location" not in found.headers
    assert record(NEXT).headers["Etag"] != found.headers["Etag"]
    # Of a hundred years, what caches are told is what the record says.
    assert record(FAR).headers["Cache-Control"] == f"public, max-age={10**9}"


def test_a_record_that_accept_asked_for_tells_the_address_that_needs_none() -> None:
    asked = read_named(NAME, "", {"filename": "a b"}, {"accept": IPNS_RECORD})
    told = answer_record(asked, KEPT.get, NOW_MS).headers
    assert told["Content-Location"] == f"/ipns/{NAME}?filename=a+b&format=ipns-record"


def test_a_record_is_called_as_it_was_asked() -> None:
    told = record(NAME, filename="testтест.ipns-record").headers["Content-Disposition"]
    assert told == (
        'attachment; filename="test____.ipns-record";'
        " filename*=UTF-8''test%D1%82%D0%B5%D1%81%D1%82.ipns-record"
    )


def test_who_has_the_record_is_told_so() -> None:
    tag = record(NAME).headers["Etag"]
    for known in (tag, f"W/{tag}", f'"x", {tag}', "*"):
        found = record(NAME, headers={"if-none-match": known})
        assert (found.status, found.body) == (304, ())
        assert found.headers["Etag"] == tag
        assert found.headers["Cache-Control"] == "public, max-age=300"
        assert "Content-Length" not in found.headers
    assert record(NAME, headers={"if-none-match": '"x"'}).status == 200


def test_a_record_has_no_path() -> None:
    assert record(NAME, "/").status == 200
    for path in ("/a", "//a", "/a/"):
        assert code(partial(record, NAME, path)) == "gateway.request"


def test_a_name_is_taken_in_every_form_it_has() -> None:
    raw = bytes.fromhex("0172002408011220") + KEYS[0].public
    peer = multiformats.multibase.encode(raw[2:], "base58btc")[1:]
    for each in (peer, multiformats.multibase.encode(raw, "base32"), NAME.upper()):
        assert record(each).body == record(NAME).body
        assert ask(each, format="raw").path == f"/ipns/{each}"


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("example.com", "gateway.dnslink"),
        ("en.wikipedia-on-ipfs.org", "gateway.dnslink"),
        ("foo", "gateway.request"),
        ("localhost", "gateway.request"),
        (NAME[:-1], "gateway.request"),
        (CID, "gateway.request"),
        ("bafkqaaa", "gateway.request"),
        ("b" * 5_000, "gateway.request"),
        ("QmcJM7PRfkSbcM5cf1QugM5R37TLRKyJGgBEhXjLTB8uA2", "gateway.absent"),
    ],
)
def test_what_is_no_name_of_a_key_is_refused_by_what_it_is(name: str, expected: str) -> None:
    assert code(lambda: record(name)) == expected
    assert code(lambda: ask(name, format="car")) == expected


def test_a_key_of_a_kind_never_kept_here_is_not_at_hand() -> None:
    only = {"cache-control": "only-if-cached"}
    name = "QmcJM7PRfkSbcM5cf1QugM5R37TLRKyJGgBEhXjLTB8uA2"
    assert code(lambda: record(name, headers=only)) == "gateway.not_cached"
    assert code(lambda: ask(name, format="car", headers=only)) == "gateway.not_cached"


def test_a_name_that_leads_nowhere_is_as_what_never_was() -> None:
    never = str(IpnsName(bytes(31) + b"n"))
    only = {"cache-control": "only-if-cached"}
    late = NOW_MS + 10**12
    for name, now_ms in ((never, NOW_MS), (NAME, late), (NEXT, late)):
        for headers, expected in (({}, "gateway.absent"), (only, "gateway.not_cached")):
            asked = read_named(name, "", {"format": "ipns-record"}, headers)
            assert code(partial(answer_record, asked, KEPT.get, now_ms)) == expected
            asked = read_named(name, "/x", {"format": "car"}, headers)
            assert code(partial(follow_request, asked, KEPT.get, now_ms)) == expected
    bad = read_named(never, "", {"format": "car", "dag-scope": "x"}, {})
    assert code(lambda: follow_request(bad, KEPT.get, NOW_MS)) == "gateway.request"


def test_no_page_s_worker_is_registered_below_a_name() -> None:
    headers = {"service-worker": "script"}
    assert code(lambda: record(NAME, headers=headers)) == "gateway.request"
