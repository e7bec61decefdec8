"""A small chain for tests: a charter of four types, members with keys of a seed, bundles."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from tallystick.base import codec
from tallystick.base.clock import ManualClock, SeededEntropy
from tallystick.base.codec import encode
from tallystick.base.keys import SigningKey
from tallystick.chain.block import Execution, Genesis, propose_block
from tallystick.chain.member import Key, Member, Members
from tallystick.chain.membership import MEMBER_JOINED, pop_message
from tallystick.chain.record import Admission, Charter, Code, RecordType
from tallystick.chain.transaction import Transaction, sign_transaction
from tallystick.kernel.ledger.replica import Replica

START_MS: Final = 1_790_000_000_000
LIFE_MS: Final = 600_000
NAMES: Final = ("bank", "bureau", "coop", "operator")


def _admit(offered: Admission) -> int:
    del offered
    return Code.ADMITTED


def _admit_custodian(offered: Admission) -> int:
    own = offered.record["pub"]["custodian"] == offered.member
    return Code.ADMITTED if own else Code.RULE


CHARTER: Final[Charter] = {
    ("member.joined", 1): MEMBER_JOINED,
    ("party.registered", 1): RecordType(
        codec.shape({"kind": codec.ident(40), "custodian": codec.ident(40)}),
        {},
        dict.fromkeys(["party", "identity", "contacts"], codec.value),
        frozenset({"bank", "operator"}),
        _admit_custodian,
    ),
    ("case.applied", 1): RecordType(
        codec.shape({"kind": codec.ident(40)}, {"programme": codec.ident(40)}),
        dict.fromkeys(["amount", "cycle_months", "purpose"], codec.value),
        dict.fromkeys(["party", "profile", "expected_income", "assent"], codec.value),
        frozenset({"bank"}),
        _admit,
    ),
    ("news.published", 1): RecordType(
        codec.shape({"language": codec.ident(40), "object": codec.cid}),
        {},
        {},
        frozenset({"operator", "bureau"}),
        _admit,
    ),
}


@dataclass
class Chain:
    """A genesis with its members' private keys, from a seed."""

    seed: str = "a"
    names: Sequence[str] = NAMES
    limits: Mapping[str, int] = field(default_factory=dict)
    keys: dict[str, SigningKey] = field(init=False)
    notes: dict[str, SigningKey] = field(init=False)

    def __post_init__(self) -> None:
        self.entropy = SeededEntropy(self.seed)
        self.clock = ManualClock(START_MS)
        self.keys = {n: SigningKey.from_seed(self.entropy.draw("key", 32)) for n in self.names}
        self.notes = {n: SigningKey.from_seed(self.entropy.draw("key", 32)) for n in self.names}
        roles = {"bank": "bank", "bureau": "bureau", "coop": "coop"}
        self.list = Members.of(
            [
                Member(
                    name,
                    roles.get(name, "operator"),
                    (
                        Key(1, "tx", 1, self.keys[name].public, 0),
                        Key(2, "note", 1, self.notes[name].public, 0),
                    ),
                )
                for name in self.names
            ]
        )
        self.genesis = Genesis.read(
            encode(
                {
                    "v": 1,
                    "suite": 1,
                    "kind": "test",
                    "name": "testcounty",
                    "time": START_MS - 1,
                    "salt": bytes(32),
                    "target": b"\xff" * 32,
                    "limits": dict(self.limits),
                    "rules": {},
                    "seeded": 1,
                    "members": self.list.cid,
                }
            ),
            self.list.data,
        )

    def news(self, number: int, *, text: bytes = b"") -> bytes:
        """Return a record of news whose id is `number`."""
        return encode(
            {
                "t": "news.published",
                "rv": 1,
                "id": number.to_bytes(16, "big"),
                "pub": {
                    "language": "en",
                    "object": codec.cid_of(text or number.to_bytes(8, "big"), codec.RAW),
                },
            }
        )

    def rotation(self, number: int, member: str, *, ends: bool = False) -> bytes:
        """Return the record by which a member adds another signing key, or ends the one it had."""
        own = self.list.by_name[member]
        fresh = SigningKey.from_seed(self.entropy.draw("key", 32))
        stated: dict[str, Any] = {"key": 10, "use": "tx", "alg": 1, "pub": fresh.public}
        pop = fresh.sign(pop_message(self.genesis.chain, member, stated))
        kept = [{k: v for k, v in key.tree().items() if k != "from"} for key in own.keys]
        if ends:
            kept = [each for each in kept if each["use"] != "tx"]
        return encode(
            {
                "t": "member.joined",
                "rv": 1,
                "id": number.to_bytes(16, "big"),
                "pub": {
                    "member": member,
                    "role": own.role,
                    "name": member,
                    "keys": [*kept, {**stated, "pop": pop}],
                },
            }
        )

    def sign(
        self, seq: int, records: Sequence[bytes], member: str = "operator", life_ms: int = LIFE_MS
    ) -> bytes:
        """Return a transaction of `records`."""
        return sign_transaction(
            self.keys[member],
            records,
            chain=self.genesis.chain,
            member=member,
            number=1,
            seq=seq,
            not_after=self.clock.now_ms() + life_ms,
        )

    def extend(self, replica: Replica, transactions: Sequence[bytes]) -> bytes:
        """Propose and commit a block of `transactions` on a replica; return its bytes."""
        self.clock.advance(1)
        time = max(replica.tip.time + 1, self.clock.now_ms())
        run = Execution(replica.tip, replica.read, CHARTER, time)
        found = [Transaction.read(data) for data in transactions]
        for each in found:
            run.add(each)
        nonce = self.entropy.draw("nonce", 16)
        data, effects = propose_block(run, found, tip=replica.tip, proposer="operator", nonce=nonce)
        replica.commit(data, effects)
        return data
