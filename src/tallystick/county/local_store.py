"""Objects that members hold for one another, at a node in this process."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict
from itertools import islice
from typing import Any, Final

from tallystick.base.codec import Cid
from tallystick.base.errors import Error
from tallystick.county.local_base import NodeOffice
from tallystick.county.telling import read_link
from tallystick.kernel.store.spread.wrong_answer import WrongAnswer
from tallystick.kernel.store.spread.wrongs import Wrong
from tallystick.kernel.store.unixfs.importer import Readable
from tallystick.services.storing.acts import Opened, Spreading, Wanted
from tallystick.services.storing.standing import KeptObject, Report, Standing
from tallystick.services.storing.survey import Survey, survey_members
from tallystick.services.storing.tending import Pace, Rates, Tending

__all__ = ["StoreOffice"]

STRETCH_S: Final = 1.0
"""How long one call scrubs or repairs: whoever asks goes on from where it ended."""
UNPACED: Final = 1 << 40


class StoreOffice(NodeOffice):
    """What an officer does with objects that members hold for one another."""

    @property
    def _spreading(self) -> Spreading:
        return self._node.spreading

    # ---- objects

    def put_object(
        self, source: Readable, wanted: Wanted, progress: Callable[[int], None] = lambda _: None
    ) -> dict[str, Any]:
        """Spread an object over the members, and have all know that it is to be kept."""
        noted, done = self._spreading.put(source, wanted, progress)
        return {
            "cid": noted.cid,
            "name": noted.name,
            "code": noted.code,
            "bytes": noted.size,
            "is_sealed": int(noted.sealed),
            "holders": list(done.holders),
            "lacking": len(done.missing),
        }

    def open_object(self, cid: str) -> Opened:
        """Return an object that this member may read."""
        return self._spreading.open(read_link(cid))

    def list_objects(
        self, *, limit: int, offset: int, weakest: bool = False
    ) -> list[dict[str, Any]]:
        """Return the objects that are to be kept, how each stands, and who holds it.

        In the order of their records; `weakest`: those first that stand the fewest losses more.
        """
        spreading = self._spreading
        survey = survey_members(spreading)
        if weakest:
            found = sorted(survey.standings(), key=lambda each: (each.left, each.is_whole))
            return [self._row(spreading, each) for each in found[offset : offset + limit]]
        page = islice(spreading.storing.list_objects(erased=0), offset, offset + limit)
        return [self._row(spreading, survey.stand(kept)) for kept in page]

    def show_object(self, cid: str) -> dict[str, Any]:
        """Return how an object stands, who holds it, and of an own one who reads it."""
        spreading, link = self._spreading, read_link(cid)
        noted, member = spreading.book.find(link), spreading.desk.member
        found = [
            each
            for each in spreading.storing.list_objects(manifest=link.raw)
            if noted is None or each.member == member
        ]
        survey = survey_members(spreading)
        standings = [survey.stand(kept) for kept in found]
        # Of several records of one object that of who put it counts.
        standings.sort(key=lambda each: each.shape is None)
        standing = (standings or [survey.stand(self._unrecorded(spreading, link))])[0]
        row = self._row(spreading, standing)
        if noted is not None:
            row["readers"] = [
                {"member": name, "until_at": until}
                for name, until in spreading.book.readers(link).items()
            ]
            row["receipts"] = sorted(spreading.book.receipts(link))
            if standing.kept.erased:
                row["departed"] = spreading.erasing.find_departed(link)
        return row

    @staticmethod
    def _unrecorded(spreading: Spreading, cid: Cid) -> KeptObject:
        """Return an own object whose record is still to come; NotFound for any other."""
        noted = spreading.find_own(cid)
        length = spreading.find_manifest(cid).layout.length
        return KeptObject(cid, spreading.desk.member, length, noted.sealed, noted.added_ms)

    @staticmethod
    def _row(spreading: Spreading, standing: Standing) -> dict[str, Any]:
        kept, shape = standing.kept, standing.shape
        own = kept.member == spreading.desk.member
        noted = spreading.book.find(kept.manifest) if own else None
        row = {
            "cid": kept.manifest,
            "member": kept.member,
            "stored": kept.size,
            "is_sealed": int(kept.sealed),
            "at": kept.at,
            "is_erased": int(kept.erased),
            "is_own": int(own),
            "present": standing.good,
            "left": standing.left,
            "holders": [
                {"shard": shard, "members": names} for shard, names in standing.held.items()
            ],
        }
        if shape is not None:
            row |= {"code": shape.code, "shards": shape.n, "needed": shape.k}
        if noted is not None:
            row |= {"name": noted.name, "bytes": noted.size}
        return row

    # ---- readers, erasure

    def grant_object(self, cid: str, *, to: str, days: int) -> dict[str, Any]:
        """Let a member read an object for some days; 0 ends it, and tells whether it knows."""
        done = self._spreading.grant(read_link(cid), to, days)
        row: dict[str, Any] = {"cid": cid, "to": to, "until_at": done.until_ms}
        return row if done.until_ms else row | {"is_told": int(done.told)}

    def erase_object(self, cid: str) -> dict[str, Any]:
        """Destroy an object's key, have all drop it, and return who has said so."""
        said = self._spreading.erase(read_link(cid))
        missing = set(self._spreading.ring.members()) - said.keys()
        left = self._spreading.erasing.find_departed(read_link(cid))
        return {
            "cid": cid,
            "receipts": sorted(said),
            "waiting": sorted(missing),
            "departed": left,
        }

    # ---- health

    def show_store(self) -> dict[str, Any]:
        """Return how all objects stand, what members do for them, and who lied."""
        spreading = self._spreading
        survey = survey_members(spreading)
        counts: Counter[str] = Counter()
        for standing in survey.standings():
            counts["objects"] += 1
            counts[_health_of(standing)] += 1
        own = spreading.ring.own
        found: dict[str, Any] = {
            name: counts[name] for name in ("objects", "whole", "short", "bare", "lost")
        }
        found |= {
            "members": len(spreading.ring.members()),
            "answering": len(survey.told),
            "used": own.used_bytes,
            "quota": own.quota_bytes,
            "liars": [_told_liar(each) for each in spreading.heard.known()],
        }
        if spreading.report is not None:
            found["report"] = _told_report(spreading.report)
        return found

    def list_store_peers(self) -> list[dict[str, Any]]:
        """Return what each member says it holds for the others."""
        spreading = self._spreading
        survey = survey_members(spreading)
        lies = Counter(each.member for each in spreading.heard.known())
        return [_peer(name, survey, lies[name]) for name in spreading.ring.members()]

    def list_liars(self) -> list[dict[str, Any]]:
        """Return who gave wrong bytes, and of each what its proof tells, verified anew."""
        found = self._spreading.heard.proven()
        return [_told_liar(each) | _told_proof(each, proof) for each, proof in found]

    def read_liar(self, digest: str) -> bytes:
        """Return the file that proves wrong bytes; NotFound `spread.no_proof` if none is kept."""
        return self._spreading.heard.read(bytes.fromhex(digest))

    # ---- by hand

    def _tending(self) -> Tending:
        rates = Rates(patience_s=0, repair_bytes=UNPACED, scrub_bytes=UNPACED)
        return Tending(self._spreading, threading.Event(), rates)

    def scrub_store(self, *, after: str = "") -> dict[str, Any]:
        """Read own shards again for a second, from the object after one; mend what is rotten."""
        pace = Pace(UNPACED, threading.Event())
        start = read_link(after) if after else None
        found = self._tending().scrub(start, pace, STRETCH_S)
        row: dict[str, Any] = {
            "bytes": found.bytes,
            "used": self._spreading.ring.own.used_bytes,
            "rotten": [{"cid": cid, "shard": shard} for cid, shard in found.rotten],
            "pieces_mended": found.mended,
        }
        return row | ({"next": found.last} if found.last is not None else {})

    def repair_store(self, *, after: str = "") -> dict[str, Any]:
        """Make lost shards anew for some objects, whoever put them, the one after `after` first.

        At least one object is seen to, and others as long as a second allows.
        """
        spreading, report = self._spreading, Report()
        survey = survey_members(spreading)
        kept = list(spreading.storing.list_objects(erased=0))
        names = [each.manifest for each in kept]
        link = read_link(after) if after else None
        begin = names.index(link) + 1 if link in names else 0
        tending, until, done = self._tending(), time.monotonic() + STRETCH_S, begin
        for each in kept[begin:]:
            standing = survey.stand(each)
            done += 1
            if standing.shape is None:
                # Nobody who answers knows what it is made of, so nothing can be made anew.
                report.fail("spread.lost")
            elif not standing.is_whole:
                try:
                    tending.repair(standing, report)
                except Error as error:
                    report.fail(error.code)
            if time.monotonic() > until:
                break
        told = asdict(report)
        names_told = ("repaired", "pieces_mended", "read_bytes", "lacking", "failed")
        row = {name: told[name] for name in names_told}
        row |= {"objects": len(kept), "done": done}
        return row | ({"next": names[done - 1]} if done < len(kept) else {})


