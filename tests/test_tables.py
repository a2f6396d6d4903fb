import numpy as np
import pandas as pd
import pytest
from bs4 import BeautifulSoup

from aecourse.tables import as_table

FRAME = pd.DataFrame(
    {"loss": [1234.5678, -0.004, np.nan], "a < b": [-2.0, 3.0, 1e-9]}, ["first", "R & D", "third"]
)


def parsed(table):
    return BeautifulSoup(table._repr_html_(), "html.parser").table


def words(table):
    return [[cell.get_text() for cell in row.find_all("td")] for row in parsed(table).tbody("tr")]


def test_numbers_are_rounded_and_keep_their_sign_where_they_have_one():
    rows = words(as_table(FRAME, "A caption."))
    assert rows == [["1,234.57", "−2.00"], ["0.00", "3.00"], ["–", "0.00"]]
    assert words(as_table(-FRAME, "A caption.", digits=0))[1] == ["0", "−3"]


def test_each_column_can_have_its_own_digits_and_may_hold_whole_numbers():
    frame = pd.DataFrame({"share": [0.25, 1.0], "runs": [5, 1000]}, ["a", "b"])
    rows = words(as_table(frame, "A caption.", digits={"runs": 0, "share": 1}))
    assert rows == [["0.2", "5"], ["1.0", "1,000"]]


def test_what_is_shown_is_what_python_rounds_to():
    values = np.random.default_rng(0).normal(scale=10, size=(50, 3))
    shown = as_table(pd.DataFrame(values, columns=list("abc")).add_prefix("z"), "A caption.")
    read = [[float(word.replace("−", "-")) for word in row] for row in words(shown)]
    np.testing.assert_array_equal(read, np.round(values, 2))


def test_every_cell_is_told_by_its_headings_and_the_table_by_its_caption():
    table = parsed(as_table(FRAME, "Loss & co."))
    assert table.caption.get_text() == "Loss & co."
    columns = [head.get_text() for head in table.thead.find_all("th", scope="col")]
    rows = [head.get_text() for head in table.tbody.find_all("th", scope="row")]
    assert (columns, rows) == (["loss", "a < b"], ["first", "R & D", "third"])
    assert not [head for head in table.find_all("th") if not head.get_text().strip()]
    assert all(len(row.find_all(["td", "th"])) == 3 for row in table.find_all("tr"))


def test_numbers_stand_on_the_right_and_names_on_the_left():
    table = parsed(as_table(FRAME, "A caption."))
    right = table.tbody.find_all("td") + table.thead.find_all("th")
    assert {cell["style"] for cell in right} == {"text-align: right"}
    assert {name["style"] for name in table.tbody.find_all("th")} == {"text-align: left"}


def test_a_terminal_prints_the_same_words_and_the_frame_stays_as_it_was():
    frame = FRAME.copy()
    text = repr(as_table(frame, "A caption."))
    assert text.startswith("A caption.\n")
    for word in ("1,234.57", "−2.00", "–", "R & D"):
        assert word in text
    pd.testing.assert_frame_equal(frame, FRAME)


def test_bad_input_is_refused():
    with pytest.raises(ValueError, match="expected a caption, got none"):
        as_table(FRAME, " ")
    with pytest.raises(ValueError, match=r"columns \['loss', 'a < b'\], got \['loss'\]"):
        as_table(FRAME, "A caption.", digits={"loss": 2})
