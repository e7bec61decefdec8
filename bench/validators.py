"""Members of one chain who validate it with CometBFT, each in a process of its own, for benches.

`python bench/validators.py FOLDER NAME PORT PROFILE COUNT` is one member: it reads one JSON object
a line and answers each with one; it ends at the end of its input, or when it is killed. Under the
profile `fast` members tell each other what waits over signed HTTP.
"""

from __future__ import annotations

import contextlib
import gc
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

from one_type import CHARTER

from tallystick.base import codec
from tallystick.base.clock import SeededEntropy, SystemClock, SystemEntropy
from tallystick.base.codec import encode
from tallystick.base.errors import NotFound, Unavailable
from tallystick.base.keys import SigningKey
from tallystick.chain.block import Effects, Genesis
from tallystick.chain.member import Key, Member, Members
from tallystick.chain.transaction import Transaction, sign_transaction
from tallystick.kernel.access.nonces import HeardRequests
from tallystick.kernel.ledger.engines.comet_home import DEFAULT, FAST, EngineKeys, Peer
from tallystick.kernel.ledger.engines.validator import Place, Validator
from tallystick.kernel.ledger.install import find_engine
from tallystick.kernel.ledger.replica import Replica
from tallystick.kernel.link.book import Place as LinkPlace
from tallystick.kernel.link.engines.http import HttpLink, Listening
from tallystick.kernel.link.trust import Roll, Trust

__all__ = [
    "NAMES",
    "Child",
    "Net",
    "create_replica",
    "engine_keys",
    "free_port",
    "genesis_of",
    "names_of",
    "peers_of",
    "sign",
    "tx_key",
]

NAMES: Final = ("bank", "bureau", "coop", "operator")
MORE: Final = ("village", "insurer", "court", "college", "clinic", "registry")
PORTS_EACH: Final = 3
"""The engine's two, and the link's."""
START_MS: Final = 1_790_000_000_000
LIFE_MS: Final = 3_600_000


def names_of(count: int) -> Sequence[str]:
    """Return the names of so many members, 1..10."""
    return (*NAMES, *MORE)[:count]


def tx_key(name: str) -> SigningKey:
    """Return the key by which a member signs transactions."""
    return SigningKey.from_seed(SeededEntropy(f"bench {name}").draw("key", 32))


def _link_key(name: str) -> SigningKey:
    return SigningKey.from_seed(SeededEntropy(f"bench link {name}").draw("key", 32))


def engine_keys(name: str) -> EngineKeys:
    """Return a member's keys for the engine."""
    return EngineKeys.draw(SeededEntropy(f"bench engine {name}"))


def genesis_of(names: Sequence[str] = NAMES) -> Genesis:
    """Return the genesis of a chain on which all of `names` validate."""
    rows = [
        Member(
            name,
            "operator",
            (
                Key(1, "tx", 1, tx_key(name).public, 0),
                Key(2, "bft", 1, engine_keys(name).public, 0),
                Key(3, "link", 1, _link_key(name).public, 0),
            ),
        )
        for name in names
    ]
    members = Members.of(rows)
    fields: dict[str, codec.Value] = {
        "v": 1,
        "suite": 1,
        "kind": "bench",
        "name": "bench",
        "time": START_MS,
        "salt": bytes(32),
        "target": b"\xff" * 32,
        "limits": {},
        "rules": {},
        "seeded": 1,
        "members": members.cid,
    }
    return Genesis.read(encode(fields), members.data)


def create_replica(path: Path, names: Sequence[str] = NAMES) -> Replica:
    """Return a copy of the chain that stands at its beginning."""
    genesis = genesis_of(names)
    return Replica.create(path, genesis.data, genesis.members.data, CHARTER)


def sign(name: str, seq: int, width: int, chain: bytes) -> bytes:
    """Return a member's transaction of `width` records."""
    first = ((*NAMES, *MORE).index(name) << 96) + (seq << 32)
    records = [
        encode(
            {
                "t": "note.made",
                "rv": 1,
                "id": (first + index).to_bytes(16, "big"),
                "pub": {"kind": "bench", "object": codec.cid_of(seq.to_bytes(8, "big"), codec.RAW)},
            }
        )
        for index in range(width)
    ]
    return sign_transaction(
        tx_key(name),
        records,
        chain=chain,
        member=name,
        number=1,
        seq=seq,
        not_after=SystemClock().now_ms() + LIFE_MS,
    )


