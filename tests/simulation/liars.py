"""What one lying member of a town says, to whoever repairs its chain or was away."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace

from simulation.chain import CHARTER, Chain
from simulation.town import Town
from tallystick.base.codec import Value, cid_of, decode, encode, value
from tallystick.base.errors import Corrupt, Unavailable
from tallystick.chain.checkpoint import Body, cosign, write_note
from tallystick.kernel.ledger.offer import serve_snapshots
from tallystick.kernel.ledger.peer import Peer, serve_chain
from tallystick.kernel.ledger.replica import Replica
from tallystick.kernel.ledger.witness import Witnesses
from tallystick.kernel.link.base import PAYLOAD_BYTES_MAX, Handler

BLOCKS = 12
LIAR = "bureau"
VICTIM = "bank"
METHODS = ("ledger.blocks", "ledger.note", "ledger.lines", "snapshot.spans")


class Liar:
    """A member's end of the link: it counts what it is asked, and answers what it likes."""

    def __init__(self, town: Town, name: str = LIAR) -> None:
        self.town = town
        self.name = name
        self.house = town.houses[name]
        self.honest = dict(town.network._tables[name])
        self.asked = 0
        for method in METHODS:
            self.say(method, self.honest[method])

    def say(self, method: str, answer: Handler) -> None:
        def told(caller: str, payload: bytes) -> bytes:
            self.asked += 1
            return answer(caller, payload)

        self.house.link.serve({method: told})

    def say_all(self, answer: Handler) -> None:
        for method in METHODS:
            self.say(method, answer)

    def sign(self, body: Body) -> bytes:
        key = self.town.chain.notes[self.name]
        return write_note(body, [cosign(body, key, member=self.name, time_s=1)])

    def body(self, height: int) -> Body:
        """Return the true body of the newest height, or one made up for a height beyond."""
        replica = self.house.replica
        found = replica.body(replica.tip.height)
        more = height - found.height
        other = cid_of(b"made up")
        return replace(found, height=height, size=found.size + 3 * more, header=other)

    def blocks(self, *, height: int, note: bytes, blocks: list[bytes]) -> None:
        tree: Value = {"height": height, "lowest": 1, "note": note, "blocks": blocks}
        self.say("ledger.blocks", lambda *_: encode(tree))

    def notes(self, note: bytes) -> None:
        self.say("ledger.note", lambda *_: note)


def huge_height(liar: Liar) -> None:
    liar.blocks(height=2**50, note=b"", blocks=[])


def huge_height_signed_by_itself(liar: Liar) -> None:
    note = liar.sign(liar.body(2**50))
    liar.blocks(height=2**50, note=note, blocks=[])
    liar.notes(note)


def wrong_root(liar: Liar) -> None:
    replica = liar.house.replica
    liar.notes(liar.sign(replace(replica.body(replica.tip.height), root=bytes(32))))


def forged_names(liar: Liar) -> None:
    body = liar.body(BLOCKS + 1)
    keys = dict.fromkeys(liar.town.chain.names, SIGNER)
    lines = [cosign(body, key, member=name, time_s=1) for name, key in keys.items()]
    liar.notes(write_note(body, lines))


