"""The trustless gateway: what a request asks for and how it is answered, without any server.

Laws: an answer is a raw block or a CAR, which whoever asks checks by the CID it asked for, and
nothing is ever shown as a page. A request that names neither is refused (strict mode). What is not
public is not there: it is answered as what never was. Status and headers are known, and the blocks
of the path read, before the first byte goes out; what fails later ends the stream.
Order is always depth first. No 410 is ever told: it would say that something was here.
Limits: CAR 1; CIDs as `unixfs/multibase.py` reads them.
Source: IPFS trustless gateway and path gateway specifications of 2026-03-05; IPIP-0402, IPIP-0412.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final, NamedTuple
from urllib.parse import quote, urlencode

from tallystick.base.codec import sha256
from tallystick.base.errors import Invalid, NotFound
from tallystick.kernel.store.unixfs.cid import IpfsCid
from tallystick.kernel.store.unixfs.multibase import parse_any

__all__ = [
    "ALLOWED",
    "CAR",
    "DEPTH_MAX",
    "FILENAME_MAX",
    "IPNS_RECORD",
    "PUBLIC",
    "RAW_BLOCK",
    "SHARED",
    "Asked",
    "Origin",
    "Span",
    "disposition",
    "headers_of",
    "is_cached_only",
    "matches",
    "no_step",
    "not_cached",
    "not_here",
    "read_form",
    "read_known",
    "read_names",
    "read_request",
    "refuse_dns",
    "refuse_form",
    "refuse_inside",
    "refuse_span",
    "refuse_worker",
]

RAW_BLOCK: Final = "application/vnd.ipld.raw"
CAR: Final = "application/vnd.ipld.car"
DEPTH_MAX: Final = 64
"""Names of a path."""
ALLOWED: Final = ("GET", "HEAD", "OPTIONS")
PUBLIC: Final = {"Access-Control-Allow-Origin": "*", "X-Content-Type-Options": "nosniff"}
"""On every answer, refusals too: what is public may be asked for from any page."""
SHARED: Final = {
    "Access-Control-Allow-Methods": ALLOWED,
    "Access-Control-Allow-Headers": (
        *("Accept", "Cache-Control", "Content-Type", "If-None-Match", "If-Range", "Range"),
        *("User-Agent", "X-Requested-With"),
    ),
    "Access-Control-Expose-Headers": (
        *("Accept-Ranges", "Content-Disposition", "Content-Length", "Content-Location"),
        *("Content-Range", "Etag", "Retry-After", "X-Ipfs-Path", "X-Ipfs-Roots"),
        # Never sent from here; named because readers of any gateway look for them.
        *("Ipfs-Uri", "X-Chunked-Output", "X-Stream-Output"),
    ),
}
"""Beside these, on every answer too: each value is a line of its own, as other gateways send it."""
_FORMATS: Final = {"raw": RAW_BLOCK, "car": CAR}
IPNS_RECORD: Final = "application/vnd.ipfs.ipns-record"
_NAMED: Final = {**_FORMATS, "ipns-record": IPNS_RECORD}
"""What is given below `/ipns`."""
_FOR_EVER: Final = "public, max-age=29030400, immutable"
_SCOPES: Final = ("block", "entity", "all")
_SPAN: Final = re.compile(r"(-?[0-9]{1,18}):(\*|-?[0-9]{1,18})")
_QUALITY: Final = re.compile(r"(?:0\.?|0?\.[0-9]{1,3}|1(?:\.0{0,3})?)")
"""Without its zero too, which Java sends of itself: `q=.2`."""
_VALUES: Final = {"version": ("1",), "order": ("dfs", "unk"), "dups": ("y", "n")}
FILENAME_MAX: Final = 255
_PLAIN_NAME: Final = re.compile(r"[A-Za-z0-9 ._()+,=@~-]+")


class Span(NamedTuple):
    """A range of a file as it was asked for: both ends inclusive, None for the file's last byte.

    Negative ends count from the file's end.
    """

    first: int
    last: int | None

    def within(self, size: int) -> tuple[int, int] | None:
        """Return where the range begins and stops in a file; None where none of it is within.

        A range that ends before it begins is empty: (0, 0).
        """
        if not size:
            return 0, 0
        first = max(size + self.first, 0) if self.first < 0 else self.first
        last = size - 1 if self.last is None else self.last + (size if self.last < 0 else 0)
        if first >= size or last < 0:
            return None
        return (first, min(last, size - 1) + 1) if first <= last else (0, 0)


class Origin(NamedTuple):
    """The name by which content was asked for.

    Attributes:
        text: the address as it was asked, decoded: `/ipns/NAME/...`.
        age_s: how long what the name leads to may be taken for true, seconds.
    """

    text: str
    age_s: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a request asks for.

    Attributes:
        cid: the root.
        names: the path below it.
        is_car: whether a CAR is asked for; else the one block.
        scope: `block`, `entity` or `all`, of a CAR.
        span: the range of the entity; None for all of it.
        dups: whether a CAR holds a block each time it is met.
        filename: what the answer is to be called; "" for the CID.
        cached_only: whether only what is here at once is wanted.
        known: the Etags of what the asker has; `*` for anything.
        location: the address that says all by itself, "" where it is the one that was asked.
        text: the address as it was asked, decoded; "" for the CID alone.
        age_s: how long the answer stays what it is, seconds; None for ever.
        part: the `Range` of a block, "" for all of it.
        part_of: the Etag of which alone that range is wanted (`If-Range`), "" for any.
    """

    cid: IpfsCid
    names: tuple[str, ...] = ()
    is_car: bool = False
    scope: str = "all"
    span: Span | None = None
    dups: bool = False
    filename: str = ""
    cached_only: bool = False
    known: frozenset[str] = frozenset()
    location: str = ""
    text: str = ""
    age_s: int | None = None
    part: str = ""
    part_of: str = ""

    @property
    def path(self) -> str:
        """The content path as it was asked, as it stands in a header."""
        return quote(self.text or f"/ipfs/{self.cid}")

    @property
    def etag(self) -> str:
        """The strong tag of the answer, which follows from what is asked for alone."""
        if not self.is_car:
            return f'"{self.cid}.raw"'
        scope = self.scope
        if self.span is not None:
            scope += f".{self.span.first}:{'*' if self.span.last is None else self.span.last}"
        path = sha256("/".join((str(self.cid), *self.names)).encode()).hex()[:16]
        return f'"{scope}.{path}.dfs.{"y" if self.dups else "n"}.car"'