def peers_of(names: Sequence[str], name: str, port: int) -> list[Peer]:
    """Return the nodes of all others: two ports a member from `port` on, the second for peers."""
    return [
        Peer(engine_keys(other).node_id, "127.0.0.1", port + 2 * at + 1)
        for at, other in enumerate(names)
        if other != name
    ]


def free_port(count: int) -> int:
    """Return the first of some ports in a row that nobody listens on."""
    rows = list(range(27_000, 32_000, 64))
    # Each process begins elsewhere: who looks at the same moment finds the same ports free.
    begin = os.getpid() % len(rows)
    for first in rows[begin:] + rows[:begin]:
        with contextlib.suppress(OSError), contextlib.ExitStack() as stack:
            for port in range(first, first + count):
                stack.enter_context(socket.socket()).bind(("127.0.0.1", port))
            return first
    message = "no free ports"
    raise RuntimeError(message)


# ---- one member's process


@contextlib.contextmanager
def _linked(
    folder: Path, names: Sequence[str], name: str, port: int, replica: Replica
) -> Iterator[HttpLink]:
    """Give a member's end of the link; it listens beyond the engines' ports."""
    book = {
        other: LinkPlace("http", "127.0.0.1", port + 2 * len(names) + at)
        for at, other in enumerate(names)
    }
    with contextlib.closing(HeardRequests(folder / "local.db", SystemClock())) as nonces:
        trust = Trust(
            name,
            lambda: _link_key(name),
            Roll(replica.genesis.chain, lambda: (replica.tip.members, replica.tip.height + 1)),
            clock=SystemClock(),
            entropy=SystemEntropy(),
            nonces=nonces,
        )
        with contextlib.closing(HttpLink(trust, book, Listening(book[name], folder))) as link:
            link.start()
            yield link


class _Served:
    """What one member's process does when it is told to."""

    def __init__(self, name: str) -> None:
        self.validator: Validator
        self._name = name
        self._signed: dict[bytes, bytes] = {}
        self._times: dict[bytes, list[float]] = {}

    def committed(self, effects: Effects) -> None:
        """Note when a block became durable here."""
        now = time.monotonic()
        for tid in effects.tids:
            if tid in self._times:
                self._times[tid].append(now)

    def do_sign(self, first: int, count: int, width: int) -> None:
        chain = self.validator.application.replica.genesis.chain
        datas = [sign(self._name, first + each, width, chain) for each in range(count)]
        self._signed = {Transaction.read(data).tid: data for data in datas}

    def do_load(self, every_ms: float = 0, offset_ms: float = 0) -> list[float]:
        """Submit what was signed, as fast as it is taken in or one each `every_ms`; wait for all.

        Returns:
            For each, the milliseconds until this member's own copy held it durably.
        """
        self._times = {tid: [] for tid in self._signed}
        begun = time.monotonic() + offset_ms / 1_000
        for index, (tid, data) in enumerate(self._signed.items()):
            if every_ms:
                time.sleep(max(0, begun + index * every_ms / 1_000 - time.monotonic()))
            self._times[tid].append(time.monotonic())
            self._submit(data)
        for tid in self._times:
            self.validator.ledger.wait(tid, 60_000)
        return [round(1_000 * (pair[-1] - pair[0]), 1) for pair in self._times.values()]

    def _submit(self, data: bytes) -> None:
        while True:
            with contextlib.suppress(Unavailable):
                self.validator.ledger.submit(data)
                return
            time.sleep(0.01)

    def do_health(self) -> dict[str, Any]:
        found = self.validator.health()
        return {
            "height": found.height,
            "engine": found.engine_height,
            "pid": self.validator.keeper.pid,
        }


