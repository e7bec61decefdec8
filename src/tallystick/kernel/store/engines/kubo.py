"""The RPC of an IPFS node, as Kubo has it: the few calls that are needed, each bounded and checked.

Laws: a call ends, whatever the node does: it is told how long it may take, its answer has a most,
and when its time has passed the connection is closed under it; nothing that a node says is believed
that can be checked: a block is hashed, a name compared, a count counted, and an error is looked for
inside an answer that says 200. No proxy and no setting of the environment is read.
Whoever reaches this RPC rules the node, and nothing it takes or gives is hidden from others on the
machine: so only a loopback address is asked; reach a node elsewhere through a tunnel.
Source: Kubo RPC `/api/v0`, as of Kubo 0.42.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from ipaddress import ip_address
from typing import Any, Final, TypeAlias

import httpx

from tallystick.base.errors import Corrupt, Error, Invalid, NotFound, Unavailable
from tallystick.kernel.store.unixfs.cid import DAG_CBOR, DAG_PB, RAW, IpfsCid, check_block

__all__ = ["ARGUMENTS_MAX", "WAIT_S", "Kubo", "wrong_answer"]

WAIT_S: Final = 30.0
CONNECT_S: Final = 1.0
_GRACE_S: Final = 1.0
"""How much longer than it was told a node may take, so that it can say itself what was slow."""
ARGUMENTS_MAX: Final = 256
"""CIDs named in one call."""
ANSWER_BYTES_MAX: Final = 4 * 2**20
BLOCK_BYTES_MAX: Final = 16 * 2**20
LIST_BYTES_MAX: Final = 256 * 2**20
_LINE_BYTES_MAX: Final = 64 * 1024
_BIG_BLOCK_BYTES: Final = 2**20
_TOLD_MAX: Final = 300
_CODECS: Final = {RAW: "raw", DAG_PB: "dag-pb", DAG_CBOR: "dag-cbor"}
_OFFLINE: Final = ("offline", "true")
Option: TypeAlias = tuple[str, str]
_Part: TypeAlias = tuple[str, tuple[str, Any, str]]


class Kubo:
    """One node.

    Args:
        address: of its RPC, `http://127.0.0.1:5001`.
        wait_s: how long a call may take, where it does not say.

    Raises:
        Invalid: `ipfs.address`, it is none of a loopback RPC.
    """

    def __init__(self, address: str, *, wait_s: float = WAIT_S) -> None:
        self.address = _check_address(address)
        self.wait_s = wait_s
        self._idle: list[httpx.Client] = []
        self._lock = threading.Lock()

    def version(self) -> str:
        """Return what the node calls itself."""
        return _text(self._one("version"), "Version")

    def addresses(self) -> list[str]:
        """Return where other nodes reach it."""
        found = self._one("id").get("Addresses")
        if not isinstance(found, list):
            raise wrong_answer("id tells no addresses")
        return [str(each) for each in found]

    def put_blocks(self, blocks: Sequence[bytes], cids: Sequence[IpfsCid]) -> None:
        """Give blocks of one codec to the node, in one request; only a pin keeps them.

        Args:
            blocks: their bytes.
            cids: their names, in the same order; the node must give them the same ones.
        """
        options = [("cid-codec", _CODECS[cids[0].codec]), ("mhtype", "sha2-256")]
        if any(len(block) > _BIG_BLOCK_BYTES for block in blocks):
            # Such a block is kept, though no node passes on one of over 2 MiB.
            options.append(("allow-big-block", "true"))
        parts = [_part(block) for block in blocks]
        most = ANSWER_BYTES_MAX + 512 * len(blocks)
        named = [_text(row, "Key") for row in self._rows("block/put", options, parts, most=most)]
        if named != [str(cid) for cid in cids]:
            raise wrong_answer(
                f"block/put gave {len(named)} names, not the {len(cids)} of the blocks"
            )

    def get_block(self, cid: IpfsCid) -> bytes:
        """Return a block that the node has itself, hashed.

        Raises:
            NotFound: `ipfs.absent`; Corrupt: `unixfs.block`, its bytes are others.
        """
        options = [("arg", str(cid)), _OFFLINE]
        with self._ask("block/get", options) as found:
            return check_block(cid, b"".join(_bounded(found, BLOCK_BYTES_MAX)))

    def remove_blocks(self, cids: Sequence[IpfsCid]) -> None:
        """Have the node forget blocks; those that a pin still needs stay."""
        for some in _batches(cids):
            options = [("arg", str(cid)) for cid in some]
            for row in self._rows("block/rm", [*options, ("force", "true")]):
                if (reason := str(row.get("Error") or "")) and "pinned" not in reason:
                    raise _refused("block/rm", reason)

    def import_archive(self, pieces: Iterable[bytes], *, wait_s: float | None = None) -> int:
        """Give the node an archive, a piece at a time; return how many blocks it took from it.

        The archive must be whole, for a node waits for what is missing; nothing is pinned by it.
        """
        options = [("pin-roots", "false"), ("stats", "true")]
        rows = self._rows("dag/import", options, [_part(_Pieces(pieces))], wait_s=wait_s)
        for row in rows:
            root = row.get("Root")
            if isinstance(root, Mapping) and root.get("PinErrorMsg"):
                raise _refused("dag/import", str(root["PinErrorMsg"]))
        counts = [row["Stats"] for row in rows if isinstance(row.get("Stats"), Mapping)]
        if len(counts) != 1 or type(counts[0].get("BlockCount")) is not int:
            raise wrong_answer("dag/import tells no count of blocks")
        return int(counts[0]["BlockCount"])

    @contextmanager
    def export_archive(
        self, cid: IpfsCid, *, most: int, wait_s: float | None = None
    ) -> Iterator[Iterator[bytes]]:
        """Give the archive of all under a root that the node has itself, not yet checked.

        Args:
            cid: the root.
            most: bytes of the archive, at most.
            wait_s: how long it may take.
        """
        options = [("arg", str(cid)), ("progress", "false"), _OFFLINE]
        with self._ask("dag/export", options, wait_s=wait_s) as found:
            yield _bounded(found, most)

    def pin(self, cids: Sequence[IpfsCid], *, is_deep: bool, wait_s: float | None = None) -> None:
        """Pin blocks; or with `is_deep` all under them, fetched from other nodes where need be."""
        deep = ("recursive", "true" if is_deep else "false")
        options = [deep, ("progress", "false"), *(() if is_deep else (_OFFLINE,))]
        for some in _batches(cids):
            self._pins("pin/add", some, options, wait_s)

    def unpin(self, cids: Sequence[IpfsCid]) -> None:
        """Unpin what is pinned by itself."""
        for some in _batches(cids):
            self._pins("pin/rm", some, [("recursive", "true")], None)

    def is_pinned(self, cid: IpfsCid) -> bool:
        """Tell whether a CID is pinned by itself, not only under another."""
        for kind in ("direct", "recursive"):
            options = [("arg", str(cid)), ("type", kind), ("stream", "true")]
            with suppress(NotFound):
                return [_text(row, "Cid") for row in self._rows("pin/ls", options)] == [str(cid)]
        return False

    def pins(self) -> Iterator[IpfsCid]:
        """Yield what is pinned by itself, in no order; what is of a kind not read is left out."""
        for kind in ("direct", "recursive"):
            options = [("type", kind), ("stream", "true")]
            for row in self._rows("pin/ls", options, most=LIST_BYTES_MAX):
                with suppress(Invalid):
                    yield IpfsCid.parse(_text(row, "Cid"))

    def collect_garbage(self) -> int:
        """Have the node forget what no pin needs; return how many blocks that were."""
        rows = self._rows("repo/gc", [("stream-errors", "true")], most=LIST_BYTES_MAX)
        if wrong := next((str(row["Error"]) for row in rows if row.get("Error")), None):
            raise _refused("repo/gc", wrong)
        return len(rows)

    def connect(self, address: str) -> None:
        """Connect the node to another, and keep it connected: swarm/connect, swarm/peering/add."""
        told = self._one("swarm/connect", [("arg", address)]).get("Strings")
        if not isinstance(told, list) or not all(str(each).endswith("success") for each in told):
            raise _refused("swarm/connect", str(told))
        told = self._one("swarm/peering/add", [("arg", address)])
        if told.get("Status") != "success":
            raise _refused("swarm/peering/add", str(told.get("Status")))

    def close(self) -> None:
        """End all connections; a second call does nothing."""
        with self._lock:
            idle, self._idle = self._idle, []
        for client in idle:
            client.close()

    def _pins(
        self, path: str, cids: Sequence[IpfsCid], options: Sequence[Option], wait_s: float | None
    ) -> None:
        named = [str(cid) for cid in cids]
        row = self._one(path, [*(("arg", each) for each in named), *options], wait_s=wait_s)
        found = row.get("Pins")
        if not isinstance(found, list) or set(map(str, found)) != set(named):
            raise wrong_answer(f"{path} tells of other pins than the {len(named)} it was asked for")

    def _one(
        self, path: str, options: Sequence[Option] = (), *, wait_s: float | None = None
    ) -> Mapping[str, Any]:
        rows = self._rows(path, options, wait_s=wait_s)
        if len(rows) != 1:
            raise wrong_answer(f"{path} answers with {len(rows)} lines, not one")
        return rows[0]

    def _rows(
        self,
        path: str,
        options: Sequence[Option] = (),
        parts: Sequence[_Part] = (),
        *,
        most: int = ANSWER_BYTES_MAX,
        wait_s: float | None = None,
    ) -> list[Mapping[str, Any]]:
        """Return an answer of JSON, a line each."""
        with self._ask(path, options, parts, wait_s=wait_s) as found:
            return [_read_row(path, line) for line in _lines(_bounded(found, most))]

    @contextmanager
    def _ask(
        self,
        path: str,
        options: Sequence[Option],
        parts: Sequence[_Part] = (),
        *,
        wait_s: float | None = None,
    ) -> Iterator[httpx.Response]:
        """Make a call; the answer's status is read, its body is not yet."""
        wait_s = self.wait_s if wait_s is None else wait_s
        client = self._take()
        watch = _Watch(client, wait_s + _GRACE_S)
        try:
            request = client.build_request(
                "POST",
                f"{self.address}/api/v0/{path}",
                params=[*options, ("timeout", f"{int(wait_s * 1_000)}ms")],
                files=list(parts) or None,
                timeout=httpx.Timeout(wait_s + _GRACE_S, connect=CONNECT_S),
            )
            response = client.send(request, stream=True)
            try:
                _check_status(path, response)
                yield response
            finally:
                response.close()
        except BaseException as error:
            is_late = watch.end()
            client.close()
            is_theirs = isinstance(error, httpx.HTTPError | httpx.StreamError)
            if is_theirs or (is_late and isinstance(error, Exception)):
                raise _lost(path, error, wait_s, is_late=is_late) from error
            raise
        if watch.end():
            client.close()
        else:
            self._give(client)

    def _take(self) -> httpx.Client:
        with self._lock:
            if self._idle:
                return self._idle.pop()
        return httpx.Client(
            verify=False,  # noqa: S501 - plain HTTP over loopback, never TLS
            trust_env=False,
            follow_redirects=False,
            limits=httpx.Limits(max_connections=1),
        )

    def _give(self, client: httpx.Client) -> None:
        with self._lock:
            self._idle.append(client)