def read_request(
    cid: str,
    path: str,
    query: Mapping[str, str],
    headers: Mapping[str, str],
    origin: Origin | None = None,
) -> Asked:
    """Return what a request asks for.

    Args:
        cid: its first segment after `/ipfs/`, decoded.
        path: what follows it, decoded; "" or from its slash on.
        query: its parameters; others than the specification's are passed over.
        headers: by lower name, the lines of one name joined by commas.
        origin: the name that led to the CID; None where it was asked for itself.

    Raises:
        Invalid: `gateway.request`, it breaks the specification; `gateway.accept`, it asks for a
            form that is not given here.
    """
    refuse_worker(headers)
    names = read_names(path)
    form, told = read_form(query, headers.get("accept", ""))
    if form == RAW_BLOCK and names:
        raise refuse_form("a block is asked for by its own CID, without a path")
    wanted = _read_car(query, told) if form == CAR else {}
    span = _read_span(query["entity-bytes"]) if form == CAR and "entity-bytes" in query else None
    scope = query.get("dag-scope", "all") if form == CAR else "block"
    if scope not in _SCOPES:
        raise refuse_form(f"dag-scope is one of {', '.join(_SCOPES)}")
    asked = Asked(
        cid=_read_cid(cid, cached_only=is_cached_only(headers)),
        names=names,
        is_car=form == CAR,
        scope=scope if span is None else "entity",
        span=span,
        dups=wanted.get("dups") == "y",
        filename=query.get("filename", "")[:FILENAME_MAX],
        cached_only=is_cached_only(headers),
        known=read_known(headers),
        text=origin.text
        if origin
        else f"/ipfs/{cid}{'/' + path.removeprefix('/') if path else ''}",
        age_s=origin.age_s if origin else None,
        part=headers.get("range", ""),
        part_of=headers.get("if-range", ""),
    )
    return _located(asked, query, is_told=bool(told))


def _read_cid(text: str, *, cached_only: bool) -> IpfsCid:
    try:
        return parse_any(text)
    except Invalid as error:
        if error.code != "unixfs.cid":
            # It is a CID, of a kind of which nothing can be here.
            raise not_cached() if cached_only else not_here() from error
        raise refuse_form(error.message) from error


