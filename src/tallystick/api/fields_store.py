"""Fields of answers about objects that members hold for one another."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal

__all__ = ["STORE_FIELDS", "Kind"]

Kind = Literal[
    "cid", "count", "flag", "hash", "id", "ids", "sum", "text", "texts", "time", "tree", "trees"
]
STORE_FIELDS: Final[Mapping[str, tuple[Kind, str]]] = {
    "answering": ("count", "Members that told in time what they hold."),
    "answers": ("flag", "1: it told in time what it holds."),
    "bare": ("count", "Objects that stand no loss more."),
    "bytes": ("count", "Its bytes, as they were put."),
    "cid": ("cid", "The object's name: the CID of its manifest."),
    "departed": (
        "texts",
        "Who left since it was put, and has not said that it holds nothing; not waited for.",
    ),
    "done": ("count", "How many of them have been seen to."),
    "is_erased": ("flag", "1: its key is destroyed, and nobody is to hold any of it."),
    "is_own": ("flag", "1: this member put it."),
    "is_told": (
        "flag",
        "Of an end: 1: the member's node knows it, and has no key; 0: it is told once it answers.",
    ),
    "is_sealed": ("flag", "1: it opens by a key alone; 0: it lies in clear."),
    "left": ("sum", "How many more shards may be lost; below 0 it cannot be read now."),
    "liars": ("trees", "Who gave wrong bytes, the last 100, as `/store/liars` has them."),
    "lies": ("count", "How often it gave wrong bytes, of the last 100 times."),
    "lost": ("count", "Objects that cannot be read now."),
    "needed": ("count", "How many shards give it back."),
    "objects": ("count", "How many objects."),
    "pieces_mended": ("count", "Segments of shards that were made right where they stand."),
    "present": (
        "count",
        "How many of its shards members that answer hold; what is wrong of them does not count.",
    ),
    "quota": ("count", "Most bytes of shards."),
    "read_bytes": ("count", "Bytes of shards that were read for it."),
    "repaired": ("count", "Shards made anew."),
    "rotten": ("trees", "Own shards that were not what was put, all of them: cid, shard."),
    "shards": ("count", "How many shards."),
    "short": ("count", "Objects of which shards lack, and that stand a loss more."),
    "stored": ("count", "Its bytes as they are coded, sealed or in clear."),
    "to": ("text", "The member that may read it."),
    "until_at": ("time", "Until when, in ms since 1970 UTC; 0: no more."),
    "used": ("count", "Bytes of shards that it holds."),
    "waiting": ("texts", "Members that are still to say that they hold nothing of it."),
    "whole": ("count", "Objects every shard of which is held."),
    "ObjectErased.receipts": ("texts", "Members that have signed that they hold nothing of it."),
    "ObjectPut.code": ("text", "The code it is spread by."),
    "ObjectPut.holders": ("texts", "Who was given each shard, in their order."),
    "ObjectPut.lacking": ("count", "Shards whose member failed; they are repaired."),
    "ObjectPut.name": ("text", "What this member calls it."),
    "ObjectRow.code": ("text", "The code it is spread by."),
    "ObjectRow.holders": ("trees", "Who says to hold each: shard, members."),
    "ObjectRow.member": ("text", "Who put it."),
    "ObjectRow.name": ("text", "What this member calls it."),
    "ObjectShown.code": ("text", "The code it is spread by."),
    "ObjectShown.holders": ("trees", "Who says to hold each: shard, members."),
    "ObjectShown.member": ("text", "Who put it."),
    "ObjectShown.name": ("text", "What this member calls it."),
    "ObjectShown.readers": ("trees", "Who else may read it: member, until_at."),
    "ObjectShown.receipts": ("texts", "Members that have signed that they hold nothing of it."),
    "StoreHealth.members": ("count", "How many members there are to hold shards."),
    "StoreHealth.report": (
        "tree",
        (
            "What was done last, by itself: at, scrubbed_bytes, rotten, pieces_mended, repaired,"
            " read_bytes, moved, dropped, lacking, failed (codes, by how often)."
        ),
    ),
    "StoreLiar.answered_at": ("time", "When, by the clock of who gave them."),
    "StoreLiar.at": ("time", "When it was found."),
    "StoreLiar.bytes": ("count", "Of the file."),
    "StoreLiar.caller": ("text", "Who had asked."),
    "StoreLiar.digest": ("text", "Names the file that proves it: its SHA-256; empty for none."),
    "StoreLiar.member": ("text", "Who gave them."),
    "StoreLiar.segment": ("count", "Its segment."),
    "StoreLiar.shard": ("count", "The shard that was asked for."),
    "StoreLiar.sub_chunk": ("count", "The first of its sub-chunks that is wrong."),
    "StoreRepaired.failed": ("tree", "Codes of what could not be done now, by how often."),
    "StoreRepaired.lacking": ("count", "Shards for which there is no member."),
    "StoreRepaired.next": ("cid", "Go on from here; absent at the end."),
    "StoreScrubbed.bytes": ("count", "Bytes of own shards that were read again."),
    "StoreScrubbed.next": ("cid", "Go on from here; absent at the end."),
}
"""By name, or by shape and name."""
