"""CSV dialects, ARFF and JSON lines: rows, and the faults that stand in their place."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tallystick.base.errors import Invalid
from tallystick.sources import Application, Reading, Rejected, documents, parse_mapping, tables
from tallystick.sources.applications import read_applications

Open = Callable[..., Reading]
MAPPING = '[fields]\n"profile.village" = "v"\n"profile.age_years" = "age"\n'


def codes(reading: Reading) -> list[object]:
    return [
        row.code if isinstance(row, Rejected) else row.profile.get("village") for row in reading
    ]


@pytest.mark.parametrize("mark", [",", ";", "\t", "|"])
def test_each_delimiter_is_found_by_the_header(reading: Open, mark: str) -> None:
    data = "v,age,z\na,1,\nb,2,\n".replace(",", mark)
    assert codes(reading(MAPPING, data)) == ["a", "b"]


def test_a_delimiter_inside_quotes_of_the_header_does_not_mislead() -> None:
    assert tables.sniff_delimiter('"a;b;c;d",x\n') == ","


def test_quoted_newlines_quotes_and_crlf_stay_inside_one_row(reading: Open) -> None:
    text = '[fields]\n"demand.purpose_text" = "t"\n'
    rows = list(reading(text, 't,x\r\n"two\nlines, ""quoted""",1\r\n\r\nplain,2\r\n'))
    assert [row.demand["purpose_text"] for row in rows if isinstance(row, Application)] == [
        'two\nlines, "quoted"',
        "plain",
    ]
    assert [row.row for row in rows] == [1, 2]


def test_ragged_and_ill_quoted_rows_are_rejected_while_others_go_on(reading: Open) -> None:
    opened = reading(MAPPING, 'v,age\na,1\nb\nc,1,2\n"d"x,4\ne,5\n')
    assert codes(opened) == ["a", "source.ragged", "source.ragged", "source.quote", "e"]
    assert (opened.rows, opened.accepted, [row.row for row in opened.rejected]) == (5, 2, [2, 3, 4])
    assert opened.codes == {"source.ragged": 2, "source.quote": 1}