def is_cached_only(headers: Mapping[str, str]) -> bool:
    """Tell whether only what is here at once is wanted."""
    return "only-if-cached" in _split(headers.get("cache-control", "").lower())


def read_known(headers: Mapping[str, str]) -> frozenset[str]:
    """Return the tags of If-None-Match: weak ones count as strong, as they do in it."""
    return frozenset(each.removeprefix("W/") for each in _split(headers.get("if-none-match", "")))


def refuse_worker(headers: Mapping[str, str]) -> None:
    """Refuse what registers a page's worker, Invalid `gateway.request`; pass over all else."""
    if "script" in _split(headers.get("service-worker", "")):
        raise refuse_form("no page's worker is registered here")


def read_names(path: str) -> tuple[str, ...]:
    """Return the names of a path; Invalid `gateway.request` for one that is not followed."""
    names = tuple(name for name in path.split("/") if name)
    if {".", ".."} & set(names):
        raise refuse_form("the path holds . or ..")
    if len(names) > DEPTH_MAX:
        raise refuse_form(f"the path has {len(names)} names, most is {DEPTH_MAX}")
    return names


def read_form(
    query: Mapping[str, str], accept: str, *, is_named: bool = False
) -> tuple[str, dict[str, str]]:
    """Return the form of the answer, and the parameters of the Accept that named it.

    Args:
        query: the request's parameters.
        accept: its `Accept`.
        is_named: whether it is below `/ipns`, where the record of a name is given too.

    Raises:
        Invalid: `gateway.request`, `gateway.accept`.
    """
    forms = _NAMED if is_named else _FORMATS
    named = query.get("format")
    if named in _NAMED and named not in forms:
        raise refuse_form("an IPNS record is asked for below /ipns")
    if named is not None and named not in forms:
        raise _not_given(f"format is one of {', '.join(forms)}")
    wanted = [forms[named]] if named else [*forms.values()]
    best: tuple[int, str, dict[str, str]] = (0, "", {})
    accepted = set[str]()
    for part in _split(accept):
        kind, quality, told = _read_kind(part)
        accepted.add(kind)
        if kind in wanted and _is_given(told):
            # The first of equal ones stays.
            best = max(best, (quality, kind, told), key=lambda each: each[0])
    _, kind, told = best
    if named or kind:
        return (forms[named] if named else kind), told
    if IPNS_RECORD in accepted and not is_named:
        raise refuse_form("an IPNS record is asked for below /ipns")
    if accepted - {"*/*"}:
        raise _not_given(f"the forms given are {RAW_BLOCK} and {CAR};version=1;order=dfs;dups=n|y")
    raise refuse_form("neither format nor Accept names a form; give format=raw or format=car")


def _read_kind(part: str) -> tuple[str, int, dict[str, str]]:
    """Return the media type of a part of Accept, its quality in thousandths, its parameters.

    A part whose quality cannot be read counts as not accepted; the others stand.
    """
    kind, *rest = (each.strip() for each in part.split(";"))
    told = {}
    for each in rest:
        name, _, value = each.partition("=")
        told[name.strip().lower()] = value.strip().strip('"')
    quality = told.pop("q", "1")
    if not _QUALITY.fullmatch(quality):
        quality = "0"
    whole, _, rest_of = quality.partition(".")
    return kind.lower(), int(whole or "0") * 1_000 + int(rest_of.ljust(3, "0")), told


def _is_given(told: Mapping[str, str]) -> bool:
    return all(told.get(name, values[0]) in values for name, values in _VALUES.items())


def _read_car(query: Mapping[str, str], told: Mapping[str, str]) -> dict[str, str]:
    """Return the parameters of a CAR; those of the address come before those of Accept."""
    found = dict(told)
    for name, values in _VALUES.items():
        value = query.get(f"car-{name}")
        if value is not None and value not in values:
            raise _not_given(f"car-{name} is one of {', '.join(values)}")
        if value is not None:
            found[name] = value
    return found


def _read_span(text: str) -> Span:
    found = _SPAN.fullmatch(text)
    if found is None:
        raise refuse_form("entity-bytes is from:to, whole numbers; `to` may be *")
    return Span(int(found[1]), None if found[2] == "*" else int(found[2]))


