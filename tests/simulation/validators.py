"""A chain whose members validate it with CometBFT, each in a process of its own.

`python -m simulation.validators FOLDER SEED NAME PORT COUNT` is one member: it reads one JSON
object a line and answers each with one; it ends at the end of its input, or when it is killed.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, Final

from simulation.chain import CHARTER, LIFE_MS, Chain
from tallystick.base.clock import SeededEntropy, SystemClock, SystemEntropy
from tallystick.base.codec import encode
from tallystick.base.errors import Error, NotFound, Unavailable
from tallystick.base.keys import SigningKey
from tallystick.chain.block import Effects, Genesis
from tallystick.chain.member import Key, Member, Members
from tallystick.chain.transaction import Transaction, sign_transaction
from tallystick.kernel.access.nonces import HeardRequests
from tallystick.kernel.ledger.base import Result
from tallystick.kernel.ledger.bodies import fetch_block
from tallystick.kernel.ledger.engines.comet_home import DEFAULT, FAST, EngineKeys
from tallystick.kernel.ledger.engines.comet_home import Peer as Node
from tallystick.kernel.ledger.engines.cosigner import Cosigner
from tallystick.kernel.ledger.engines.offering import SPACING
from tallystick.kernel.ledger.engines.validator import Place, Validator
from tallystick.kernel.ledger.install import find_engine
from tallystick.kernel.ledger.peer import Peer, serve_chain
from tallystick.kernel.ledger.pen import Pen
from tallystick.kernel.ledger.replica import Replica
from tallystick.kernel.ledger.witness import Witnesses
from tallystick.kernel.link.base import Link
from tallystick.kernel.link.book import Place as LinkPlace
from tallystick.kernel.link.engines.http import HttpLink, Listening
from tallystick.kernel.link.ports import find_free_ports
from tallystick.kernel.link.trust import Roll, Trust

TESTS: Final = Path(__file__).resolve().parents[1]
NAMES: Final = ("bank", "bureau", "coop", "operator")
TWINNED: Final = "coop"
MODULE: Final = "simulation.validators"
PORTS_EACH: Final = 2
SYNCED_SPACING: Final = 20
PORTS: Final = (PORTS_EACH + 1) * len(NAMES)
"""Of a whole net: each member's engine, and its end of the link."""


def engine_keys(seed: str, name: str) -> EngineKeys:
    """Return a member's keys for the engine."""
    return EngineKeys.draw(SeededEntropy(f"engine {seed} {name}"))


def link_key(seed: str, name: str) -> SigningKey:
    """Return a member's key for the link."""
    return SigningKey.from_seed(SeededEntropy(f"link {seed} {name}").draw("key", 32))


def profile_of(seed: str) -> str:
    """Return the profile of a chain's engines: `FAST` where the seed says `fast`."""
    return FAST if "fast" in seed else DEFAULT


def is_linked(seed: str) -> bool:
    """Tell whether a chain's members have a link: `fast` ones, and those that cosign."""
    return profile_of(seed) == FAST or is_synced(seed)


def is_synced(seed: str) -> bool:
    """Tell whether members cosign and offer snapshots soon: where the seed says `synced`."""
    return "synced" in seed


def is_twinned(seed: str) -> bool:
    """Tell whether a second node with one member's vote is known to all: no other is let in."""
    return "twinned" in seed


def twin_keys(seed: str) -> EngineKeys:
    """Return the keys of that node, after all members' ports: a vote, and a key of its own."""
    return EngineKeys(engine_keys(seed, TWINNED).bft, bytes(32))


def later_keys(seed: str, name: str) -> EngineKeys:
    """Return the keys a member of a rotating chain takes at height 3."""
    return EngineKeys.draw(SeededEntropy(f"engine {seed} {name} later"))


def validated(
    seed: str, names: Sequence[str] = NAMES, validating: Sequence[str] | None = None
) -> Chain:
    """Return a chain of which every member is an operator, and all or some validate.

    Where the seed says `rotating`, the first member's vote goes over to another key at height 3.
    """
    chain = Chain(seed, names)
    members = []
    for name in names:
        keys = chain.list.by_name[name].keys
        if name in (validating or names):
            keys += (Key(3, "bft", 1, engine_keys(seed, name).public, 0),)
        if "rotating" in seed and name == names[0]:
            keys += (Key(4, "bft", 1, later_keys(seed, name).public, 3),)
        if is_linked(seed):
            keys += (Key(5, "link", 1, link_key(seed, name).public, 0),)
        members.append(Member(name, "operator", keys))
    chain.list = Members.of(members)
    genesis = {**chain.genesis.fields, "members": chain.list.cid}
    chain.genesis = Genesis.read(encode(genesis), chain.list.data)
    return chain


def place_of(folder: Path, seed: str, names: Sequence[str], name: str, port: int) -> Place:
    """Return where a member's engine listens: two ports a member, in the order of names."""
    index = names.index(name)
    peers = [
        Node(engine_keys(seed, other).node_id, "127.0.0.1", port + PORTS_EACH * at + 1)
        for at, other in enumerate(names)
        if other != name
    ]
    if is_twinned(seed):
        peers.append(Node(twin_keys(seed).node_id, "127.0.0.1", port + PORTS + 1))
    rpc = port + PORTS_EACH * index
    binary, profile = find_engine("cometbft"), profile_of(seed)
    spacing = SYNCED_SPACING if is_synced(seed) else SPACING
    return Place(folder / name, binary, rpc, rpc + 1, peers=peers, profile=profile, spacing=spacing)