def _be_member(folder: Path, name: str, port: int, profile: str, count: int) -> None:
    """Answer on standard output what standard input asks, until that ends."""
    own, names = folder / name, names_of(count)
    own.mkdir(exist_ok=True)
    if not (own / "bft.key").exists():
        engine_keys(name).write(own / "bft.key")
    try:
        replica = Replica.open(own / "ledger.db", CHARTER)
    except NotFound:
        replica = create_replica(own / "ledger.db", names)
    rpc, served = port + 2 * names.index(name), _Served(name)
    peers = peers_of(names, name, port)
    place = Place(own, find_engine("cometbft"), rpc, rpc + 1, peers=peers, profile=profile)
    with contextlib.closing(replica), contextlib.ExitStack() as stack:
        link = None
        if profile == FAST:
            link = stack.enter_context(_linked(own, names, name, port, replica))
        served.validator = Validator.open(
            replica, place, SystemClock(), SystemEntropy(), committed=served.committed, link=link
        )
        stack.enter_context(contextlib.closing(served.validator))
        for line in sys.stdin:
            asked = json.loads(line)
            told = getattr(served, f"do_{asked.pop('do')}")(**asked)
            sys.stdout.write(json.dumps(told) + "\n")
            sys.stdout.flush()


# ---- the bench's side


class Child:
    """One member in a process of its own."""

    def __init__(self, command: Sequence[str]) -> None:
        self._process = subprocess.Popen(  # noqa: S603 - this file
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )

    @property
    def pid(self) -> int:
        """Its process."""
        return self._process.pid

    def tell(self, do: str, **asked: float) -> None:
        """Ask without waiting for the answer."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps({"do": do, **asked}).encode() + b"\n")
        self._process.stdin.flush()

    def hear(self) -> Any:  # noqa: ANN401 - what was asked says what
        """Return the next answer."""
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        assert line, "a member has ended"
        return json.loads(line)

    def ask(self, do: str, **asked: float) -> Any:  # noqa: ANN401
        """Ask and return the answer."""
        self.tell(do, **asked)
        return self.hear()

    def kill(self) -> None:
        """End it at once, its engine with it."""
        self._process.send_signal(signal.SIGKILL)
        self.end()

    def end(self) -> None:
        """Let it end by itself."""
        for each in (self._process.stdin, self._process.stdout):
            assert each is not None
            with contextlib.suppress(BrokenPipeError):
                each.close()
        self._process.wait(60)


class Net:
    """Some members' processes, all of which validate."""

    def __init__(self, folder: Path, profile: str = DEFAULT, count: int = len(NAMES)) -> None:
        self.names = names_of(count)
        self.port = free_port(PORTS_EACH * count)
        self.children: dict[str, Child] = {}
        self._command = [sys.executable, str(Path(__file__)), str(folder)]
        self._rest = [str(self.port), profile, str(count)]
        self._seqs = dict.fromkeys(self.names, 1)
        for name in self.names:
            self.start(name)
        self.load(10, 1)

    def start(self, name: str) -> Child:
        """Start a member, from what its folder holds."""
        self.children[name] = Child([*self._command, name, *self._rest])
        return self.children[name]

    def rpc_port(self, name: str) -> int:
        """Return where a member's node answers."""
        return self.port + 2 * self.names.index(name)

    def sign(self, names: Sequence[str], count: int, width: int = 1) -> None:
        """Have each sign so many transactions, to be submitted by `load`."""
        for name in names:
            self.children[name].tell("sign", first=self._seqs[name], count=count, width=width)
            self._seqs[name] += count
        for name in names:
            self.children[name].hear()

    def load(self, count: int, width: int) -> float:
        """Have each submit `count` bundles and wait for them; return the records a second."""
        self.sign(self.names, count, width)
        began = time.perf_counter()
        self.pace(self.names)
        self.hear(self.names)
        return len(self.names) * count * width / (time.perf_counter() - began)

    def pace(self, names: Sequence[str], each_s: float = 0) -> None:
        """Have some submit what they signed, `each_s` a second in all; 0: as fast as it goes."""
        every_ms = len(names) * 1_000 / each_s if each_s else 0
        for at, name in enumerate(names):
            offset_ms = every_ms * at / len(names)
            self.children[name].tell("load", every_ms=every_ms, offset_ms=offset_ms)

    def hear(self, names: Sequence[str]) -> list[float]:
        """Return how many milliseconds each record of the load took, of all."""
        return [late for name in names for late in self.children[name].hear()]

    def close(self) -> None:
        """End all."""
        for child in self.children.values():
            child.end()


if __name__ == "__main__":
    # As `tally` does for a member.
    gc.set_threshold(50_000, 20, 50)
    _be_member(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), sys.argv[4], int(sys.argv[5]))
