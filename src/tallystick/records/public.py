"""What departments, village and newspaper say in public."""

from __future__ import annotations

from dataclasses import dataclass

from tallystick.base import codec
from tallystick.base.codec import Cid
from tallystick.records.base import CID, DAY, ID, TEXT, Statement, case_sealed, public

__all__ = [
    "GuidanceGiven",
    "NewsCorrected",
    "NewsPublished",
    "NoticePosted",
    "NoticeWithdrawn",
    "ProjectEvaluated",
]

_IDENT = codec.ident(40)
_LANGUAGE = codec.choice("zh", "en", "ii")


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticePosted(Statement):
    """A disclosure the law wants: where, from when, how long, which fields and no others."""

    t = "notice.posted"
    scope: str = public(_IDENT)
    from_day: int = public(DAY)
    days: int = public(codec.integer(1, 60))
    whitelist: list[str] = public(codec.list_of(_IDENT, 32, 1))
    object: Cid = public(CID)


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeWithdrawn(Statement):
    """A notice is taken down."""

    t = "notice.withdrawn"
    notice: bytes = public(ID)


@dataclass(frozen=True, slots=True, kw_only=True)
class GuidanceGiven(Statement):
    """A department advises on a topic or a case."""

    t = "guidance.given"
    topic: str = public(_IDENT)
    text: str | None = case_sealed(TEXT)


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectEvaluated(Statement):
    """A project's score by its evaluator."""

    t = "project.evaluated"
    project: bytes = public(ID)
    score: int = public(codec.integer(0, 100))
    object: Cid | None = public(CID, optional=True)
    text: str | None = case_sealed(TEXT)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewsPublished(Statement):
    """The newspaper publishes."""

    t = "news.published"
    object: Cid = public(CID)
    language: str = public(_LANGUAGE)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewsCorrected(Statement):
    """The newspaper corrects what it published."""

    t = "news.corrected"
    news: bytes = public(ID)
    object: Cid = public(CID)
    language: str = public(_LANGUAGE)
