"""What a request of a trustless gateway asks for, from the text of its specification."""

from __future__ import annotations

import base64
from collections.abc import Callable
from functools import partial

import multiformats
import pytest

from tallystick.base.errors import Error
from tallystick.kernel.store.gateway import (
    CAR,
    RAW_BLOCK,
    SHARED,
    Asked,
    Span,
    headers_of,
    read_request,
)
from tallystick.kernel.store.unixfs.cid import IpfsCid

CID = "bafkreifzjut3te2nhyekklss27nh3k72ysco7y32koao5eei66wof36n5e"


def ask(cid: object, path: str = "", accept: str = "", **query: str) -> Asked:
    given = {name.replace("_", "-"): value for name, value in query.items()}
    return read_request(str(cid), path, given, {"accept": accept} if accept else {})


def code(act: Callable[[], object]) -> str:
    with pytest.raises(Error) as caught:
        act()
    return caught.value.code


def test_without_format_and_accept_a_request_is_refused() -> None:
    assert code(lambda: ask(CID)) == "gateway.request"
    assert code(lambda: ask(CID, accept="*/*")) == "gateway.request"


@pytest.mark.parametrize("accept", ["text/html", "application/vnd.ipld.dag-json", "text/html,*/*"])
def test_a_form_that_is_not_verifiable_is_not_given(accept: str) -> None:
    assert code(lambda: ask(CID, accept=accept)) == "gateway.accept"


@pytest.mark.parametrize("form", ["json", "tar", "dag-json", "RAW", ""])
def test_a_format_that_is_not_given_is_refused_whatever_is_accepted(form: str) -> None:
    assert code(lambda: ask(CID, accept=RAW_BLOCK, format=form)) == "gateway.accept"


def test_an_ipns_record_is_no_form_of_content() -> None:
    record = "application/vnd.ipfs.ipns-record"
    assert code(lambda: ask(CID, format="ipns-record")) == "gateway.request"
    assert code(lambda: ask(CID, accept=record)) == "gateway.request"
    assert not ask(CID, accept=f"{record}, {RAW_BLOCK};q=0.1").is_car


def test_no_page_s_worker_is_registered() -> None:
    headers = {"service-worker": "script"}
    for path in ("", "/", "/a/b"):
        act = partial(read_request, CID, path, {"format": "car"}, headers)
        assert code(act) == "gateway.request"


def test_format_comes_before_accept() -> None:
    assert not ask(CID, accept=CAR, format="raw").is_car
    assert ask(CID, accept=RAW_BLOCK, format="car").is_car
    assert ask(CID, accept=f"{CAR};dups=y", format="car").dups


def test_the_preferred_form_of_those_accepted_is_chosen() -> None:
    assert ask(CID, accept=f"text/html, {RAW_BLOCK};q=0.4, {CAR};q=0.5").is_car
    assert not ask(CID, accept=f"{RAW_BLOCK}, {CAR}").is_car
    assert not ask(CID, accept=f"{CAR};q=0, {RAW_BLOCK};q=0.001").is_car
    foo = f"{CAR};order=foo, {CAR};order=dfs;dups=y;q=0.5"
    assert ask(CID, accept=foo).dups
    assert ask(CID, accept="Application/VND.ipld.CAR; Version=1").is_car


JAVA = "text/html, image/gif, image/jpeg, *; q=.2, */*; q=.2"
"""What Java's own client sends where nobody tells it otherwise."""


@pytest.mark.parametrize(
    "accept", [JAVA, "text/html;q=zzz", f"{RAW_BLOCK};q=2", f"{CAR};q=;dups=y", "a;q=.,,;q=-1"]
)
def test_a_format_is_given_whatever_quality_is_accepted(accept: str) -> None:
    assert not ask(CID, accept=accept, format="raw").is_car
    asked = ask(CID, accept=accept, format="car")
    assert (asked.is_car, asked.dups) == (True, False)
    assert ask(CID, accept=f"{accept}, {CAR};q=.1;dups=y", format="car").dups


def test_a_quality_may_be_written_without_its_zero() -> None:
    assert ask(CID, accept=f"{RAW_BLOCK};q=.2, {CAR};q=0.201").is_car
    assert not ask(CID, accept=f"{RAW_BLOCK};q=.2, {CAR};q=0.199").is_car
    assert not ask(CID, accept=f"{RAW_BLOCK};q=.5").is_car
    assert code(lambda: ask(CID, accept=f"{RAW_BLOCK};q=.000")) == "gateway.accept"


@pytest.mark.parametrize("quality", ["zzz", "", ".", "2", "1.1", "-1", ".1234", "1e-1", "\u0661"])
def test_a_part_whose_quality_is_none_leaves_the_others(quality: str) -> None:
    asked = ask(CID, accept=f"{CAR};q={quality}, text/html;q={quality}, {RAW_BLOCK};q=0.001")
    assert not asked.is_car
    assert code(lambda: ask(CID, accept=f"{RAW_BLOCK};q={quality}")) == "gateway.accept"
    assert code(lambda: ask(CID, accept=f"*/*;q={quality}")) == "gateway.request"


@pytest.mark.parametrize("told", ["version=2", "order=bfs", "dups=maybe"])
def test_a_car_of_another_kind_is_not_given(told: str) -> None:
    name, _, value = told.partition("=")
    assert code(lambda: ask(CID, accept=f"{CAR};{told}")) == "gateway.accept"
    assert code(lambda: ask(CID, **{"format": "car", f"car_{name}": value})) == "gateway.accept"


def test_the_address_s_car_parameters_come_before_those_of_accept() -> None:
    assert not ask(CID, accept=f"{CAR};dups=y", format="car", car_dups="n").dups
    assert ask(CID, accept=f"{CAR};dups=n", format="car", car_dups="y").dups