@contextlib.contextmanager
def linked(
    folder: Path, seed: str, names: Sequence[str], replica: Replica, port: int
) -> Iterator[Link]:
    """Give the end of the link of the member whose folder it is, by HTTP on this machine."""
    first = port + PORTS_EACH * len(names)
    book = {name: LinkPlace("http", "127.0.0.1", first + at) for at, name in enumerate(names)}
    clock, own = SystemClock(), folder.name
    with contextlib.closing(HeardRequests(folder / "local.db", clock)) as nonces:
        trust = Trust(
            own,
            lambda: link_key(seed, own),
            Roll(replica.genesis.chain, lambda: (replica.tip.members, replica.tip.height + 1)),
            clock=clock,
            entropy=SystemEntropy(),
            nonces=nonces,
        )
        with contextlib.closing(HttpLink(trust, book, Listening(book[own], folder))) as link:
            link.start()
            yield link


@contextlib.contextmanager
def cosigning(folder: Path, replica: Replica, chain: Chain, link: Link) -> Iterator[Cosigner]:
    """Have the member whose folder it is cosign what it keeps, and tell the others."""
    witnesses, name = Witnesses(replica), folder.name
    serve_chain(link, Peer(replica, witnesses))
    replica.elsewhere = partial(fetch_block, replica, link)
    with contextlib.closing(
        Pen(folder / "signed.bin", replica, name, chain.notes[name], SystemClock())
    ) as pen:
        cosigner = Cosigner(replica, witnesses, link, pen)
        cosigner.start()
        with contextlib.closing(cosigner):
            yield cosigner


@contextlib.contextmanager
def opened(
    folder: Path, seed: str, names: Sequence[str], name: str, port: int, *, shift: int = 0
) -> Iterator[Any]:
    """Run one member in this process; gives (chain, validator, link or None).

    Its own ports stand `shift` further than the others look for them.
    """
    chain = validated(seed, names)
    own = folder / name
    own.mkdir(parents=True, exist_ok=True)
    if not (own / "bft.key").exists():
        engine_keys(seed, name).write(own / "bft.key")
    try:
        replica = Replica.open(own / "ledger.db", CHARTER)
    except NotFound:
        replica = Replica.create(own / "ledger.db", chain.genesis.data, chain.list.data, CHARTER)
    place = place_of(folder, seed, names, name, port)
    place = replace(place, rpc_port=place.rpc_port + shift, p2p_port=place.p2p_port + shift)
    with contextlib.closing(replica), contextlib.ExitStack() as stack:
        link: Link | None = None
        committed: Callable[[Effects], None] = told_nobody
        if is_linked(seed):
            link = stack.enter_context(linked(own, seed, names, replica, port))
            if is_synced(seed):
                committed = stack.enter_context(cosigning(own, replica, chain, link)).told
        validator = Validator.open(
            replica, place, SystemClock(), SystemEntropy(), committed=committed, link=link
        )
        stack.enter_context(contextlib.closing(validator))
        yield chain, validator, link


def told_nobody(_: Effects) -> None:
    """Take note of no block."""


class Served:
    """What one member's process does when it is told to."""

    def __init__(self, name: str, chain: Chain, validator: Validator) -> None:
        self.name = name
        self.chain = chain
        self.validator = validator
        self.signed: list[bytes] = []

    def do_submit(self, seq: int, bundle: int = 1) -> str:
        return self.validator.ledger.submit(self._sign(seq, bundle)).hex()

    def do_wait(self, tid: str, ms: int) -> list[int]:
        found = self.validator.ledger.wait(bytes.fromhex(tid), ms)
        return [found.height, found.index, found.code]

    def do_find(self, tid: str) -> bool:
        return self.validator.ledger.find(bytes.fromhex(tid)) is not None

    def do_tip(self) -> list[Any]:
        tip = self.validator.application.replica.tip
        return [tip.height, str(tip.cid), tip.peaks.size]

    def do_header(self, height: int) -> str:
        return self.validator.application.replica.header(height).hex()

    def do_health(self) -> dict[str, Any]:
        found = self.validator.health()
        return {
            "height": found.height,
            "engine": found.engine_height,
            "waiting": found.waiting,
            "starts": found.starts,
            "trouble": [str(each) for each in found.trouble],
            "pid": self.validator.keeper.pid,
            "verified": self.validator.application.gate.verified.checked,
            "executed": self.validator.application.executed,
            "leapt": self.validator.application.replica.leapt,
            "floor": self.validator.application.replica.floor,
        }

    def do_sign(self, first: int, count: int, bundle: int) -> int:
        """Sign many at once, to be submitted by `do_load`."""
        self.signed = [self._sign(seq, bundle) for seq in range(first, first + count)]
        return len(self.signed)

    def do_load(self, every_ms: int = 0) -> dict[str, Any]:
        """Submit what was signed, as fast as it is taken in or one each `every_ms`; wait for all.

        What is late is counted to the commit of this member's copy, which a thread watches.
        """
        ledger = self.validator.ledger
        times: dict[bytes, list[float]] = {}
        kept = self.validator.application.committed

        def committed(effects: Effects) -> None:
            kept(effects)
            now = time.monotonic()
            for tid in effects.tids:
                if tid in times:
                    times[tid].append(now)

        self.validator.application.committed = committed
        begun = time.monotonic()
        for index, data in enumerate(self.signed):
            if every_ms:
                time.sleep(max(0, begun + index * every_ms / 1_000 - time.monotonic()))
            times[Transaction.read(data).tid] = [time.monotonic()]
            while True:
                with contextlib.suppress(Unavailable):
                    ledger.submit(data)
                    break
                time.sleep(0.01)
        for tid in times:
            ledger.wait(tid, 60_000)
        self.validator.application.committed = kept
        late = [round(1_000 * (pair[-1] - pair[0])) for pair in times.values()]
        return {"begun": begun, "ended": time.monotonic(), "late_ms": late}

    def _sign(self, seq: int, bundle: int) -> bytes:
        base = (NAMES.index(self.name) + 1) << 40
        return sign_transaction(
            self.chain.keys[self.name],
            [self.chain.news(base + seq * 1_024 + index) for index in range(bundle)],
            chain=self.chain.genesis.chain,
            member=self.name,
            number=1,
            seq=seq,
            not_after=SystemClock().now_ms() + LIFE_MS,
        )


