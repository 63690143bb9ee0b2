"""Makes slides out of lessons: one HTML file each, which needs neither a network nor a server.

python tools/slides.py [FILES...]     write slides/NN-name.html; without FILES, of every lesson

What becomes of a cell says its metadata, `slideshow.slide_type`, as JupyterLab's property inspector
sets it: a slide, a sub-slide, `-` (goes on), notes (for the speaker view, key S), or skip. What
does not fit goes on on further sub-slides. Three things are done here that metadata cannot say:

- A heading begins a slide, in the middle of a cell, too.
- A lesson's paragraphs look back at one cell and lead on to the next. Those that look back are
  yours to say, and become notes; the last one, with its question, stands above the code.
- What a cell prints is shown at the next key, after the question has been answered.
"""

import argparse
import re
import sys
from copy import deepcopy
from math import ceil
from pathlib import Path

from nbformat.v4 import new_code_cell, new_markdown_cell, new_output

from notebooks import NOTEBOOKS, ROOT, Refused, read, shown, write

# Those to be taught; the error index and the cheat sheet are to be looked up.
LESSONS = sorted(NOTEBOOKS.glob("[01]*.ipynb"))
# A package that brings reveal.js along; the Makefile fetches it, and nothing that it depends on.
REVEAL = Path(sys.prefix) / "share" / "slides" / "sphinx_revealjs" / "_static" / "revealjs"

WIDTH, HEIGHT = 1280, 720
# The rest is slides.css, in pixels: what is inside a slide, and how high things are in there.
ROOM = HEIGHT - 2 * 20
PROSE, GAP, COLUMNS = 38, 14, 88  # a line of prose, the gap below; letters in a line, at most
CODE, PADDING, WIDEST = 25, 28, 98  # a line of code, what is around it; letters in a line
HEADINGS = {"# ": 148, "## ": 62}
LINES = (ROOM - PADDING) // CODE

ANSI = re.compile(r"\x1b\[[0-9;]*m")
RUN = re.compile(r"([ =_-])\1{9,}")


# --- how high is it? ----------------------------------------------------------------------------


def lines_of(text: str, columns: int) -> int:
    return sum(max(1, ceil(len(line) / columns)) for line in text.splitlines()) or 1