def _split(text: str) -> list[str]:
    return [each.strip() for each in text.split(",") if each.strip()]


def _located(asked: Asked, query: Mapping[str, str], *, is_told: bool) -> Asked:
    """Return what is asked for with the address that says it without headers, if another did."""
    if "format" in query and not (is_told and asked.is_car):
        return asked
    said = {
        name: query[name] for name in ("dag-scope", "entity-bytes", "filename") if name in query
    }
    said |= {"format": "car" if asked.is_car else "raw"}
    if asked.is_car:
        said |= {"car-version": "1", "car-order": "dfs", "car-dups": "y" if asked.dups else "n"}
    location = f"{asked.path}?{urlencode(said)}"
    return replace(asked, location=location)


def matches(asked: Asked) -> bool:
    """Tell whether the asker has the answer already."""
    return "*" in asked.known or asked.etag in asked.known


def headers_of(asked: Asked, roots: tuple[IpfsCid, ...], size: int | None) -> dict[str, str]:
    """Return the headers of an answer.

    Args:
        asked: what it answers.
        roots: the root and what each name of the path leads to.
        size: bytes of the block; None for a CAR, whose size is not known before.
    """
    kind, end = (_car_type(asked), "car") if asked.is_car else (RAW_BLOCK, "bin")
    found = {
        **PUBLIC,
        "Content-Type": kind,
        "Content-Disposition": disposition(asked.filename or f"{roots[-1]}.{end}"),
        "Etag": asked.etag,
        "Cache-Control": _FOR_EVER if asked.age_s is None else f"public, max-age={asked.age_s}",
        "Accept-Ranges": "none" if asked.is_car else "bytes",
        "Vary": "Accept",
        "X-Ipfs-Path": asked.path,
        "X-Ipfs-Roots": ",".join(map(str, roots)),
    }
    if size is not None:
        found["Content-Length"] = str(size)
    if asked.location:
        found["Content-Location"] = asked.location
    return found


def _car_type(asked: Asked) -> str:
    return f"{CAR}; version=1; order=dfs; dups={'y' if asked.dups else 'n'}"


def disposition(name: str) -> str:
    """Return how the answer is called; never a name that ends the header or leaves a folder."""
    if _PLAIN_NAME.fullmatch(name):
        return f'attachment; filename="{name}"'
    plain = re.sub(r"[^A-Za-z0-9 ._()+,=@~-]", "_", name)
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"


def not_here() -> NotFound:
    """Return the error for what is not here, or not public: nobody is told which."""
    return NotFound(
        "gateway.absent",
        "nothing public of this name is here",
        cure="Ask another gateway, or the member to publish it: tally store pin --public.",
    )


def not_cached() -> NotFound:
    """Return the error for what is not here, where only that was asked for."""
    return NotFound(
        "gateway.not_cached",
        "nothing public of this name is at hand, and only that was asked for",
        cure="Ask without only-if-cached, or another gateway.",
    )


def refuse_dns() -> Invalid:
    """Return the error for a name of DNS, of which no server is asked from here."""
    return Invalid(
        "gateway.dnslink",
        "a name of DNS; names that are keys are resolved here, and no server of DNS is asked",
        cure="Ask by the name in its TXT record: /ipns/k51..., or /ipfs/CID.",
    )


def refuse_form(reason: str) -> Invalid:
    """Return the error for a request that breaks the specification."""
    return Invalid(
        "gateway.request",
        f"not a request of a trustless gateway: {reason}",
        cure="Ask as docs/spec/gateway.md says.",
    )


def no_step(number: int) -> NotFound:
    """Return the error for a path of which a name, counted from 1, is not there."""
    return NotFound(
        "unixfs.no_entry",
        f"nothing public is under name {number} of the path",
        cure="List the directory, then ask for a name it shows.",
    )


def refuse_inside() -> Invalid:
    """Return the error for a path that ends within a document, at what is no link."""
    return Invalid(
        "gateway.inside",
        "the path ends within a document, at what is no link",
        cure="Ask for the document: leave out the names that lead into it.",
    )


def refuse_span(size: int) -> Invalid:
    """Return the error for a range of which nothing lies within the file."""
    return refuse_form(f"all of entity-bytes lies outside a file of {size} bytes")


def _not_given(reason: str) -> Invalid:
    return Invalid("gateway.accept", reason, cure="Ask for one of these.")