def test_a_quote_that_never_closes_refuses_the_file(
    reading: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(Invalid) as caught:
        list(reading(MAPPING, 'v,age\na,1\n"b,2\nc,3\n'))
    assert (caught.value.code, caught.value.values["row"]) == ("source.quote_open", 2)
    monkeypatch.setattr(tables, "RECORD_CHARACTERS_MAX", 1000)
    with pytest.raises(Invalid) as caught:
        list(reading(MAPPING, "v,age\n" + "b" * 200_000 + ",1\n"))
    assert (caught.value.code, caught.value.values["row"]) == ("source.quote_open", 1)
    monkeypatch.setattr(tables, "RECORD_CHARACTERS_MAX", 1_000_000)
    with pytest.raises(Invalid) as caught:
        list(reading(MAPPING, "v,age\n" + "b" * 200_000 + ",1\n"))
    assert (caught.value.code, caught.value.values["row"]) == ("source.cell_too_long", 1)
    monkeypatch.setattr(tables, "RECORD_CHARACTERS_MAX", 1000)
    with pytest.raises(Invalid) as caught:
        list(reading(MAPPING, 'v,age\n"b,2\n' + "c,3\n" * 1000))
    assert (caught.value.code, caught.value.values["row"]) == ("source.quote_open", 1)


def test_missing_columns_are_named_all_at_once_and_at_once(reading: Open) -> None:
    with pytest.raises(Invalid) as caught:
        reading(MAPPING, "张三,李四\n1,2\n")
    assert caught.value.code == "source.columns_missing"
    assert caught.value.values["columns"] == ("age", "v")
    assert "张三" not in str(caught.value)


def test_a_header_name_twice_is_refused_without_quoting_it(reading: Open) -> None:
    with pytest.raises(Invalid) as caught:
        reading(MAPPING, "v,张三,age,张三\n")
    assert caught.value.code == "source.header_twice"
    assert "columns 2 and 4" in caught.value.message
    assert "张三" not in str(caught.value)
    named = '[file]\ncolumns = ["v", "p", "age", "q"]\n' + MAPPING
    assert codes(reading(named, "v,x,age,x\na,1,2,3\n")) == ["a"]


def test_a_file_without_a_header_is_read_by_declared_names(reading: Open) -> None:
    mapping = '[file]\nheader = false\ncolumns = ["v", "age"]\n' + MAPPING
    assert codes(reading(mapping, "a,1\nb,2\n")) == ["a", "b"]


@pytest.mark.parametrize("data", ["", "\n\n", "v,age\n", "v,age\n\n\n"])
def test_a_file_without_rows_is_refused(reading: Open, data: str) -> None:
    with pytest.raises(Invalid) as caught:
        list(reading(MAPPING, data))
    assert caught.value.code == "source.empty"


def test_too_many_columns_are_refused(reading: Open) -> None:
    with pytest.raises(Invalid) as caught:
        reading(MAPPING, ",".join(f"c{number}" for number in range(tables.COLUMNS_MAX + 1)))
    assert caught.value.code == "source.columns"


ARFF = """% a comment
@RELATION 'r'
@attribute 'the v' string
@attribute age numeric
@attribute class {0,1}
@data
% another
'it\\'s a, b',40,0
"x",?,1
plain , 41 , 1
'broken,3,0
"""


def test_arff_is_read_with_its_quotes_and_question_marks(reading: Open) -> None:
    mapping = (
        '[file]\nformat = "arff"\n[fields]\n"demand.purpose_text" = "the v"\n'
        '"profile.age_years" = "age"\n[target]\ncolumn = "class"\ngood = [0]\nbad = [1]\n'
    )
    rows = list(reading(mapping, ARFF))
    first, second, third = (row for row in rows if isinstance(row, Application))
    assert first.demand["purpose_text"] == "it's a, b"
    assert (first.profile, second.profile, third.profile) == (
        {"age_years": 40},
        {},
        {"age_years": 41},
    )
    assert (first.target, second.target) == (0, 1)
    assert [row.code for row in rows if isinstance(row, Rejected)] == ["source.quote"]


@pytest.mark.parametrize(
    "text", ["@attribute a numeric\n", "1,2\n", "@attribute a numeric\n@data\n{0 1}\n"]
)
def test_a_broken_or_sparse_arff_is_refused(reading: Open, text: str) -> None:
    with pytest.raises(Invalid) as caught:
        list(reading('[file]\nformat = "arff"\n[fields]\n"profile.age_years" = "a"\n', text))
    assert caught.value.code == "source.arff"


JSONL = '[file]\nformat = "jsonl"\n[fields]\n"profile.age_years" = { path = "p.age" }\n'


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("{", "source.json"),
        ("[1]", "source.json"),
        ('{"p": {"age": 1, "age": 2}}', "source.key_twice"),
        ('{"p": ' * 20 + "1" + "}" * 20, "source.too_deep"),
        ('{"p": ' * 100_000, "source.too_deep"),
        ('{"p": {"age": NaN}}', "source.not_finite"),
        ('{"p": {"age": -Infinity}}', "source.not_finite"),
        ('{"p": {"age": true}}', "source.not_number"),
        ('{"p": {"age": [1]}}', "source.not_scalar"),
        ('{"p": 5}', "source.not_map"),
        ('{"p": {"age": 1}, "name": "\\ud800"}', "source.json"),
        ('{"p": {"age": 1e400}}', "source.not_number"),
        ('{"p": {"age": ' + "9" * 5000 + "}}", "source.not_number"),
        ('{"p": {"age": -3}}', "source.range"),
    ],
)
def test_a_faulty_document_is_rejected_and_the_next_goes_on(
    reading: Open, line: str, code: str
) -> None:
    rows = list(reading(JSONL, f'{line}\n{{"p": {{"age": 7}}}}\n'))
    assert isinstance(rows[0], Rejected)
    assert (rows[0].row, rows[0].code) == (1, code)
    assert isinstance(rows[1], Application)
    assert rows[1].profile == {"age_years": 7}


def test_a_path_that_no_document_answers_is_told(reading: Open) -> None:
    opened = reading(JSONL + '"profile.village" = { path = "p.vilage" }\n', '{"p": {"age": 7}}\n')
    list(opened)
    assert opened.unseen == ("p.vilage",)


@given(
    st.recursive(
        st.none()
        | st.booleans()
        | st.integers()
        | st.text()
        | st.floats(allow_nan=False, allow_infinity=False),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
        max_leaves=8,
    )
)
def test_parts_handed_through_are_what_pythons_own_reader_gives(value: object) -> None:
    import io
    import json

    line = json.dumps({"keep": {"value": value}, "age": 1})
    mapping = '[file]\nformat = "jsonl"\n[fields]\n"profile.age_years" = "age"\n'
    mapping += '[expected]\nkeep = ["keep"]\n'
    rows = list(read_applications(io.BytesIO(line.encode()), parse_mapping(mapping.encode())))
    if isinstance(rows[0], Application):
        assert rows[0].expected == {"keep": {"value": value}}
    else:
        assert rows[0].code == "source.too_deep"
    assert documents.DEPTH_MAX >= 8