def height_of_prose(block: str) -> int:
    """The height of a paragraph, a heading, a list, a table or a piece of code in Markdown."""
    plain = re.sub(r"\]\([^)]*\)|[*`\[\]]", "", block)
    for mark, height in HEADINGS.items():
        if block.startswith(mark):
            return height
    if block.startswith("```"):
        return lines_of(block, WIDEST) * CODE
    if block.startswith("|"):
        rows = [row for row in plain.splitlines() if not re.fullmatch(r"[|: -]+", row)]
        return sum(45 + 32 * (len(row) // 90) for row in rows) + GAP
    if re.match(r"- |\d\. ", block):
        items = re.split(r"\n(?=- |\d\. )", plain)
        return sum(PROSE * ceil(len(item) / (COLUMNS - 3)) + 6 for item in items) + GAP
    return PROSE * ceil(len(plain) / COLUMNS) + GAP


def height_of_code(source: str) -> int:
    return lines_of(source, WIDEST) * CODE + PADDING


def height_of_output(output) -> int:
    text = text_of(output)
    if text is not None:
        return lines_of(ANSI.sub("", text), WIDEST) * CODE + GAP
    data = output["data"]
    if "text/html" in data and "<svg" in data["text/html"]:
        sizes = re.findall(r'viewBox="[-\d.]+ [-\d.]+ ([\d.]+) ([\d.]+)"', data["text/html"])
        width = 940 if len(sizes) < 3 else 600
        return GAP + sum(int(float(high) / float(wide) * width) + 10 for wide, high in sizes)
    # A verdict, a table: larger than its text.
    return sum(40 * ceil(len(line) / 75) for line in data["text/plain"].splitlines())


def text_of(output) -> str | None:
    """What is printed, where nothing but text is shown."""
    if output.output_type == "stream":
        return output.text
    data = output.get("data", {})
    return data.get("text/plain") if set(data) == {"text/plain"} else None


# --- taking apart -------------------------------------------------------------------------------


def blocks_of(markdown: str) -> list[str]:
    """The blocks of a Markdown cell: what blank lines part, but for those in a piece of code."""
    blocks = re.split(r"\n{2,}(?=(?:[^`]|`(?!``)|```.*?```)*\Z)", markdown.strip(), flags=re.S)
    return [block for block in blocks if block.strip()]


def sections_of(markdown: str) -> list[list[str]]:
    """The blocks of a Markdown cell, parted before each heading."""
    sections = [[]]
    for block in blocks_of(markdown):
        if block.startswith(tuple(HEADINGS)) and sections[-1]:
            sections.append([])
        sections[-1].append(block)
    return sections


def pieces_of(source: str, most: int = LINES) -> list[str]:
    """Code, parted where it must be: best between two functions, else at a blank line."""
    lines, pieces = re.sub(r"\n{3,}", "\n\n", source).splitlines(), []
    while lines_of("\n".join(lines), WIDEST) > most:
        blank = [at for at in range(4, most) if not lines[at].strip()]
        top = [at for at in blank if at + 1 < len(lines) and lines[at + 1][:1].strip()]
        at = max([at for at in top if at > most // 3] or blank or [most])
        pieces.append("\n".join(lines[:at]).rstrip())
        lines = lines[at:]
        while lines and not lines[0].strip():
            del lines[0]
    return [*pieces, "\n".join(lines)]


def taken_in(text: str) -> str:
    """Shorten the lines that pytest stretches to the width of a terminal."""

    def shorter(line: str) -> str:
        over = len(ANSI.sub("", line)) - WIDEST
        runs = sorted(RUN.finditer(line), key=lambda run: len(run[0]))
        if over > 0 and runs:
            run = runs[-1]
            over = min(over, len(run[0]) - 1)
            line = line[: run.start()] + line[run.start() + over :]
            if len(runs) > 1:
                return shorter(line)
        return line

    return "\n".join(shorter(line) for line in text.split("\n"))


# --- putting on slides --------------------------------------------------------------------------


class Deck:
    """The cells of a deck, put one below the other for as long as they fit."""

    def __init__(self):
        self.cells, self.used = [], 0

    def add(self, cell, height: int, slide_type: str) -> None:
        """Add a cell; one that does not fit below the others begins a sub-slide."""
        if slide_type in ("-", "fragment") and self.used + height > ROOM:
            slide_type = "subslide"
        self.used = height if slide_type in ("slide", "subslide") else self.used + height
        cell.metadata["slideshow"] = {"slide_type": slide_type}
        self.cells.append(cell)

    def note(self, text: str) -> None:
        if text:
            self.cells.append(markdown_cell(text))
            self.cells[-1].metadata["slideshow"] = {"slide_type": "notes"}

    def show(self, blocks: list[str], slide_type: str) -> None:
        """Add Markdown, in as many cells as it takes."""
        while blocks:
            fit, height = 0, 0
            for block in blocks:
                height += height_of_prose(block)
                if height > ROOM and fit:
                    break
                fit += 1
            part, blocks = blocks[:fit], blocks[fit:]
            self.add(markdown_cell("\n\n".join(part)), sum(map(height_of_prose, part)), slide_type)
            slide_type = "subslide"


def markdown_cell(text: str):
    """Links lead to other lessons' slides; what has none loses its link."""
    text = re.sub(r"\]\(([01]\d-[\w-]+)\.ipynb\)", r"](\1.html)", text)
    text = re.sub(r"\[([^\]]*)\]\([^):]*\.ipynb\)", r"\1", text)
    return new_markdown_cell(text)


def code_cell(source: str, outputs=(), tags=()):
    cell = new_code_cell(source, outputs=list(outputs))
    cell.metadata["tags"] = list(tags)
    if not source:
        cell.metadata["transient"] = {"remove_source": True}  # nbconvert's own, for no input
    return cell


def slide_type_of(cell) -> str:
    return cell.metadata.get("slideshow", {}).get("slide_type", "-")


def put_markdown(deck: Deck, cell) -> None:
    slide_type = slide_type_of(cell)
    sections = sections_of(cell.source)
    for section in sections:
        if section[0].startswith(tuple(HEADINGS)):
            deck.show(section, "slide")
            continue
        *looks_back, leads_on = section if section is sections[-1] else [*section, ""]
        on_screen = [block for block in looks_back if is_to_be_seen(block)]
        deck.note("\n\n".join(block for block in looks_back if block not in on_screen))
        kind = "subslide" if slide_type == "slide" else slide_type
        deck.show(on_screen, kind)
        if leads_on:
            deck.show([leads_on], "-" if on_screen else kind)


def is_to_be_seen(block: str) -> bool:
    """A new term, which stands in bold; a list, a table, code; and what leads on to one."""
    return "**" in block or block.endswith(":") or bool(re.match(r"[-|`]|\d\. ", block))


def put_code(deck: Deck, cell) -> None:
    slide_type = slide_type_of(cell)
    if not cell.metadata.get("jupyter", {}).get("source_hidden"):
        source = cell.source.replace("# NBVAL_IGNORE_OUTPUT\n", "")  # nobody's business but nbval's
        for number, piece in enumerate(pieces_of(source)):
            tags = ["goes-on"] if number else []
            deck.add(code_cell(piece, tags=tags), height_of_code(piece), slide_type)
            slide_type = "subslide"
        slide_type = "fragment"
    for output in cell.outputs:
        text = text_of(output)
        if text is None:
            high, output = height_of_output(output), deepcopy(output)
            if "text/html" in output.data:  # to reveal.js, a section is a slide
                html = output.data["text/html"]
                output.data["text/html"] = re.sub(r"(</?)section\b", r"\1div", html)
            deck.add(code_cell("", [output], ["scroll"] * (high > ROOM)), high, slide_type)
            continue
        lines = taken_in(text).strip("\n").split("\n")
        for at in range(0, len(lines), LINES):
            part = new_output("stream", text="\n".join(lines[at : at + LINES]))
            deck.add(code_cell("", [part]), height_of_output(part), slide_type)


def deck_of(lesson):
    """Return the notebook from which nbconvert makes the slides of a lesson."""
    deck = Deck()
    for cell in lesson.cells:
        if slide_type_of(cell) == "notes":
            deck.note(cell.source)
        elif slide_type_of(cell) != "skip":
            (put_markdown if cell.cell_type == "markdown" else put_code)(deck, cell)
    slides = deepcopy(lesson)
    slides.cells = deck.cells
    return slides


def exporter(reveal: Path):
    """Return nbconvert's exporter of slides, with our template and a copy of reveal.js."""
    if not (reveal / "dist" / "reveal.js").is_file():
        raise Refused(f"There is no reveal.js in {shown(reveal)}: `make slides` fetches it.")
    from nbconvert import SlidesExporter  # takes a second

    return SlidesExporter(
        template_file="slides.html.j2",
        extra_template_paths=[str(Path(__file__).parent), str(reveal)],
        reveal_width=str(WIDTH),
        reveal_height=str(HEIGHT),
        exclude_anchor_links=True,
    )


def make(files: list[Path], folder: Path, reveal: Path) -> None:
    """Write the slides of `files` into `folder`."""
    export = exporter(reveal)
    for path in files:
        if not path.is_file():
            raise Refused(f"There is no notebook {path}.")
        html, _ = export.from_notebook_node(deck_of(read(path)), {"metadata": {"name": path.stem}})
        target = folder / f"{path.stem}.html"
        write(target, html)
        print(shown(target.resolve()), flush=True)


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="tools/slides.py",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("files", nargs="*", type=Path)
    options = parser.parse_args(arguments)
    try:
        make(options.files or LESSONS, ROOT / "slides", REVEAL)
    except Refused as refusal:
        print(refusal, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