def truncated_block(liar: Liar) -> None:
    blocks = [data[: len(data) // 2] for data in liar.house.replica.blocks(1, 10**7)]
    liar.say("ledger.blocks", _from(blocks))


def flipped_block(liar: Liar) -> None:
    blocks = [data[:-1] + bytes([data[-1] ^ 1]) for data in liar.house.replica.blocks(1, 10**7)]
    liar.say("ledger.blocks", _from(blocks))


def another_height(liar: Liar) -> None:
    blocks = liar.house.replica.blocks(1, 10**7)
    liar.say("ledger.blocks", _from(blocks[::-1]))


def another_chain(liar: Liar) -> None:
    other = _other(liar.town, Chain("elsewhere"), range(1, 2 * BLOCKS))
    serve_chain(liar.house.link, Peer(other, Witnesses(other)))
    liar.notes(liar.sign(other.body(other.tip.height)))


def forged_history(liar: Liar) -> None:
    """Blocks that run, of this chain, ordered and signed by nobody but the liar."""
    town = liar.town
    other = _other(town, town.chain, range(500, 500 + 2 * BLOCKS))
    body = other.body(other.tip.height)
    other.keep_cosignature(body.height, LIAR, liar.sign(body).decode().split("\n\n")[1])
    serve_chain(liar.house.link, Peer(other, Witnesses(other)))


def headers_of_a_forged_history(liar: Liar) -> None:
    """The true names, and headers and blocks of a history that the liar ordered."""
    other = _other(liar.town, liar.town.chain, range(500, 500 + 2 * BLOCKS))
    serve_snapshots(liar.house.link, other)
    liar.say("ledger.blocks", _from(other.blocks(1, 10**7)))


def forged_beyond(liar: Liar) -> None:
    """The true chain, and one block more that runs and that the liar alone has signed."""
    replica, chain = liar.house.replica, liar.town.chain
    chain.extend(replica, [chain.sign(replica.tip.peaks.size + 1, [chain.news(900)])])
    body = replica.body(replica.tip.height)
    replica.keep_cosignature(body.height, LIAR, liar.sign(body).decode().split("\n\n")[1])
    liar.notes(liar.sign(body))


def no_headers(liar: Liar) -> None:
    liar.say("snapshot.spans", lambda *_: encode([]))


def the_same_headers_for_ever(liar: Liar) -> None:
    first = liar.honest["snapshot.spans"](VICTIM, encode([2]))
    liar.say("snapshot.spans", lambda *_: first)


def headers_one_by_one(liar: Liar) -> None:
    def one(caller: str, payload: bytes) -> bytes:
        return encode(decode(liar.honest["snapshot.spans"](caller, payload), value)[:1])

    liar.say("snapshot.spans", one)


def cosignatures_for_ever(liar: Liar) -> None:
    def lines(_: str, payload: bytes) -> bytes:
        (first,) = decode(payload, value)
        return encode({"next": first + 1, "lines": [[first, "coop", "no line"]]})

    liar.say("ledger.lines", lines)


def forged_cosignatures(liar: Liar) -> None:
    rows: list[Value] = [
        [height, "coop", "— testcounty/coop AAAA\n"] for height in range(1, BLOCKS + 1)
    ]
    liar.say("ledger.lines", lambda *_: encode({"next": 0, "lines": rows}))


def silence(liar: Liar) -> None:
    def none(*_: object) -> bytes:
        raise Unavailable("link.lost", "bureau: TimeoutError", cure="")

    liar.say_all(none)


def endless_body(liar: Liar) -> None:
    liar.say_all(lambda *_: bytes(PAYLOAD_BYTES_MAX + 1))


def noise(liar: Liar) -> None:
    liar.say_all(lambda *_: b"\x9f" * 20_000)


def nothing(liar: Liar) -> None:
    liar.say_all(lambda *_: b"")


def its_file_is_damaged(liar: Liar) -> None:
    def broken(*_: object) -> bytes:
        raise Corrupt("ledger.corrupt", "body of block 7", cure="")

    liar.say("ledger.blocks", broken)


LIES: tuple[Callable[[Liar], None], ...] = (
    huge_height,
    huge_height_signed_by_itself,
    wrong_root,
    forged_names,
    truncated_block,
    flipped_block,
    another_height,
    another_chain,
    forged_history,
    headers_of_a_forged_history,
    forged_beyond,
    no_headers,
    the_same_headers_for_ever,
    headers_one_by_one,
    cosignatures_for_ever,
    forged_cosignatures,
    silence,
    endless_body,
    noise,
    nothing,
    its_file_is_damaged,
)
UNHEARD = {forged_beyond, headers_one_by_one, another_height}
"""Nobody is named: what is not asked for, or not beyond what is signed, misleads nobody."""
SIGNER = Chain("stranger").notes["bank"]


def _from(blocks: list[bytes]) -> Handler:
    """Answer for blocks as an honest member does, from these."""

    def told(_: str, payload: bytes) -> bytes:
        first, count = decode(payload, value)
        found = blocks[first - 1 : first - 1 + count]
        return encode({"height": len(blocks), "lowest": 1, "note": b"", "blocks": found})

    return told


def _other(town: Town, chain: Chain, numbers: Iterable[int]) -> Replica:
    """Return another history, of a chain of its own or of this one."""
    folder = town.folder / "other"
    folder.mkdir()
    found = Replica.create(folder / "ledger.db", chain.genesis.data, chain.list.data, CHARTER)
    for seq, number in enumerate(numbers, start=1):
        chain.extend(found, [chain.sign(seq, [chain.news(number)])])
    return found
