from __future__ import annotations

from pathlib import Path

import pytest

from tallystick.base.errors import Error, Invalid
from tallystick.cli.reading import FILE_BYTES_MAX, fill_application, read_tree, read_words


def test_words_fill_leaves_of_demand_and_profile() -> None:
    words = (
        "kind=borrow",
        "amount_minor=3000000",
        "as_of_month=2026-03",
        "terms_asked.term_months=12",
        "payable_months=10,11",
        "persons=4",
        "machines=tractor,pump",
        "purpose_text=a b=c",
    )
    assert fill_application({"features": {"x": 1}}, words) == {
        "profile": {"persons": 4, "machines": ["tractor", "pump"]},
        "demand": {
            "kind": "borrow",
            "amount_minor": 3_000_000,
            "as_of_month": 24_314,
            "terms_asked": {"term_months": 12},
            "payable_months": [10, 11],
            "purpose_text": "a b=c",
        },
        "features": {"x": 1},
    }


def test_words_do_not_change_the_tree_they_are_put_into() -> None:
    tree = {"profile": {"persons": 1}, "demand": {"terms_asked": {"term_months": 1}}}
    fill_application(tree, ("persons=2", "terms_asked.term_months=2"))
    assert tree == {"profile": {"persons": 1}, "demand": {"terms_asked": {"term_months": 1}}}


@pytest.mark.parametrize(
    "word",
    [
        *("persons=x", "persons=1.5", "as_of_month=2026-03-01", "stranger=1", "crops=x"),
        *("terms_asked=1", "terms_asked.stranger=1", "terms_asked.term_months.x=1"),
        *("kind.x=1", "=1", "persons"),
    ],
)
def test_a_word_that_fills_no_leaf_is_refused(word: str) -> None:
    with pytest.raises(Invalid):
        fill_application({}, (word,))


def test_a_word_below_what_is_no_table_is_refused() -> None:
    trees: list[dict[str, object]] = [{"demand": 3}, {"demand": {"terms_asked": []}}]
    for tree in trees:
        with pytest.raises(Invalid) as caught:
            fill_application(tree, ("terms_asked.term_months=2",))
        assert caught.value.code == "cli.file"


def test_a_name_given_twice_is_refused() -> None:
    with pytest.raises(Invalid):
        read_words(("a=1", "a=2"))


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.json", b"{"),
        ("a.json", b"[1]"),
        ("a.json", b"[" * 100_000),
        ("a.json", b"\xff"),
        ("a.toml", b"x"),
        ("a.json", b" " * (FILE_BYTES_MAX + 1)),
    ],
)
def test_a_file_without_a_reading_is_refused_and_not_repeated(
    tmp_path: Path, name: str, content: bytes
) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(Invalid) as caught:
        read_tree(str(path))
    assert caught.value.code == "cli.file"
    assert str(tmp_path) not in str(caught.value)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(Error) as caught:
        read_tree(str(tmp_path / "none.json"))
    assert "none.json" in caught.value.message
    (tmp_path / "a.toml").write_text("x = 1", encoding="utf-8")
    assert read_tree(str(tmp_path / "a.toml")) == {"x": 1}
