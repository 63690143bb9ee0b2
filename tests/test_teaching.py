"""TEACHING.md agrees with the course: its links, its minutes, and what it quotes."""

import re
from pathlib import Path

import pytest

import notebooks as tool
from bughunt import hunts

ROOT = Path(__file__).resolve().parent.parent
TEXT = (ROOT / "TEACHING.md").read_text("utf-8")
README = (ROOT / "README.md").read_text("utf-8")
LESSONS = {path.name[:2]: path for path in sorted(tool.NOTEBOOKS.glob("[01]*.ipynb"))}
LINK = re.compile(r"\]\(([^):#]+)\)")
HEADING = re.compile(r"(?<!\*)\*([^*\s][^*]*)\*(?!\*)")


def parts(text: str, mark: str) -> dict[str, str]:
    """The text below each heading that `mark` begins, such as "## "."""
    found = re.split(rf"^{mark}(.+)\n", text, flags=re.M)
    return {
        title.strip(): re.split(rf"^#{{1,{len(mark) - 1}}} ", below, flags=re.M)[0]
        for title, below in zip(found[1::2], found[2::2], strict=True)
    }


ROUTES = parts(parts(TEXT, "## ")["Routes"], "### ")
NOTES = {
    title[:2]: f"{title}\n{notes}"
    for title, notes in parts(parts(TEXT, "## ")["Lesson by lesson"], "### ").items()
}


def headings(path: Path) -> set[str]:
    sources = [cell.source for cell in tool.read(path).cells if cell.cell_type == "markdown"]
    return set(re.findall(r"^## (.+)$", "\n".join(sources), re.M))


def in_one_line(text: str) -> str:
    return re.sub(r"\s+", " ", text)


def test_links_lead_somewhere():
    links = LINK.findall(TEXT)
    assert links
    assert [link for link in links if not (ROOT / link).exists()] == []


@pytest.mark.parametrize(
    "route, minutes", [("Ninety minutes", [90]), ("Half a day", [240]), ("Two days", [420, 420])]
)
def test_minutes_of_a_route_add_up(route, minutes):
    tables = re.findall(r"(?:^\|.*\n)+", ROUTES[route], re.M)
    totals = []
    for table in tables:
        total = 0
        for row in table.splitlines()[2:]:
            clock, lasts, _ = (cell.strip() for cell in row.strip("|").split("|"))
            assert clock == f"{total // 60}:{total % 60:02}", row
            total += int(lasts)
        totals.append(total)
    assert totals == minutes


def test_a_route_names_sections_of_its_lessons():
    rows = [row for route in ROUTES.values() for row in route.splitlines() if "](notebooks" in row]
    assert len(rows) > 20
    for row in rows:
        (lesson,) = LINK.findall(row)
        assert set(HEADING.findall(row)) <= headings(ROOT / lesson), row


@pytest.mark.parametrize("lesson", LESSONS)
def test_every_lesson_has_its_notes(lesson):
    wanted = ["Live", "Ask", "Stuck", "Exercise"]
    assert re.findall(r"^- \*\*(\w+):\*\*", NOTES[lesson], re.M) == wanted


@pytest.mark.parametrize("lesson", LESSONS)
def test_notes_quote_what_is_there(lesson):
    notes, path = in_one_line(NOTES[lesson]), LESSONS[lesson]
    assert set(HEADING.findall(notes)) <= headings(path)
    files = [path, *tool.SOLUTIONS.glob(path.name), *tool.EXERCISES.glob(path.name)]
    cells = [cell for file in files for cell in tool.read(file).cells]
    said = in_one_line("\n".join(f"{cell.source}\n{cell.get('outputs', '')}" for cell in cells))
    missing = [quote for quote in re.findall(r"`([^`]+)`", notes) if quote not in said]
    assert missing == []


@pytest.mark.parametrize("lesson", LESSONS)
def test_exercises_are_the_lessons_own_and_take_its_minutes(lesson):
    exercise = NOTES[lesson].partition("**Exercise:**")[2]
    shares = dict(re.findall(r"`(\w+)` (\d+)", exercise.split(".")[0]))
    of_lesson = {name for name in hunts.names() if hunts.load(name).lesson == lesson}
    (minutes,) = re.findall(rf"^\| {lesson} \|.*\| (?:\[(\d+) min\].*|.*) \|$", README, re.M)
    if minutes:
        assert set(shares) == of_lesson
        assert sum(map(int, shares.values())) == int(minutes)