class _Pieces:
    """An iterator read as a file: what goes out is made as it goes."""

    def __init__(self, pieces: Iterable[bytes]) -> None:
        self._pieces = iter(pieces)

    def read(self, size: int = -1, /) -> bytes:
        """Return the next piece, of whatever size."""
        del size
        return next((piece for piece in self._pieces if piece), b"")


class _Watch:
    """Closes a client under a call that takes too long; what the call then fails with is late."""

    def __init__(self, client: httpx.Client, wait_s: float) -> None:
        self._client = client
        self._lock = threading.Lock()
        self._is_ended = False
        self._is_late = False
        self._timer = threading.Timer(wait_s, self._cut)
        self._timer.daemon = True
        self._timer.start()

    def _cut(self) -> None:
        with self._lock:
            if not self._is_ended:
                self._is_late = True
                self._client.close()

    def end(self) -> bool:
        """End the watch; return whether the call was cut."""
        self._timer.cancel()
        with self._lock:
            self._is_ended = True
            return self._is_late


def _check_address(address: str) -> str:
    try:
        found = httpx.URL(address)
        is_near = found.host == "localhost" or ip_address(found.host).is_loopback
        is_bare = found.path in {"", "/"} and not found.userinfo and not found.query
        is_ours = found.scheme == "http" and is_near and is_bare
    except (httpx.InvalidURL, ValueError):
        is_ours = False
    if not is_ours:
        raise Invalid(
            "ipfs.address",
            "a node is asked at a loopback address alone, as in http://127.0.0.1:5001",
            cure="Name the RPC of a node on this machine, or of a tunnel to one.",
        )
    return address.rstrip("/")


