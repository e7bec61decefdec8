"""News, notices, guidance, evaluations, and what stands on the public chain."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tallystick.base.clock import DAY_MS
from tallystick.base.codec import DAG_CBOR, encode
from tallystick.kernel.access.desk import Desk
from tallystick.kernel.access.sealing import Draft
from tallystick.records.base import Statement
from tallystick.records.bulletin import BulletinPublished, BulletinWithdrawn, TallyPublished
from tallystick.records.programme import ProgrammeMeasured
from tallystick.records.public import (
    GuidanceGiven,
    NewsPublished,
    NoticePosted,
    NoticeWithdrawn,
    ProjectEvaluated,
)

__all__ = ["Publication"]


class Publication:
    """What a member says to all."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def _record(
        self, statement: Statement, case: bytes | None = None, amends: bytes | None = None
    ) -> bytes:
        desk = self._desk
        identifier = desk.new_id()
        desk.record(
            [
                Draft(
                    identifier=identifier,
                    statement=statement,
                    case=case,
                    amends=amends,
                    party=case or b"",
                )
            ]
        )
        return identifier

    def publish_news(self, text: str, language: str) -> bytes:
        """Publish a text as a public object and return the record's id."""
        (cid,) = self._desk.store.put_many([encode({"text": text})], DAG_CBOR)
        return self._record(NewsPublished(object=cid, language=language))

    def give_guidance(self, topic: str, text: str, case: bytes | None = None) -> bytes:
        """Advise on a topic, or on a case to its members alone."""
        return self._record(GuidanceGiven(topic=topic, text=text), case)

    def evaluate_project(self, project: bytes, score: int, text: str) -> bytes:
        """Score a project, 0..100."""
        return self._record(ProjectEvaluated(project=project, score=score, text=text))

    def post_notice(self, text: str, *, scope: str, days: int, whitelist: list[str]) -> bytes:
        """Disclose what the law wants shown, where and as long as it wants, no field more."""
        (cid,) = self._desk.store.put_many([encode({"text": text})], DAG_CBOR)
        today = self._desk.now_ms() // DAY_MS
        return self._record(
            NoticePosted(scope=scope, from_day=today, days=days, whitelist=whitelist, object=cid)
        )

    def withdraw_notice(self, notice: bytes) -> bytes:
        """Take a notice down."""
        return self._record(NoticeWithdrawn(notice=notice))

    def publish_bulletin(
        self, title: tuple[str, str], text: tuple[str, str], *, amends: bytes | None = None
    ) -> bytes:
        """Tell everybody something on the public chain; return the record's id.

        Args:
            title: in Chinese and in English, at most 150 bytes each.
            text: likewise, at most 2,400.
            amends: the own bulletin in whose place it stands.

        Raises:
            Invalid: `codec.form`; `record.refused` where a number in it could be a person's, or
                the chain is none that everybody reads.
        """
        (title_zh, title_en), (text_zh, text_en) = title, text
        statement = BulletinPublished(
            title_zh=title_zh, title_en=title_en, text_zh=text_zh, text_en=text_en
        )
        return self._record(statement, amends=amends)

    def withdraw_bulletin(self, bulletin: bytes) -> bytes:
        """Say that a bulletin of this member's no longer holds; return the record's id."""
        return self._record(BulletinWithdrawn(bulletin=bulletin))

    def publish_tally(
        self,
        chain: bytes,
        height: int,
        *,
        days: tuple[int, int],
        figures: Sequence[Mapping[str, Any]],
    ) -> bytes:
        """Publish what another chain recorded in a period; return the record's id.

        Args:
            chain: its digest.
            height: up to which it was read.
            days: the first and the last of the period, since 1970 UTC.
            figures: as `tally.count_figures` returns them.

        Raises:
            Invalid: `record.refused` where figures are too small, or days were told before.
        """
        first, last = days
        return self._record(
            TallyPublished(
                chain=chain,
                height=height,
                from_day=first,
                to_day=last,
                figures=[dict(each) for each in figures],
            )
        )

    def measure_programme(
        self,
        programme: str,
        *,
        cycle: int,
        villages: Sequence[Mapping[str, Any]],
        areas: Sequence[Mapping[str, Any]],
        groups: Sequence[Mapping[str, Any]],
        day: int | None = None,
    ) -> bytes:
        """Publish how a programme's list and a survey differ, in counts that point at nobody.

        Args:
            programme: its code, as funds and loans name it.
            cycle: year and month, yyyymm.
            villages: as `records.programme` has them.
            areas: as `reach.count_reach` returns them.
            groups: likewise.
            day: of the survey, in days since 1970; None for today.

        Raises:
            Invalid: `codec.form`; `record.refused` where a count could point at a household.
        """
        return self._record(
            ProgrammeMeasured(
                programme=programme,
                cycle=cycle,
                day=self._desk.now_ms() // DAY_MS if day is None else day,
                villages=[dict(each) for each in villages],
                areas=[dict(each) for each in areas],
                groups=[dict(each) for each in groups],
            )
        )
