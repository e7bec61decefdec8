"""A small chain for tests: members with keys of every use, blocks cut on demand, notes, proofs.

Everything is made by the product's own functions from one seed; nothing here is stood in for.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from tallystick.base import codec
from tallystick.base.clock import SeededEntropy
from tallystick.base.codec import Value, cid_of, encode
from tallystick.base.keys import SigningKey
from tallystick.chain import schema
from tallystick.chain.block import Execution, Genesis, genesis_state, propose_block, start
from tallystick.chain.checkpoint import Body, cosign, origin_of, write_note
from tallystick.chain.disclosure import Opening
from tallystick.chain.member import Key, Member, Members
from tallystick.chain.membership import MEMBER_JOINED, pop_message
from tallystick.chain.merkle import consistency_path, inclusion_path, leaf_hash, root_of
from tallystick.chain.pin import Pin
from tallystick.chain.proof import prove_record
from tallystick.chain.record import Admission, Charter, RecordType
from tallystick.chain.seal import Place, draw_material, seal
from tallystick.chain.transaction import Transaction, sign_transaction

__all__ = ["CHARTER", "NAME", "TIME_MS", "Named", "SmallChain"]

NAME: Final = "county"
TIME_MS: Final = 1_790_000_000_000
_USES: Final = ("tx", "note", "link", "seal")


def _admit(offered: Admission) -> int:
    """Admit anything but an amount of nothing, so that there is a record to refuse."""
    return 6 if offered.record["pub"].get("amount") == 0 else 0


def _kind(pub: codec.Check, case: Sequence[str] = (), party: Sequence[str] = ()) -> RecordType:
    return RecordType(
        pub,
        dict.fromkeys(case, codec.value),
        dict.fromkeys(party, codec.value),
        frozenset(),
        _admit,
    )


_DECISION: Final = codec.shape(
    {
        "service": schema.NAME,
        "version": schema.u16,
        "question": schema.NAME,
        "catalogue": codec.cid,
        "rules": schema.u32,
        "inputs_com": schema.b32,
        "not_after": codec.integer(),
    },
    {"model": codec.cid},
)
CHARTER: Final[Charter] = {
    ("member.joined", 1): MEMBER_JOINED,
    ("news.published", 1): _kind(codec.shape({"language": schema.NAME, "object": codec.cid})),
    ("fund.allocated", 1): _kind(codec.shape({"amount": codec.integer()})),
    ("case.applied", 1): _kind(
        codec.shape({"kind": schema.NAME}),
        ("amount", "cycle_months", "purpose"),
        ("party", "profile", "expected_income", "assent"),
    ),
    ("case.schemed", 1): _kind(
        _DECISION,
        ("outcome", "ranked", "conditions"),
        ("figures", "reasons", "inputs", "grants", "subject"),
    ),
}


@dataclass(frozen=True, slots=True)
class Named:
    """Where a record stands: position of its transaction in the log, place in the bundle."""

    position: int
    index: int


class SmallChain:
    """A chain of a few members under the test charter."""

    def __init__(
        self,
        names: Iterable[str] = ("bank-a", "bank-b", "bureau", "operator"),
        *,
        limits: Mapping[str, int] | None = None,
        charter: Charter = CHARTER,
    ) -> None:
        self.charter = charter
        self._entropy = SeededEntropy("tests")
        self._secrets: dict[bytes, SigningKey] = {}
        self.keys: dict[tuple[str, str], SigningKey] = {}
        self.numbers: dict[tuple[str, str], int] = {}
        rows = [Member(name, name.partition("-")[0], self._keys(name)) for name in names]
        members = Members.of(rows)
        fields: dict[str, Value] = {
            "v": 1,
            "suite": 1,
            "kind": "tally",
            "name": NAME,
            "time": TIME_MS,
            "salt": self._entropy.draw("salt", 32),
            "target": b"\xff" * 32,
            "limits": dict(limits or {}),
            "rules": {},
            "seeded": 1,
            "members": members.cid,
        }
        self.genesis = Genesis.read(encode(fields), members.data)
        self.state: dict[bytes, bytes] = genesis_state(self.genesis)
        self.tip = start(self.genesis)
        self.blocks: list[bytes] = []
        self.headers: list[bytes] = [self.genesis.data]
        self.lists: list[Members] = [members]
        self.sizes: list[int] = [0]
        self.leaves: list[bytes] = []
        self.transactions: list[Transaction] = []
        self._seqs: dict[str, int] = {}
        self._next: dict[tuple[str, str], tuple[int, SigningKey]] = {}

    @property
    def chain(self) -> bytes:
        return self.genesis.chain

    def _secret(self) -> SigningKey:
        found = SigningKey.from_seed(self._entropy.draw("key", 32))
        self._secrets[found.public] = found
        return found

    def _keys(self, name: str) -> tuple[Key, ...]:
        return tuple(self._key(name, use, number, 0) for number, use in enumerate(_USES, start=1))

    def _key(self, name: str, use: str, number: int, start: int) -> Key:
        found = self._secret()
        self.keys[name, use] = found
        self.numbers[name, use] = number
        return Key(number, use, 2 if use == "seal" else 1, found.public, start)

    def identifier(self) -> bytes:
        return self._entropy.draw("id", 16)

    def record(self, t: str, pub: Mapping[str, Value], case: bytes | None = None) -> dict[str, Any]:
        record: dict[str, Any] = {"t": t, "rv": 1, "id": self.identifier(), "pub": pub}
        return record if case is None else {**record, "case": case}

    def sealed_record(
        self,
        t: str,
        pub: Mapping[str, Value],
        *,
        member: str,
        values: Mapping[str, Any],
        case: bytes | None = None,
    ) -> tuple[dict[str, Any], dict[str, Opening], list[bytes]]:
        """Return a record with its seals, the openings by class and the sealed objects."""
        record = self.record(t, pub, case)
        seals: dict[str, Any] = {}
        openings: dict[str, Opening] = {}
        objects = []
        for sealed in CHARTER[t, 1].classes():
            fields = CHARTER[t, 1].fields(sealed)
            found = seal(
                {name: value for name, value in values.items() if name in fields},
                place=Place(self.chain, member, record["id"], t, 1, sealed),
                fields=fields,
                material=draw_material(self._entropy, len(fields)),
            )
            seals[sealed], openings[sealed] = found.tree(), found.opening
            objects.append(found.data)
        return {**record, "seals": seals}, openings, objects

    def sign(self, member: str, records: Sequence[Mapping[str, Any]]) -> Transaction:
        self._seqs[member] = self._seqs.get(member, 0) + 1
        return Transaction.read(
            sign_transaction(
                self.keys[member, "tx"],
                [encode(record) for record in records],
                chain=self.chain,
                member=member,
                number=self.numbers[member, "tx"],
                seq=self._seqs[member],
                not_after=self.tip.time + 3_600_000,
            )
        )

    def cut(self, *bundles: tuple[str, Sequence[Mapping[str, Any]]]) -> list[int]:
        """Cut a block of the bundles and return their codes."""
        transactions = [self.sign(member, records) for member, records in bundles]
        run = Execution(self.tip, self.state.get, self.charter, self.tip.time + 1_000)
        codes = [run.add(each) for each in transactions]
        block, effects = propose_block(
            run,
            transactions,
            tip=self.tip,
            proposer=max(self.tip.members.by_name),
            nonce=self._entropy.draw("nonce", 16),
        )
        self.blocks.append(block)
        self.headers.append(codec.decode(block, schema.BLOCK)[0])
        self.leaves += effects.leaves
        self.transactions += transactions
        self.sizes.append(len(self.leaves))
        for key, value in effects.changes.items():
            if value is None:
                del self.state[key]
            else:
                self.state[key] = value
        self.tip = effects.tip
        self.lists.append(self.tip.members)
        # A key that a block brings in signs from the next height on.
        for place, (number, secret) in list(self._next.items()):
            listed = self.tip.members.by_name.get(place[0])
            if listed is not None and any(key.pub == secret.public for key in listed.keys):
                self.keys[place], self.numbers[place] = secret, number
                del self._next[place]
        return codes

    def rotation(self, member: str, dropped: str) -> dict[str, Any]:
        """Return the record by which a member replaces its key of a use by a new one."""
        return self.record("member.joined", self.rotated(member, dropped))

    def rotated(self, member: str, dropped: str) -> dict[str, Any]:
        """Return a member with its key of a use replaced by a new one, as a record states it."""
        own = self.tip.members.by_name[member]
        kept = [key for key in own.keys if key.use != dropped]
        number = max(key.number for key in own.keys) + 1
        fresh = self._secret()
        self._next[member, dropped] = (number, fresh)
        stated = {"key": number, "use": dropped, "alg": 1, "pub": fresh.public}
        return self._joined(member, own.role, kept, [self._with_pop(member, stated, fresh)])

    def joining(self, member: str) -> dict[str, Any]:
        """Return the record by which the operator admits a new member."""
        return self.record("member.joined", self.newcomer(member))

    def newcomer(self, member: str) -> dict[str, Any]:
        """Return a new member with its keys, as a record states it."""
        added = []
        for key in self._keys(member):
            stated = _without_from(key)
            own = self.keys[member, key.use]
            added.append(stated if key.alg != 1 else self._with_pop(member, stated, own))
        return self._joined(member, "fund", [], added)

    def _with_pop(self, member: str, stated: dict[str, Any], key: SigningKey) -> dict[str, Any]:
        return {**stated, "pop": key.sign(pop_message(self.chain, member, stated))}

    def _joined(
        self, member: str, role: str, kept: Iterable[Key], added: Iterable[dict[str, Any]]
    ) -> dict[str, Any]:
        keys = [*(_without_from(key) for key in kept), *added]
        return {"member": member, "role": role, "name": member, "keys": keys}

    def root(self, size: int) -> bytes:
        return root_of(self.leaves[:size])

    def body(self, height: int) -> Body:
        size = self.sizes[height]
        origin = origin_of(NAME, self.chain)
        return Body(origin, size, self.root(size), height, cid_of(self.headers[height]))

    def note(self, height: int, signers: Iterable[str] | None = None) -> bytes:
        """Return a note of a height by those named, or by all of the list in force at it."""
        body = self.body(height)
        members = self.lists[height - 1]
        keys = {
            name: self._secrets[key.pub]
            for name in members.by_name
            for key in members.keys(name, "note", height)
        }
        lines = [
            cosign(body, keys[name], member=name, time_s=TIME_MS // 1_000)
            for name in (keys if signers is None else signers)
        ]
        return write_note(body, lines)

    def pin(self, height: int = 0) -> Pin:
        size = self.sizes[height]
        return Pin(self.chain, NAME, self.lists[height], size, self.root(size))

    def paths(self, old: int, height: int) -> list[list[bytes]]:
        """Return the paths an evidence file carries from log size `old` to a height's."""
        hashes = [leaf_hash(leaf) for leaf in self.leaves[: self.sizes[height]]]
        return [consistency_path(hashes, old)] if 0 < old < len(hashes) else []

    def proof(self, named: Named, height: int) -> dict[str, Any]:
        hashes = [leaf_hash(leaf) for leaf in self.leaves[: self.sizes[height]]]
        return prove_record(
            self.transactions[named.position],
            named.index,
            leaf=self.leaves[named.position],
            position=named.position,
            log_path=inclusion_path(hashes, named.position),
        )

    def context(self, named: Iterable[Named]) -> tuple[list[bytes], list[bytes]]:
        """Return the headers that the records' leaves name, and the lists those name."""
        heights = sorted({self.height_of(each.position) - 1 for each in named})
        lists = {self.lists[height].cid: self.lists[height].data for height in heights}
        return [self.headers[height] for height in heights], list(lists.values())

    def height_of(self, position: int) -> int:
        return next(height for height, size in enumerate(self.sizes) if size > position)

    def known(self, *heights: int) -> dict[str, Any]:
        """Return headers and lists of some heights by CID, as a proof is verified with."""
        return {
            "headers": {cid_of(self.headers[height]): self.headers[height] for height in heights},
            "lists": {self.lists[height].cid: self.lists[height] for height in heights},
        }


def _without_from(key: Key) -> dict[str, Any]:
    return {name: value for name, value in key.tree().items() if name != "from"}