def _part(content: bytes | _Pieces) -> _Part:
    return "file", ("block", content, "application/octet-stream")


def _batches(cids: Sequence[IpfsCid]) -> Iterator[Sequence[IpfsCid]]:
    return (cids[at : at + ARGUMENTS_MAX] for at in range(0, len(cids), ARGUMENTS_MAX))


def _bounded(response: httpx.Response, most: int) -> Iterator[bytes]:
    size = 0
    for piece in response.iter_raw():
        size += len(piece)
        if size > most:
            raise wrong_answer(f"more than {most} bytes")
        yield piece


def _lines(pieces: Iterable[bytes]) -> Iterator[bytes]:
    rest = b""
    for piece in pieces:
        *whole, rest = (rest + piece).split(b"\n")
        yield from (line for line in whole if line.strip())
        if len(rest) > _LINE_BYTES_MAX:
            raise wrong_answer(f"a line of more than {_LINE_BYTES_MAX} bytes")
    if rest.strip():
        yield rest


def _read_row(path: str, line: bytes) -> Mapping[str, Any]:
    try:
        found = json.loads(line)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise wrong_answer(f"{path} answers with what is no JSON object")
    if found.get("Type") == "error":
        raise _refused(path, str(found.get("Message")))
    return found


def _text(row: Mapping[str, Any], name: str) -> str:
    found = row.get(name)
    if not isinstance(found, str):
        raise wrong_answer(f"an answer without {name}")
    return found


