"""Found a county: keys for every member, one genesis, one folder each.

Layout: `county.json` (name, orderer, members), `genesis.cbor`, `members.cbor`, `members.json` (what
an outsider pins to check evidence), and a folder a member with its own key file (0600).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from tallystick.base.clock import Clock, Entropy, SeededEntropy, SystemEntropy
from tallystick.base.codec import encode
from tallystick.base.errors import Conflict, Invalid
from tallystick.chain.block import Genesis
from tallystick.chain.member import Key, Members
from tallystick.chain.member import Member as ListedMember
from tallystick.chain.pin import Pin
from tallystick.charter import CHARTER, ROLES
from tallystick.county.member import MEMBERS, ORDERER, Member
from tallystick.county.validating import (
    COMETBFT,
    DEFAULT,
    FAST,
    EngineKeys,
    draw_validators,
    write_validators,
)
from tallystick.kernel.access.secrets import SEAL_ALG, USES, VOTE, Secrets
from tallystick.kernel.ledger.replica import Replica

__all__ = [
    "CountyFile",
    "check_empty",
    "check_role",
    "check_validators",
    "entropy_for",
    "found_county",
    "list_member",
    "read_county",
    "write_genesis",
]

GENESIS_RULES: Final = {"positioning": 1}
GENESIS_LIMITS: Final = {"vote_ppm": 666_667}
"""More than two thirds of the members must agree to change their list, keys or limits."""
COUNTY_KIND: Final = "county"
VALIDATORS_MIN: Final = 4
PROFILES: Final = (DEFAULT, FAST)
ANY_TARGET: Final = b"\xff" * 32


@dataclass(frozen=True, slots=True)
class CountyFile:
    """What `county.json` says.

    Attributes:
        seed: of a demonstration, whose keys anybody can make; "" for a real county.
        engine: who orders: "" for one member, `cometbft` for those with a `bft` key together.
        profile: of that engine: `default`, or `fast`.
    """

    name: str
    orderer: str
    seed: str
    members: tuple[Member, ...]
    engine: str = ""
    profile: str = DEFAULT

    def write(self, path: Path) -> None:
        """Write it, readable by people."""
        text = json.dumps(asdict(self), ensure_ascii=False, indent=1)
        path.write_text(text + "\n", encoding="utf-8")


def read_county(folder: Path) -> CountyFile:
    """Return what a county folder says of itself.

    Raises:
        Invalid: `county.missing`, the folder holds no county; `county.chains`, it holds several.
    """
    try:
        found = json.loads((folder / "county.json").read_text(encoding="utf-8"))
        members = tuple(Member(**each) for each in found["members"])
        name, orderer, seed = found["name"], found["orderer"], found["seed"]
        engine, profile = found.get("engine", ""), _known(found.get("profile", DEFAULT))
        return CountyFile(name, orderer, seed, members, engine, profile)
    except (FileNotFoundError, NotADirectoryError) as error:
        if kept := sorted(str(each.parent) for each in folder.glob("*/county.json")):
            raise Invalid(
                "county.chains",
                f"{folder.name} holds chains, each a folder of its own: {', '.join(kept)}",
                cure="Name one of them by --county.",
            ) from error
        raise Invalid(
            "county.missing", f"{folder.name} holds no county", cure="tally county init DIR."
        ) from error
    except (OSError, KeyError, TypeError, ValueError) as error:
        why = f": {error.strerror}" if isinstance(error, OSError) else ""
        raise Invalid(
            "county.malformed", f"county.json cannot be read{why}", cure="Restore it from a copy."
        ) from error


def _known(profile: str) -> str:
    if profile not in PROFILES:
        raise ValueError(profile)
    return profile


def entropy_for(seed: str) -> Callable[[str], Entropy]:
    """Return what gives each member its entropy: streams of a seed, or the machine's."""
    if not seed:
        return lambda _: SystemEntropy()
    return lambda name: SeededEntropy(f"{seed}/{name}")


