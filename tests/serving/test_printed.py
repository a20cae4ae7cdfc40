"""Tables of the command line: nothing in them is cut."""

import io

from serving.printed import print_parts, print_table, table_of

ID = "a-list-with-a-very-long-name-that-somebody-gave-it-for-a-reason"
HEADS = ("list", "from", "verdict")
ROW = (
    ID,
    "2024-07-01",
    "no effect shown; a list of this size could have shown 17.9 points or more",
)


def test_a_long_id_is_never_cut(capsys):
    name = "x" * 300
    print_parts(["a sentence", table_of("one", [("id", True), ("n", False)], [[name, "1"]])])
    printed = capsys.readouterr().out
    assert name in printed
    assert printed.startswith("a sentence\n")
    assert "…" not in printed


def printed(**how):
    file = io.StringIO()
    print_table(HEADS, [ROW], file=file, **how)
    return file.getvalue()


def test_in_a_pipe_a_row_is_a_line():
    [line] = [line for line in printed().splitlines() if "2024-07-01" in line]
    assert all(cell in line for cell in ROW)


def test_in_a_narrow_terminal_an_id_goes_on_in_the_next_line():
    text = printed(width=60)
    assert max(map(len, text.splitlines())) <= 60
    cells = [line.split("│")[1].strip() for line in text.splitlines() if line.startswith("│")]
    assert "".join(cells) == ID
    assert "…" not in text


def test_what_stands_in_a_cell_is_no_markup():
    file = io.StringIO()
    print_table(("list",), [("[bold]x[/bold]",)], file=file)
    assert "[bold]x[/bold]" in file.getvalue()