def serve(folder: Path, seed: str, name: str, port: int, count: int) -> None:
    """Answer what is asked on standard input until it ends."""
    with opened(folder, seed, NAMES[:count], name, port) as (chain, validator, _):
        answer(Served(name, chain, validator))


def answer(served: Served) -> None:
    """Do what each line of standard input asks, and tell what came of it."""
    for line in sys.stdin:
        asked = json.loads(line)
        try:
            told = {"ok": getattr(served, f"do_{asked.pop('do')}")(**asked)}
        except Error as error:
            told = {"error": error.code}
        sys.stdout.write(json.dumps(told) + "\n")
        sys.stdout.flush()


class Process:
    """One member in a process of its own."""

    def __init__(
        self,
        folder: Path,
        seed: str,
        name: str,
        port: int,
        count: int,
        *,
        module: str = MODULE,
        given: Sequence[str] = (),
    ) -> None:
        self.name = name
        command = [sys.executable, "-m", module, str(folder), seed, name]
        self._log = (folder / f"{name}.err").open("ab")
        self._child = subprocess.Popen(
            [*command, str(port), str(count), *given],
            env={**os.environ, "PYTHONPATH": str(TESTS)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
        )

    @property
    def pid(self) -> int:
        return self._child.pid

    def tell(self, do: str, **asked: Any) -> None:
        """Ask without waiting for the answer."""
        assert self._child.stdin is not None
        self._child.stdin.write(json.dumps({"do": do, **asked}).encode() + b"\n")
        self._child.stdin.flush()

    def hear(self) -> Any:
        """Return the next answer; raises what the member raised."""
        assert self._child.stdout is not None
        line = self._child.stdout.readline()
        assert line, f"{self.name} has ended"
        told = json.loads(line)
        if "error" in told:
            raise Unavailable(told["error"], "the member's answer")
        return told["ok"]

    def ask(self, do: str, **asked: Any) -> Any:
        """Ask and return the answer."""
        self.tell(do, **asked)
        return self.hear()

    def kill(self) -> None:
        """End it at once, as a power cut would."""
        self._child.send_signal(signal.SIGKILL)
        self._close()

    def end(self) -> None:
        """Let it end by itself."""
        assert self._child.stdin is not None
        self._child.stdin.close()
        self._close()

    def _close(self) -> None:
        self._child.wait(30)
        for each in (self._child.stdin, self._child.stdout, self._log):
            if each is not None:
                with contextlib.suppress(OSError):
                    each.close()


def free_ports(count: int) -> int:
    """Return the first of some ports in a row that nobody listens on."""
    return find_free_ports(count)[0]


def wait_equal(members: Sequence[Process], height: int, seconds: float = 30) -> list[Any]:
    """Wait until all stand at one tip of `height` or more; return it."""
    until = time.monotonic() + seconds
    while True:
        tips = [each.ask("tip") for each in members]
        if tips[0][0] >= height and all(tip == tips[0] for tip in tips):
            return list(tips[0])
        assert time.monotonic() < until, tips
        time.sleep(0.05)


__all__ = [
    "MODULE",
    "NAMES",
    "PORTS",
    "Process",
    "Result",
    "Served",
    "answer",
    "engine_keys",
    "free_ports",
    "link_key",
    "linked",
    "opened",
    "place_of",
    "profile_of",
    "validated",
    "wait_equal",
]

if __name__ == "__main__":
    serve(Path(sys.argv[1]), sys.argv[2], sys.argv[3], int(sys.argv[4]), int(sys.argv[5]))
