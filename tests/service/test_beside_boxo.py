"""Our gateway beside boxo's, request by request: where they differ stands below, with who is right.

"Spec" is the trustless gateway specification of 2026-03-05. A difference that is in no row fails,
and so does a row of which nothing is seen any more.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import httpx
import pytest

from service.beside_boxo import Content, Request, Two, make_content, open_two, requests
from tallystick.kernel.store.unixfs.fault import refuse_archive
from tallystick.kernel.store.unixfs.wire import read_varint

Answers = tuple[httpx.Response, httpx.Response]
HEADERS = (
    *("cache-control", "x-ipfs-roots", "x-ipfs-path", "x-content-type-options"),
    *("access-control-allow-origin", "content-type", "content-disposition", "content-location"),
    *("accept-ranges", "content-range"),
)
SHARED = ("methods", "headers", "expose-headers")


@dataclass(frozen=True)
class Difference:
    """One way in which the two differ."""

    name: str
    right: str
    why: str
    holds: Callable[[Request, httpx.Response, httpx.Response], bool]


def statuses(ours: int, boxo: int, words: str = "") -> Callable[..., bool]:
    """Return whether both answered so, to a request in which a pattern is found."""

    def holds(request: Request, a: httpx.Response, b: httpx.Response) -> bool:
        is_so = (a.status_code, b.status_code) == (ours, boxo)
        return is_so and re.search(words, str(request)) is not None

    return holds


def brings(more: str, words: str) -> Callable[..., bool]:
    """Return whether one of the two brought more blocks, to a request with a pattern in it."""

    def holds(request: Request, a: httpx.Response, b: httpx.Response) -> bool:
        both = (a.status_code, b.status_code) == (200, 200)
        larger = len(a.content) > len(b.content)
        return both and larger == (more == "ours") and re.search(words, str(request)) is not None

    return holds


OURS, BOXO, BOTH = "ours", "boxo", "both"
DIFFERENCES = [
    Difference(
        "a CAR whose root is not here",
        OURS,
        "Spec, 404: MUST be 404 where the root block is missing, for CARs too; boxo has begun",
        lambda request, a, b: (
            a.status_code == 404
            and b.status_code == 200
            and not re.search(r"/ipfs/\w+/", request.path)
        ),
    ),
    Difference(
        "a CAR at a path that is not there",
        BOTH,
        "Path gateway: 404 if it is found out before, else a CAR up to the missing name",
        statuses(404, 200, r"/ipfs/\w+/.*format=car"),
    ),
    Difference(
        "neither format nor Accept",
        OURS,
        "Spec, Accept: SHOULD be 400 in strict mode",
        statuses(400, 406, r"/ip[fn]s/\w+ accept:\s?(\*/\*)?$"),
    ),
    Difference(
        "a raw block at a path",
        BOTH,
        "Spec: only /ipfs/{cid} is supported; it names no status",
        statuses(400, 406, r"/ipfs/\w+/.*format=raw"),
    ),
    Difference(
        "parameters of a CAR that are not given",
        BOTH,
        "Spec, signaling: 400 or 406",
        statuses(406, 400, r"version=2|order=(x|bfs)|dups=x"),
    ),
    Difference(
        "such parameters in Accept beside format=car",
        OURS,
        "Spec, format: it takes precedence; what Accept names besides it is passed over",
        lambda request, a, b: (
            a.status_code in {200, 404}
            and b.status_code == 400
            and "?format=car accept:" in str(request)
        ),
    ),
    Difference(
        "quality in Accept",
        OURS,
        "Spec, signaling: section 12.5.1 of RFC 9110; boxo takes the first form it knows",
        lambda request, a, b: (
            "q=" in request.headers.get("accept", "")
            and "?" not in request.path
            and (a.headers.get("content-type", "") != b.headers.get("content-type", ""))
        ),
    ),
    Difference(
        "a range wholly outside the file",
        BOTH,
        "Spec, entity-bytes: SHOULD be 400 where that is known; else the root block",
        statuses(400, 200, "entity-bytes="),
    ),
    Difference(
        "a range that ends before it begins",
        OURS,
        "Spec, entity-bytes: a range of no length is answered as dag-scope=block",
        statuses(200, 400, "entity-bytes=4:2"),
    ),
    Difference(
        "entity-bytes without dag-scope, or with all",
        OURS,
        "Spec, entity-bytes: it implies dag-scope=entity; boxo sends all",
        brings("boxo", r"\?format=car(&dag-scope=all)?&entity-bytes"),
    ),
    Difference(
        "If-None-Match of what is not here",
        OURS,
        "RFC 9110, 13.1.2: it is compared with what is there; boxo looks at the name alone",
        statuses(404, 304, "if-none-match: "),
    ),
    Difference(
        "a Range that has no form, or another unit",
        OURS,
        "RFC 9110, 14.2: an origin server MUST ignore a unit it does not know, MAY a false range",
        statuses(200, 400, "range: "),
    ),
    Difference(
        "a Range longer than the block, from its end",
        OURS,
        "RFC 9110, 14.1.2: then the entire representation is used",
        statuses(206, 400, "range: bytes=-99"),
    ),
    Difference(
        "Range of HEAD",
        OURS,
        "RFC 9110, 14.2: MUST be ignored, since it is defined for GET alone",
        statuses(200, 206, "^HEAD .*range: "),
    ),
    Difference(
        "an IPNS record below /ipfs, or of a name with a path",
        OURS,
        "Path gateway, Accept: 400 where it is not under the IPNS namespace, or has a path",
        statuses(400, 406, r"(/ipfs/\w+|/ipns/\w+/\w+)\?format=ipns-record"),
    ),
    Difference(
        "a path that ends within a document",
        OURS,
        "Path gateway, DAG-CBOR: SHOULD be 501; boxo sends the document",
        statuses(501, 200, "format=car"),
    ),
    Difference(
        "a name of which no record is here, or that leads nowhere",
        OURS,
        "Path gateway, 404: what is known not to be here; boxo has 500",
        statuses(404, 500, "/ipns/"),
    ),
    Difference(
        "a name in another form than base36",
        BOTH,
        "Not specified; boxo sends to base36, as its suite wants of gateways that show pages",
        lambda request, a, b: (
            a.status_code in {200, 404}
            and b.status_code == 302
            and re.search(r"/ipns/(b|z|1|Qm)", request.path) is not None
        ),
    ),
    Difference(
        "a raw block below a name, at a path",
        OURS,
        "Spec: a block is asked for without a path; boxo's gateway for pages gives it",
        lambda request, a, b: (
            a.status_code == 400
            and b.status_code in {200, 404, 412}
            and re.search("/ipns/.*format=raw", request.path) is not None
        ),
    ),
    Difference(
        "what is no name of a key",
        OURS,
        "Path gateway, 400: what is malformed; boxo says that the form is not given",
        statuses(400, 406, r"/ipns/(example\.com|foo|k51qzi5uqu5d|baf\w+)(\?| ).*ipns-record"),
    ),
    Difference(
        "only-if-cached for the record of a name whose content is not here",
        OURS,
        "Path gateway: 412 where what is asked for is not at hand; the record is",
        statuses(200, 412, "=ipns-record cache-control: only-if-cached"),
    ),
    Difference(
        "only-if-cached for a path that is at hand and leads nowhere",
        OURS,
        "Path gateway, 404: no block lacks to tell so; boxo has 412 for whatever it cannot follow",
        lambda request, a, b: (
            (a.status_code, b.status_code) == (404, 412)
            and re.search("/(none|hello/x|b)[?].*only-if-cached", str(request)) is not None
        ),
    ),
    Difference(
        "two slashes", BOTH, "Neither is specified: followed, or redirected", statuses(200, 307)
    ),
    Difference(
        "order=unk",
        OURS,
        "Spec, order: SHOULD be told explicitly; ours tells what it is, boxo what was asked",
        lambda request, a, b: (
            "order=dfs" in a.headers.get("content-type", "")
            and "order=unk" in b.headers.get("content-type", "")
        ),
    ),
    Difference(
        "HEAD with only-if-cached",
        OURS,
        "Spec, HEAD: as GET without the payload; boxo leaves the headers out",
        lambda request, a, b: (
            request.method == "HEAD"
            and "only-if-cached" in str(request)
            and a.status_code == b.status_code
            and "x-content-type-options" not in b.headers
        ),
    ),
    Difference(
        "headers of 304",
        OURS,
        "RFC 9110, 15.4.5: MUST repeat Cache-Control and Etag",
        lambda request, a, b: (
            (a.status_code, b.status_code) == (304, 304)
            and not {"etag", "cache-control"} <= set(b.headers)
        ),
    ),
    Difference(
        "a name that has signs to be quoted, in X-Ipfs-Path",
        BOTH,
        "Not specified; both quote, boxo leaves some signs as they are",
        lambda request, a, b: "%25" in request.path and a.content[-50:] == b.content[-50:],
    ),
    Difference(
        "signs in a name of one's own",
        BOTH,
        "RFC 6266: ours puts _ for them and the true name into filename*, boxo quotes them",
        lambda request, a, b: (
            "filename=a%22" in request.path
            and "filename*=UTF-8''a%22%0D%0Ab%2Fc.txt" in a.headers["content-disposition"]
        ),
    ),
    Difference(
        "what a CAR at a path is called",
        OURS,
        "Spec, Content-Disposition: should be <cid>.car; boxo adds the names of the path",
        lambda request, a, b: (
            re.search(r"/ipfs/\w+/|/ipns/", request.path) is not None
            and (a.status_code, b.status_code) == (200, 200)
            and plain("content-disposition", a) != plain("content-disposition", b)
            and sections(a.content) == sections(b.content)
        ),
    ),
    Difference(
        "Content-Location",
        BOTH,
        "Spec: SHOULD tell the format; ours tells all that headers decided",
        lambda request, a, b: (
            a.headers.get("content-location", "").startswith(request.path.split("?")[0])
            and a.headers.get("content-location") != b.headers.get("content-location")
            and "accept" in request.headers
        ),
    ),
]


@pytest.fixture(scope="module")
def content() -> Content:
    return make_content()


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory, content: Content) -> Iterator[Two]:
    with open_two(tmp_path_factory.mktemp("beside"), content) as found:
        yield found


def sections(car: bytes) -> bytes:
    """Return an archive without its header, whose roots are not specified."""
    length, at = read_varint(car, 0, refuse_archive)
    return car[at + length :]


def differs(request: Request, ours: httpx.Response, boxo: httpx.Response) -> str:
    """Return in what the two answers differ; nothing where they do not."""
    if ours.status_code != boxo.status_code:
        return f"status {ours.status_code}, boxo's {boxo.status_code}"
    for name in SHARED:
        lines = f"access-control-{name if '-' in name else 'allow-' + name}"
        if lack := set(boxo.headers.get_list(lines)) - set(ours.headers.get_list(lines)):
            return f"{lines} without {lack}"
    if ours.status_code not in {200, 206, 304} or request.method == "OPTIONS":
        return ""
    for name in HEADERS:
        given, theirs = plain(name, ours), plain(name, boxo)
        if given != theirs:
            return f"{name} {given}, boxo's {theirs}"
    if not ours.headers.get("etag") or not boxo.headers.get("etag"):
        return "no etag"
    is_car = "vnd.ipld.car" in ours.headers.get("content-type", "") and ours.content
    cut = sections if is_car else bytes
    if cut(ours.content) != cut(boxo.content):
        return f"body of {len(ours.content)} bytes, boxo's {len(boxo.content)}"
    return ""


def plain(name: str, response: httpx.Response) -> str:
    """Return a header's value, without what is written in more than one way."""
    found = str(response.headers.get(name, ""))
    if name == "content-disposition":
        # boxo says each name twice, in both forms.
        return re.sub(r"; filename\*=.*", "", found)
    return found.replace("; ", ";")


@pytest.mark.long
def test_the_two_differ_only_where_it_is_written_down(two: Two, content: Content) -> None:
    seen: dict[str, int] = {}
    unknown, count = [], 0
    for request in requests(content):
        count += 1
        ours, boxo = two.ask(request)
        told = differs(request, ours, boxo)
        found = next(
            (each for each in DIFFERENCES if told and each.holds(request, ours, boxo)), None
        )
        if found is not None:
            seen[found.name] = seen.get(found.name, 0) + 1
        elif told:
            unknown.append(f"{request}: {told}")
    assert unknown == [], "\n".join(unknown)
    assert {each.name for each in DIFFERENCES} - set(seen) == set()
    assert count > 680
    # Where the two agree is what this is for.
    assert count - sum(seen.values()) > 390


def test_a_range_of_no_length_is_answered_as_the_block_alone(two: Two, content: Content) -> None:
    path = f"/ipfs/{content.names['large']}?format=car"
    empty, _ = two.ask(Request(f"{path}&entity-bytes=4:2"))
    block, _ = two.ask(Request(f"{path}&dag-scope=block"))
    assert empty.content == block.content
