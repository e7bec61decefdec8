"""The trustless gateway below `/ipns`: what is asked of a name, and its record as an answer.

Laws: what a name leads to is given as if it were asked for by its CID, and nothing that would not
be; the record itself is given as it is kept, to be checked by who asks. An answer may be kept as
long as the record says and is never called immutable. A name that leads nowhere, or of which no
record counts any more, is as what never was. No server of DNS is asked.
Source: IPFS trustless gateway and path gateway specifications of 2026-03-05.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote, urlencode

from tallystick.base.codec import sha256
from tallystick.base.errors import Invalid
from tallystick.kernel.store.answering import Answer, of_unchanged
from tallystick.kernel.store.gateway import (
    FILENAME_MAX,
    IPNS_RECORD,
    PUBLIC,
    Asked,
    Origin,
    disposition,
    is_cached_only,
    not_cached,
    not_here,
    read_form,
    read_known,
    read_names,
    read_request,
    refuse_dns,
    refuse_form,
    refuse_worker,
)
from tallystick.kernel.store.ipns.moment import SECOND_NS
from tallystick.kernel.store.ipns.name import IpnsName
from tallystick.kernel.store.ipns.record import Record, check_current
from tallystick.kernel.store.ipns.resolving import Find, follow_name

__all__ = ["AskedName", "answer_record", "follow_request", "read_named"]

_NOTHING: Final = "bafkqaaa"
"""Content of no bytes: in the place of what a name leads to, to read a request by."""


@dataclass(frozen=True, slots=True)
class AskedName:
    """What a request below `/ipns` asks for.

    Attributes:
        name: the name.
        text: the address as it was asked, decoded.
        path: what follows the name, "" or from its slash on.
        query: the parameters.
        headers: by lower name.
        is_record: whether the name's record is asked for; else what it leads to.
    """

    name: IpnsName
    text: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    is_record: bool


def read_named(
    name: str, path: str, query: Mapping[str, str], headers: Mapping[str, str]
) -> AskedName:
    """Return what a request asks for.

    Args:
        name: its first segment after `/ipns/`, decoded.
        path: what follows it, decoded; "" or from its slash on.
        query: its parameters; others than the specification's are passed over.
        headers: by lower name, the lines of one name joined by commas.

    Raises:
        Invalid: `gateway.request`, `gateway.accept`; `gateway.dnslink`, it is a name of DNS.
        NotFound: `gateway.absent`, `gateway.not_cached`: it is a name of which nothing can be here.
    """
    refuse_worker(headers)
    found = _read_name(name, cached_only=is_cached_only(headers))
    form, _ = read_form(query, headers.get("accept", ""), is_named=True)
    asked = AskedName(found, f"/ipns/{name}{path}", path, query, headers, form == IPNS_RECORD)
    if asked.is_record and read_names(path):
        raise refuse_form("a record is asked for by its name, without a path")
    return asked


def _read_name(text: str, *, cached_only: bool) -> IpnsName:
    try:
        return IpnsName.parse(text)
    except Invalid as error:
        if error.code == "ipns.key_type":
            raise not_cached() if cached_only else not_here() from error
        if "." in text:
            raise refuse_dns() from error
        raise refuse_form(error.message) from error


def follow_request(asked: AskedName, find: Find, now_ms: int) -> Asked:
    """Return what is asked for of the content that the name leads to.

    Raises:
        NotFound: `gateway.absent`, `gateway.not_cached`: the name leads nowhere at that time.
        Invalid: as `read_request` does; Corrupt: `ipns.damaged`.
    """
    target = follow_name(find, asked.name, now_ms)
    cid, path, age_s = (str(target.cid), target.path, target.age_s) if target else (_NOTHING, "", 0)
    origin = Origin(asked.text, age_s)
    found = read_request(cid, path + asked.path, asked.query, asked.headers, origin)
    if target is None:
        raise not_cached() if found.cached_only else not_here()
    return found


def answer_record(asked: AskedName, find: Find, now_ms: int) -> Answer:
    """Return the record of a name as an answer.

    Raises:
        NotFound: `gateway.absent`, `gateway.not_cached`: none counts at that time.
        Corrupt: `ipns.damaged`.
    """
    record = _find_current(asked, find, now_ms)
    headers = _headers_of(asked, record)
    if read_known(asked.headers) & {"*", headers["Etag"]}:
        return Answer(304, of_unchanged(headers), ())
    return Answer(200, headers, (record.raw,))


def _find_current(asked: AskedName, find: Find, now_ms: int) -> Record:
    record = find(asked.name)
    try:
        if record is not None:
            return check_current(record, now_ms)
    except Invalid:
        record = None
    raise not_cached() if is_cached_only(asked.headers) else not_here()


def _headers_of(asked: AskedName, record: Record) -> dict[str, str]:
    filename = asked.query.get("filename", "")[:FILENAME_MAX]
    path = quote(asked.text)
    found = {
        **PUBLIC,
        "Content-Type": IPNS_RECORD,
        "Content-Disposition": disposition(filename or f"{record.name}.ipns-record"),
        "Content-Length": str(len(record.raw)),
        "Etag": f'"{sha256(record.raw).hex()[:32]}.ipns-record"',
        "Cache-Control": f"public, max-age={record.said.ttl_ns // SECOND_NS}",
        "Vary": "Accept",
        "X-Ipfs-Path": path,
    }
    if "format" not in asked.query:
        said = {"filename": filename} if filename else {}
        found["Content-Location"] = f"{path}?{urlencode({**said, 'format': 'ipns-record'})}"
    return found
