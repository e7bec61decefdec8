"""The files of a county's folder that belong to no member, held against the chain.

`genesis.cbor`, `members.cbor` and `members.json` follow from genesis, which every copy of the chain
holds; of `county.json` the chain tells name, members, roles and whether there is a seed; of
`chains.json`, which chains' folders stand here. Laws: which genesis is the county's is what most of
its witnesses say: each copy here, `genesis.cbor`, and what `members.json` pins; checking writes
nothing.
Limits: what members are called in both languages, and a seed's text, no chain tells: they are
compared with the county's other chains here, as far as the same members keep those.
"""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from tallystick.base.codec import Cid
from tallystick.base.errors import Error, Invalid, NotFound
from tallystick.chain.block import Genesis
from tallystick.chain.member import Members
from tallystick.chain.pin import Pin
from tallystick.county.chains import (
    ADMINISTRATIVE,
    CHAINS_FILE,
    COUNTY,
    FINANCIAL,
    PUBLIC,
    find_chains,
    write_chains,
)
from tallystick.county.founding import read_county
from tallystick.kernel.ledger.finding import Finding, finding_of
from tallystick.kernel.ledger.rows import Rows
from tallystick.kernel.store.database import Database
from tallystick.kernel.store.folder import sync_path
from tallystick.text.findings import fill_cure
from tallystick.text.wording import Language

__all__ = ["check_papers", "cure_of_paper", "find_genesis", "mend_papers", "read_genesis"]

GENESIS_FILE: Final = "genesis.cbor"
MEMBERS_FILE: Final = "members.cbor"
PIN_FILE: Final = "members.json"
COUNTY_FILE: Final = "county.json"


def read_genesis(folder: Path) -> Genesis:
    """Return the genesis of a county's folder, as its own files tell it.

    Raises:
        NotFound: `county.no_genesis`.
        Invalid: `county.malformed`, the two files are not a chain's genesis and its members.
    """
    try:
        genesis = (folder / GENESIS_FILE).read_bytes()
        members = (folder / MEMBERS_FILE).read_bytes()
    except FileNotFoundError as error:
        raise NotFound(
            "county.no_genesis", "the county's genesis is missing", cure="Restore it from a copy."
        ) from error
    try:
        return Genesis.read(genesis, members)
    except Invalid as error:
        raise Invalid(
            "county.malformed",
            f"{GENESIS_FILE} and {MEMBERS_FILE} of {folder.name} do not tell a genesis:"
            f" {error.message}",
            cure="tally repair --member NAME, with any member that is here.",
        ) from error


def find_genesis(folder: Path) -> Genesis:
    """Return the county's genesis, by what most of its witnesses here say.

    Raises:
        NotFound: `county.no_genesis`; Invalid: `county.malformed`; no witness can be read.
    """
    votes, found = Counter[bytes](), dict[bytes, Genesis]()
    for path in sorted(key.with_name("ledger.db") for key in folder.glob("*/member.key")):
        # A copy that cannot be read says nothing here; its own audit names what is wrong with it.
        with contextlib.suppress(Error), contextlib.closing(Database.read(path)) as database:
            genesis = Rows(database).genesis()
            found[genesis.chain] = genesis
            votes[genesis.chain] += 1
    with contextlib.suppress(Error):
        genesis = read_genesis(folder)
        # Named first, it is believed where one other says something else and nobody a third time.
        found = {genesis.chain: genesis, **found}
        votes = Counter({genesis.chain: 0}) + votes
        votes[genesis.chain] += 1
    with contextlib.suppress(Error, OSError):
        votes[Pin.read((folder / PIN_FILE).read_bytes()).chain] += 1
    if not found:
        return read_genesis(folder)
    return found[max(found, key=lambda chain: votes[chain])]


def check_papers(folder: Path, genesis: Genesis) -> list[Finding]:
    """Return what is wrong with the files of a county's folder that are no member's.

    Args:
        folder: the county's.
        genesis: the county's, as `find_genesis` has it.
    """
    found: list[Finding] = []
    # Each is a generator: nothing is read before the loop asks for it.
    checks = {
        GENESIS_FILE: _check_bytes(folder / GENESIS_FILE, genesis.data),
        MEMBERS_FILE: _check_bytes(folder / MEMBERS_FILE, genesis.members.data),
        PIN_FILE: _check_pin(folder, genesis),
        COUNTY_FILE: _check_county(folder, genesis),
        CHAINS_FILE: _check_chains(_top(folder)),
    }
    for name, check in checks.items():
        try:
            found += check
        except FileNotFoundError:
            found.append(_wrong(name, "it is missing"))
        except Error as error:
            told = finding_of(error, -1, name)
            found.append(Finding(-1, name, told.detail, "", error.code))
    return found