def test_what_headers_decided_is_told_as_an_address() -> None:
    assert ask(CID, format="raw").location == ask(CID, format="car").location == ""
    assert ask(CID, accept=RAW_BLOCK).location == f"/ipfs/{CID}?format=raw"
    told = ask(CID, "a b", accept=f"{CAR};dups=y", dag_scope="block").location
    assert told.startswith(f"/ipfs/{CID}/a%20b?dag-scope=block&format=car&")
    assert told.endswith("car-dups=y")


@pytest.mark.parametrize("path", ["../x", "a/./b", "a/../../b", "/".join("x" * 65)])
def test_a_path_that_leaves_the_root_or_is_too_deep_is_refused(path: str) -> None:
    assert code(lambda: ask(CID, path, format="car")) == "gateway.request"


def test_a_block_has_no_path() -> None:
    assert code(lambda: ask(CID, "x", format="raw")) == "gateway.request"
    assert ask(CID, "/", format="raw").names == ()


@pytest.mark.parametrize("cid", ["x", "", "bafy", "foo", CID[:-1], CID + "=", "Qm" + "0" * 44])
def test_what_is_no_cid_is_refused(cid: str) -> None:
    assert code(lambda: ask(cid, format="raw")) == "gateway.request"


@pytest.mark.parametrize("base", ["base16", "base32upper", "base36", "base58btc", "base64url"])
def test_a_cid_in_another_base_names_the_same_and_its_path_stays_as_it_was_asked(base: str) -> None:
    other = multiformats.CID.decode(CID).encode(base)
    for form in ("raw", "car"):
        asked, plain = ask(other, format=form), ask(CID, format=form)
        assert (asked.cid, asked.etag) == (plain.cid, plain.etag)
        assert (asked.path, plain.path) == (f"/ipfs/{other}", f"/ipfs/{CID}")
        told = headers_of(asked, (asked.cid,), 1)
        assert (told["X-Ipfs-Path"], told["X-Ipfs-Roots"]) == (f"/ipfs/{other}", CID)
        assert CID in told["Content-Disposition"]
    assert ask(CID, "/a b//c/", format="car").path == f"/ipfs/{CID}/a%20b//c/"
    assert ask(CID, "/a b//c/", format="car").etag == ask(CID, "a b/c", format="car").etag


def test_what_a_page_may_ask_for_and_read_is_told() -> None:
    # As the path gateway's suite asks of every answer.
    wanted = {
        "Access-Control-Allow-Methods": {"GET", "HEAD", "OPTIONS"},
        "Access-Control-Allow-Headers": {"Content-Type", "Range", "User-Agent", "X-Requested-With"},
        "Access-Control-Expose-Headers": {
            *("Content-Range", "Content-Length", "X-Ipfs-Roots", "X-Ipfs-Path", "Ipfs-Uri"),
            *("X-Chunked-Output", "X-Stream-Output"),
        },
    }
    for name, values in wanted.items():
        assert values <= set(SHARED[name]), name
    told = headers_of(ask(CID, format="car"), (IpfsCid.parse(CID),), None)
    assert told["Access-Control-Allow-Origin"] == "*"


def test_a_block_is_given_by_ranges_and_a_car_is_not() -> None:
    cid = IpfsCid.parse(CID)
    assert headers_of(ask(CID, format="raw"), (cid,), 1)["Accept-Ranges"] == "bytes"
    assert headers_of(ask(CID, format="car"), (cid,), None)["Accept-Ranges"] == "none"


def test_a_cid_of_a_kind_that_is_never_here_is_not_here() -> None:
    # Of sha3-256, and of a digest's codec that nothing here has: git-raw.
    sha3 = IpfsCid.parse(CID).raw.replace(b"\x12\x20", b"\x16\x20", 1)
    git = b"\x01\x78" + IpfsCid.parse(CID).raw[2:]
    for raw in (sha3, git):
        text = "b" + base64.b32encode(raw).decode().lower().rstrip("=")
        assert code(partial(ask, text, format="raw")) == "gateway.absent"
        cached = {"cache-control": "only-if-cached"}
        act = partial(read_request, text, "", {"format": "raw"}, cached)
        assert code(act) == "gateway.not_cached"


@pytest.mark.parametrize(
    "text", ["", "1", "a:b", "1:", ":1", "*:1", "1:2:3", "+1:2", "0x1:2", "1.0:2", "9" * 19 + ":*"]
)
def test_a_range_of_another_form_is_refused(text: str) -> None:
    assert code(lambda: ask(CID, format="car", entity_bytes=text)) == "gateway.request"


def test_a_scope_of_another_name_is_refused_and_a_range_means_the_entity() -> None:
    assert code(lambda: ask(CID, format="car", dag_scope="file")) == "gateway.request"
    assert ask(CID, format="car").scope == "all"
    assert ask(CID, format="car", dag_scope="all", entity_bytes="0:*").scope == "entity"


@pytest.mark.parametrize(
    ("span", "size", "found"),
    [
        (Span(0, None), 10, (0, 10)),
        (Span(0, 0), 10, (0, 1)),
        (Span(3, 99), 10, (3, 10)),
        (Span(-4, None), 10, (6, 10)),
        (Span(-99, None), 10, (0, 10)),
        (Span(-99, -3), 10, (0, 8)),
        (Span(2, -3), 10, (2, 8)),
        (Span(5, 4), 10, (0, 0)),
        (Span(10, None), 10, None),
        (Span(0, -11), 10, None),
        (Span(0, None), 0, (0, 0)),
        (Span(7, 9), 0, (0, 0)),
    ],
)
def test_a_range_is_cut_to_the_file(span: Span, size: int, found: tuple[int, int] | None) -> None:
    assert span.within(size) == found
