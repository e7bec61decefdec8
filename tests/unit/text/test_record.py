from __future__ import annotations

import pytest

from tallystick.base.errors import NotFound
from tallystick.charter import CHARTER, ROLES
from tallystick.text import record
from tallystick.text.column import COLUMNS, STAGES, name_column


def test_every_record_type_and_role_of_the_charter_has_its_words() -> None:
    assert set(record.RECORDS) == {t for t, _ in CHARTER}
    assert set(record.ROLES) == set(ROLES)


def test_no_two_record_types_or_roles_share_a_name() -> None:
    for table in (record.RECORDS, record.ROLES):
        for language in ("zh", "en"):
            names = [getattr(word.name, language) for word in table.values()]
            assert len(names) == len(set(names))


def test_a_name_is_said_in_the_language_asked_for() -> None:
    assert record.name_record("case.refused", "en") == "Case refused"
    assert record.name_record("case.refused", "zh") == "\u62d2\u7edd"
    assert record.name_role("media", "en") == "Media"
    assert "machine" in record.explain_record("case.refused", "en")
    assert record.explain_role("village", "zh")
    with pytest.raises(NotFound):
        record.name_record("case.lost", "en")


def test_a_column_is_named_in_both_languages_and_a_strange_one_as_it_stands() -> None:
    assert name_column("case", "zh") == "\u6848\u4ef6"
    assert name_column("case", "en") == "case"
    assert name_column("of_its_own", "zh") == "of_its_own"
    assert all(phrase.zh and phrase.en for phrase in (*COLUMNS.values(), *STAGES.values()))


def test_a_heading_of_several_lists_fits_each() -> None:
    """Votes that a change needs, and shards that an object needs, stand under one."""
    assert "shard" not in name_column("needed", "en")
    assert "份" not in name_column("needed", "zh")