def _check_status(path: str, response: httpx.Response) -> None:
    if response.status_code == httpx.codes.OK:
        return
    body = b"".join(_bounded(response, _LINE_BYTES_MAX))
    try:
        reason = str(json.loads(body)["Message"])
    except (ValueError, RecursionError, KeyError, TypeError):
        reason = f"status {response.status_code}"
    raise _refused(path, reason)


def _refused(path: str, reason: str) -> Error:
    """Return the error for what a node says went wrong: Kubo gives it words, and no code."""
    told = " ".join(reason.split())[:_TOLD_MAX]
    if any(words in told for words in ("not pinned", "could not find", "not found")):
        return NotFound(
            "ipfs.absent",
            f"{path}: {told}",
            cure="Put it there first, or connect the node to one that has it.",
        )
    if "deadline exceeded" in told or "context canceled" in told:
        return _slow(path, told)
    return Unavailable(
        "ipfs.refused",
        f"{path}: the node says: {told}",
        cure="See to what the node says, then repeat the command.",
    )


def _slow(path: str, told: str) -> Unavailable:
    return Unavailable(
        "ipfs.slow",
        f"{path}: {told}",
        cure="Connect the node to one that has the content, or wait longer: --wait.",
    )


def _lost(path: str, error: BaseException, wait_s: float, *, is_late: bool) -> Error:
    if is_late or isinstance(error, httpx.ReadTimeout | httpx.WriteTimeout):
        return _slow(path, f"no whole answer within {wait_s:g} s")
    return Unavailable(
        "ipfs.away",
        f"{path}: the node does not answer: {type(error).__name__}",
        cure="Start it, or name another one: tally engine start ipfs.",
    )


def wrong_answer(reason: str) -> Corrupt:
    """Return the error for an answer that cannot be right."""
    return Corrupt(
        "ipfs.answer",
        f"the node's answer is not believed: {reason}",
        cure="Use another node, and look what this one is.",
    )