def _health_of(standing: Standing) -> str:
    """Return whether an object is whole, short, bare (no loss more) or lost."""
    if standing.left < 0:
        return "lost"
    if standing.is_whole:
        return "whole"
    return "bare" if standing.left == 0 else "short"


def _told_liar(found: Wrong) -> dict[str, Any]:
    return {
        "member": found.member,
        "cid": found.cid,
        "shard": found.shard,
        "segment": found.segment,
        "sub_chunk": found.sub_chunk,
        "at": found.at_ms,
        "digest": found.digest.hex(),
    }


def _told_proof(found: Wrong, proof: WrongAnswer | None) -> dict[str, Any]:
    if proof is None:
        return {}
    return {
        "bytes": found.size,
        "caller": proof.caller,
        "answered_at": proof.answered_s * 1_000,
    }


def _told_report(report: Report) -> dict[str, Any]:
    return {name: each for name, each in asdict(report).items() if name != "at_ms"} | {
        "at": report.at_ms
    }


def _peer(name: str, survey: Survey, lies: int) -> dict[str, Any]:
    listing = survey.told.get(name)
    row: dict[str, Any] = {"member": name, "answers": int(listing is not None), "lies": lies}
    if listing is not None:
        shards = sum(len(each) for each in listing.held.values())
        row |= {"used": listing.used, "quota": listing.quota}
        row |= {"objects": len(listing.held), "shards": shards}
    return row