def cure_of_paper(found: Finding, language: Language = "en") -> str:
    """Return what to do about a finding of `check_papers`, in a sentence."""
    name = "copy" if found.field == COUNTY_FILE else "papers"
    return fill_cure(name, language, file=found.field)


def _wrong(name: str, detail: str, expected: object = "", got: object = "") -> Finding:
    return Finding(-1, name, detail, str(expected), str(got))


def _check_bytes(path: Path, data: bytes) -> Iterator[Finding]:
    if path.read_bytes() != data:
        yield _wrong(path.name, "it is not what the chain begins with")


def _check_pin(folder: Path, genesis: Genesis) -> Iterator[Finding]:
    pin = Pin.read((folder / PIN_FILE).read_bytes())
    if (pin.chain, pin.name) != (genesis.chain, genesis.fields["name"]):
        yield _wrong(PIN_FILE, "it pins another chain", genesis.chain.hex(), pin.chain.hex())
    elif pin.members.cid not in _lists(folder, genesis):
        yield _wrong(PIN_FILE, "the chain never had this list of members")


def _lists(folder: Path, genesis: Genesis) -> set[Cid]:
    """Return every list of members that a copy here says was in force."""
    known = {genesis.members.cid}
    for path in folder.glob("*/ledger.db"):
        with contextlib.suppress(Error), contextlib.closing(Database.read(path)) as database:
            for (data,) in database.rows("SELECT data FROM roster WHERE height > 0"):
                known.add(Members.read(data).cid)
    return known


def _check_county(folder: Path, genesis: Genesis) -> Iterator[Finding]:
    county, name = read_county(folder), genesis.fields["name"]
    if county.name != name:
        yield _wrong(COUNTY_FILE, "name of the chain", name, county.name)
    told = {each.name: each.role for each in county.members}
    listed = {each.name: each.role for each in genesis.members.by_name.values()}
    for member in sorted(told.keys() | listed.keys()):
        if told.get(member) != listed.get(member):
            yield _wrong(COUNTY_FILE, f"role of {member}", listed.get(member), told.get(member))
    if county.orderer not in listed:
        yield _wrong(COUNTY_FILE, f"{county.orderer}, who is to order, founded nothing")
    if bool(county.seed) != bool(genesis.fields["seeded"]):
        yield _wrong(COUNTY_FILE, "seed", genesis.fields["seeded"], int(bool(county.seed)))
    for place in _beside(folder):
        with contextlib.suppress(Error):
            others = {each.name: each for each in read_county(place).members}
            for each in county.members:
                if others.get(each.name, each) != each:
                    yield _wrong(
                        COUNTY_FILE,
                        f"{each.name} is called otherwise in {place.name}/{COUNTY_FILE};"
                        " one of the two was changed",
                        f"{others[each.name].zh}, {others[each.name].en}",
                        f"{each.zh}, {each.en}",
                    )


def _top(folder: Path) -> Path:
    """Return the folder that holds `chains.json`: of a chain beside others, the one above."""
    above = folder.parent
    is_beside = folder.name in {ADMINISTRATIVE, FINANCIAL, PUBLIC}
    return above if is_beside and (above / CHAINS_FILE).is_file() else folder


def _places(top: Path) -> dict[str, Path]:
    """Return the folders below that hold chains, by the kind that their names tell."""
    places = {COUNTY: top} | {kind: top / kind for kind in (ADMINISTRATIVE, FINANCIAL, PUBLIC)}
    return {kind: place for kind, place in places.items() if (place / COUNTY_FILE).is_file()}


def _beside(folder: Path) -> list[Path]:
    return [place for place in _places(_top(folder)).values() if place != folder]


def _check_chains(top: Path) -> Iterator[Finding]:
    if not (top / CHAINS_FILE).is_file():
        # A county that keeps one chain says so by its `county.json` alone.
        return
    told, here = find_chains(top), _places(top)
    if told.keys() != here.keys():
        yield _wrong(CHAINS_FILE, "chains here", ", ".join(here), ", ".join(told))


def mend_papers(folder: Path, genesis: Genesis) -> list[str]:
    """Write anew what the chain tells of the county's own files; return the names of those written.

    Args:
        folder: the county's; nobody serves it.
        genesis: the county's, as `find_genesis` has it.
    """
    damaged = {each.field for each in check_papers(folder, genesis)}
    pin = Pin(genesis.chain, genesis.fields["name"], genesis.members)
    made = {
        GENESIS_FILE: genesis.data,
        MEMBERS_FILE: genesis.members.data,
        PIN_FILE: pin.write(),
    }
    changed = [name for name in made if name in damaged]
    for name in changed:
        fresh = folder / f"{name}.part"
        fresh.write_bytes(made[name])
        sync_path(fresh)
        fresh.replace(folder / name)
    if changed:
        sync_path(folder)
    if CHAINS_FILE in damaged:
        top = _top(folder)
        write_chains(top, list(_places(top)))
        changed.append(CHAINS_FILE)
    return changed