def found_county(
    folder: Path,
    *,
    name: str = "county",
    seed: str = "",
    clock: Clock,
    members: Sequence[Member] = MEMBERS,
    orderer: str = ORDERER,
    kind: str = COUNTY_KIND,
    validators: int = 0,
    profile: str = DEFAULT,
) -> CountyFile:
    """Make a county's folders, keys and genesis.

    Args:
        folder: new or empty.
        name: of the chain.
        seed: of a demonstration; "" for a real county.
        clock: gives genesis its time.
        members: who they are.
        orderer: which of them orders the chain.
        kind: what chain it is: `county`, or `administrative` or `financial` of two.
        validators: how many of the members, the first ones, order together by CometBFT; 0 lets
            `orderer` order alone.
        profile: of CometBFT: `DEFAULT`, or `FAST`, which keeps what waits in the members.

    Raises:
        Conflict: `county.exists`, the folder holds something already.
        Invalid: a member has a role the charter does not know; `county.validators`.
    """
    check_empty(folder)
    for member in members:
        check_role(member.role)
    engine = COMETBFT if validators else ""
    check_validators(validators, len(members), engine, profile, seed)
    folder.mkdir(parents=True, exist_ok=True)
    entropy = entropy_for(seed)
    secrets = {member.name: Secrets.draw(entropy(f"{member.name}/keys")) for member in members}
    engines = draw_validators([m.name for m in members[:validators]], entropy("engines"))
    listed = Members.of(
        [
            list_member(member, [*_show(secrets[member.name]), *_show_vote(engines, member.name)])
            for member in members
        ]
    )
    genesis = write_genesis(
        folder, listed, name=name, clock=clock, entropy=entropy("genesis"), kind=kind, seed=seed
    )
    for member in members:
        home = folder / member.name
        home.mkdir(mode=0o700)
        secrets[member.name].write(home / "member.key")
        Replica.create(home / "ledger.db", genesis, listed.data, CHARTER).close()
    if engines:
        write_validators(folder, engines)
    found = CountyFile(name, orderer, seed, tuple(members), engine, profile)
    found.write(folder / "county.json")
    return found


def check_validators(count: int, members: int, engine: str, profile: str, seed: str = "") -> None:
    """Refuse an order that cannot be: Invalid `county.validators`.

    Args:
        count: how many are to validate.
        members: how many there are.
        engine: `cometbft`, or "" for one that orders alone.
        profile: of the engine.
        seed: of a demonstration.
    """
    if profile != DEFAULT and not engine:
        raise Invalid(
            "county.validators",
            f"the profile {profile} is of members that order together, and one is to order alone",
            cure="Take the engine cometbft too, or leave the profile out.",
        )
    if engine and (seed or not VALIDATORS_MIN <= count <= members):
        raise Invalid(
            "county.validators",
            f"{count} of {members} members are to order together"
            + (", and a seeded county has one orderer" if seed else ""),
            cure="Take 4 at least: one of them may then fail; and no seed.",
        )


def list_member(member: Member, keys: Sequence[bytes]) -> ListedMember:
    """Return a founding member as its chain lists it.

    Args:
        member: name and role.
        keys: its public keys in the order of `USES`, and behind them the one by which its engine
            votes, if it validates.
    """
    algs = dict.fromkeys((*USES, VOTE), 1) | {"seal": SEAL_ALG}
    rows = enumerate(zip((*USES, VOTE), keys, strict=False), start=1)
    listed = tuple(Key(number, use, algs[use], pub, 0) for number, (use, pub) in rows)
    return ListedMember(member.name, member.role, listed)


def _show(secrets: Secrets) -> list[bytes]:
    return [secrets.public(use) for use in USES]


def _show_vote(engines: Mapping[str, EngineKeys], member: str) -> list[bytes]:
    return [engines[member].public] if member in engines else []


def write_genesis(
    folder: Path,
    listed: Members,
    *,
    name: str,
    clock: Clock,
    entropy: Entropy,
    kind: str = COUNTY_KIND,
    seed: str = "",
) -> bytes:
    """Write what a chain begins with, and what an outsider pins of it; return the genesis.

    Args:
        folder: the county's; it stands.
        listed: the first members and their public keys.
        name: of the chain.
        clock: gives genesis its time.
        entropy: draws its salt.
        kind: what chain it is.
        seed: of a demonstration; "" for a real county.
    """
    genesis = encode(
        {
            "v": 1,
            "suite": 1,
            "kind": kind,
            "name": name,
            "time": clock.now_ms(),
            "salt": entropy.draw("salt", 32),
            "target": ANY_TARGET,
            "limits": GENESIS_LIMITS,
            "rules": GENESIS_RULES,
            "seeded": int(bool(seed)),
            "members": listed.cid,
        }
    )
    chain = Genesis.read(genesis, listed.data).chain
    (folder / "genesis.cbor").write_bytes(genesis)
    (folder / "members.cbor").write_bytes(listed.data)
    (folder / "members.json").write_bytes(Pin(chain, name, listed).write())
    return genesis


def check_empty(target: Path) -> None:
    """Refuse a folder that holds something already: Conflict `county.exists`."""
    if target.exists() and any(target.iterdir()):
        raise Conflict(
            "county.exists", f"{target.name} is not empty", cure="Choose another folder."
        )


def check_role(role: str) -> None:
    """Refuse a role that the charter does not know: Invalid `county.role`."""
    if role not in ROLES:
        raise Invalid("county.role", f"{role} is no role", cure="See `tally rules`.")
