"""Slides: what tools/slides.py makes of a lesson. How they look, tests/browser asks."""

import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

import notebooks as tool
import slides

LONG = "\n\n\n".join(f"def test_{number}():\n    assert {number}" for number in range(30))


def deck_of(*cells):
    """The types and texts of the slides' cells."""
    made = slides.deck_of(new_notebook(cells=list(cells))).cells
    return [(cell.metadata["slideshow"]["slide_type"], text_of(cell)) for cell in made]


def text_of(cell):
    return cell.source or "".join(output.get("text", "") for output in cell.outputs)


def of_type(slide_type, cell):
    cell.metadata["slideshow"] = {"slide_type": slide_type}
    return cell


def printing(source, text):
    return new_code_cell(source, outputs=[new_output("stream", text=text)])


@pytest.mark.parametrize("path", slides.LESSONS, ids=lambda path: path.stem)
def test_every_cell_of_a_lesson_says_what_becomes_of_it(path):
    known = {"slide", "subslide", "-", "notes", "skip"}
    assert [
        cell.source
        for cell in tool.read(path).cells
        if cell.metadata.get("slideshow", {}).get("slide_type") not in known
    ] == []


def test_a_heading_begins_a_slide_and_what_looks_back_is_a_note():
    deck = deck_of(
        of_type("slide", new_markdown_cell("# A lesson")),
        new_code_cell("1 + 1"),
        of_type("slide", new_markdown_cell("It was two.\n\n## Three\n\nAnd now?")),
        new_code_cell("1 + 2"),
    )
    assert deck == [
        ("slide", "# A lesson"),
        ("-", "1 + 1"),
        ("notes", "It was two."),
        ("slide", "## Three\n\nAnd now?"),
        ("-", "1 + 2"),
    ]


def test_a_question_stands_above_its_code_and_the_output_comes_after():
    deck = deck_of(
        of_type("subslide", new_markdown_cell("So it was.\n\nA **term** is new.\n\nAnd now?")),
        printing("print(3)", "3\n"),
    )
    assert deck == [
        ("notes", "So it was."),
        ("subslide", "A **term** is new."),
        ("-", "And now?"),
        ("-", "print(3)"),
        ("fragment", "3"),
    ]


def test_what_does_not_fit_goes_on():
    deck = deck_of(new_markdown_cell("How many?"), printing(LONG, "line\n" * 40))
    parts = [text for _, text in deck[1:]]
    assert [kind for kind, _ in deck].count("subslide") > 2
    assert "\n".join(parts).count("assert") == 30
    assert "\n".join(parts).count("line") == 40
    assert max(len(part.splitlines()) for part in parts) <= slides.LINES


def test_skipped_and_noted():
    deck = deck_of(
        of_type("skip", new_code_cell("%load_ext bughunt")),
        of_type("notes", new_markdown_cell("For you.")),
        of_type("slide", new_code_cell("1")),
    )
    assert deck == [("notes", "For you."), ("slide", "1")]


def test_folded_code_is_left_out_and_what_it_shows_is_not():
    cell = printing("def draw(): ...", "a picture")
    cell.metadata["jupyter"] = {"source_hidden": True}
    assert deck_of(of_type("subslide", cell)) == [("subslide", "a picture")]


def test_a_report_is_as_wide_as_a_slide():
    red = "\x1b[31mF\x1b[0m" + " " * 117 + "[100%]\n" + "=" * 50 + " short summary " + "=" * 60
    lines = slides.ANSI.sub("", slides.taken_in(red)).splitlines()
    assert [len(line) for line in lines] == [slides.WIDEST] * 2
    assert lines[0].startswith("F  ") and lines[0].endswith("  [100%]")
    assert " short summary " in lines[1]


def test_links_lead_to_slides():
    cell = new_markdown_cell(
        "[04](04-loops.ipynb), [exercise](../exercises/04-x.ipynb), [page](https://a.b/c.ipynb)"
    )
    assert deck_of(cell) == [("-", "[04](04-loops.html), exercise, [page](https://a.b/c.ipynb)")]


def test_a_verdict_is_no_slide_of_its_own():
    html = new_output("display_data", {"text/html": "<section>6 of 6</section>", "text/plain": ""})
    deck = slides.deck_of(new_notebook(cells=[new_code_cell("%%bughunt a", outputs=[html])]))
    assert deck.cells[-1].outputs[0].data["text/html"] == "<div>6 of 6</div>"


def test_no_reveal_js_is_a_sentence(tmp_path):
    with pytest.raises(tool.Refused, match="make slides"):
        slides.make([], tmp_path, tmp_path)
