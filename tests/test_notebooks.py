"""The course as a whole: its notebooks run and say what they say, and its files agree.

Outputs are compared where they were made: on the Python and the packages that the notebooks were
saved with. Elsewhere every cell must run, and what it asserts must hold.
"""

import importlib.metadata
import os
import platform
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import nbformat
import pytest
import yaml
from packaging.requirements import Requirement

import notebooks as tool

ROOT = Path(__file__).resolve().parent.parent
LESSONS = sorted(tool.NOTEBOOKS.glob("*.ipynb"))
SOLUTIONS = sorted(tool.SOLUTIONS.glob("*.ipynb"))
EXERCISES = sorted(tool.EXERCISES.glob("*.ipynb"))
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))


def name(path: Path) -> str:
    return f"{path.parent.name}/{path.stem}"


def each(*groups):
    return pytest.mark.parametrize("path", [path for group in groups for path in group], ids=name)


def pins(file: str) -> dict[str, Requirement]:
    """The pinned packages of a requirements file, name to pin, those for this system only."""
    found = {}
    for line in (ROOT / file).read_text("utf-8").splitlines():
        line = line.partition("#")[0].strip()
        if line and not line.startswith("-"):
            pin = Requirement(line)
            if pin.marker is None or pin.marker.evaluate():
                found[pin.name.lower()] = pin
    return found


def as_saved() -> bool:
    """Whether this is the Python, the system and the packages that the outputs come from."""
    if platform.python_version_tuple()[:2] != tuple(tool.PYTHON.split(".")):
        return False
    if sys.platform != "linux":
        return False
    return all(
        pin.specifier.contains(importlib.metadata.version(package), prereleases=True)
        for package, pin in pins("requirements.txt").items()
    )


STRICT = as_saved()


# --- they run -----------------------------------------------------------------------------------


# jsonschema, which nbval needs, would build this package's grammar at import: a second of each run.
PYTEST = "import sys; sys.modules['rfc3987_syntax'] = None; import pytest; sys.exit(pytest.main())"


def validate(
    path: Path, scratch: Path, strict: bool = STRICT, **more: str
) -> subprocess.CompletedProcess:
    """Run nbval on a notebook, away from everybody's settings, progress and learner's files."""
    return subprocess.run(
        [
            *[sys.executable, "-c", PYTEST, "-c", os.devnull, "-p", "no:cacheprovider"],
            *["-p", "nbval", "--nbval" if strict else "--nbval-lax", "--nbval-current-env"],
            *["--color=no", "-q"],
            *[f"--nbval-cell-timeout={tool.CELL_TIMEOUT}"],
            *["--nbval-sanitize-with", str(tool.SANITIZERS), str(path)],
        ],
        cwd=path.parent,
        env=tool.environment(path, scratch) | more,
        capture_output=True,
        text=True,
        encoding="utf-8",
        errors="replace",
    )


def must_be_green(ran: subprocess.CompletedProcess) -> None:
    if ran.returncode:
        pytest.fail(f"{ran.stdout[-6000:]}\n{ran.stderr[-2000:]}", pytrace=False)


ONCE = pytest.mark.skipif(not STRICT, reason="done where the outputs come from")
# What takes as long, and compares nothing: elsewhere, so that neither run takes too long.
NOT_THERE = pytest.mark.skipif(STRICT, reason="done where no outputs are compared")


# Where outputs are compared, a lesson's are those that it gives elsewhere: see below.
@each(*([] if STRICT else [LESSONS]), SOLUTIONS, EXERCISES)
def test_runs(path, tmp_path, thorough):
    if path in LESSONS and not thorough:
        pytest.skip("runs with httpx2, below; with --thorough as it is, too")
    before = sorted(path.parent.iterdir())
    must_be_green(validate(path, tmp_path))
    left = [file for file in sorted(path.parent.iterdir()) if file not in before]
    assert not [file for file in left if file.suffix == path.suffix or path.stem in file.name]


@ONCE
@each(LESSONS)
def test_runs_the_same_elsewhere(path, tmp_path, monkeypatch):
    """No settings leak into a lesson, neither this repository's nor those of a CI."""
    monkeypatch.setenv("CI", "true")
    monkeypatch.setenv("PYTEST_ADDOPTS", "-v")
    copy = tmp_path / "elsewhere" / path.name
    copy.parent.mkdir()
    copy.write_bytes(path.read_bytes())
    must_be_green(validate(copy, tmp_path))
    assert sorted(file.name for file in copy.parent.iterdir()) == [path.name]


# The solutions, which are test files, are judged with httpx2 in test_hunts.py.
@NOT_THERE
@each(LESSONS)
def test_runs_with_httpx2_in_httpx_place(path, tmp_path, httpx2_in_httpx_place):
    must_be_green(validate(path, tmp_path, strict=False, PYTHONPATH=httpx2_in_httpx_place))


# --- they are as saved --------------------------------------------------------------------------


@each(LESSONS, SOLUTIONS)
def test_saved_as_run(path):
    """Every cell was run, in order; no error is kept; and it is saved clean."""
    assert tool.faults(path) == []


@each(EXERCISES)
def test_saved_clean(path):
    assert tool.clean_text(path) == path.read_text("utf-8"), "make exercises"


@each(LESSONS, SOLUTIONS, EXERCISES)
def test_no_cell_may_fail_unseen(path):
    """A failure is expected with %%raises, which fails where nothing is raised, unlike a tag."""
    unseen = {"raises-exception", "nbval-raises-exception", "nbval-skip"}
    for cell in tool.read(path).cells:
        assert not unseen & set(cell.metadata.get("tags", []))
        assert not re.search(r"NBVAL_(RAISES_EXCEPTION|SKIP)", cell.source)


@each(LESSONS, SOLUTIONS)
def test_a_failing_test_fails_its_cell(path):
    sources = [cell.source for cell in tool.code_cells(tool.read(path))]
    if any("%%ipytest" in source for source in sources):
        assert any("raise_on_error=True" in source for source in sources)


@each(LESSONS, SOLUTIONS, EXERCISES)
def test_names_no_machine(path):
    text = path.read_text("utf-8")
    assert str(ROOT) not in text
    assert sys.prefix not in text


def test_exercises_are_in_step():
    wanted = tool.exercises()
    assert sorted(wanted) == EXERCISES
    for path, text in wanted.items():
        assert path.read_text("utf-8") == text, "make exercises"


# --- the check can fail -------------------------------------------------------------------------

SOUND = {
    "setup": "import ipytest\nipytest.autoconfig(run_in_thread=True, raise_on_error=True)\n"
    "%load_ext bughunt",
    "output": "print('six tomatoes')",
    "test": "%%ipytest\ndef test_stand():\n    assert 1 + 1 == 2",
    "raises": "%%raises ValueError\nint('tomato')",
}


@pytest.fixture(scope="session")
def sound(tmp_path_factory):
    """A notebook that was saved when all was well."""
    notebook = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell(source) for source in SOUND.values()]
    )
    tool.run(tmp_path_factory.mktemp("notebooks") / "sound.ipynb", notebook)
    tool.clean(notebook)
    return tool.as_text(notebook)


def plant(folder: Path, sound: str, **changes: str) -> Path:
    """The sound notebook, its cells then changed by hand."""
    folder.mkdir(exist_ok=True)
    path = folder / "planted.ipynb"
    notebook = nbformat.reads(sound, as_version=4)
    for which, source in changes.items():
        notebook.cells[list(SOUND).index(which)].source = source
    path.write_text(tool.as_text(notebook), "utf-8")
    return path


def test_a_sound_notebook_is_green(tmp_path, sound):
    path = plant(tmp_path / "notebooks", sound)
    must_be_green(validate(path, tmp_path, strict=True))
    assert tool.faults(path) == []


@pytest.mark.parametrize(
    "which, source, lax_too",
    [
        ("output", "print('seven tomatoes')", False),
        ("test", "%%ipytest\ndef test_stand():\n    assert 1 + 1 == 3", True),
        ("raises", "%%raises ValueError\nint('6')", True),
    ],
    ids=["a changed output", "a failing test", "an error that is gone"],
)
def test_a_plant_is_red(tmp_path, sound, which, source, lax_too):
    path = plant(tmp_path / "notebooks", sound, **{which: source})
    ran = validate(path, tmp_path, strict=True)
    assert ran.returncode == 1 and "1 failed" in ran.stdout, ran.stdout
    if lax_too:
        ran = validate(path, tmp_path, strict=False)
        assert ran.returncode == 1 and "1 failed" in ran.stdout, ran.stdout


def test_a_cell_that_was_not_run_is_red(tmp_path, sound):
    path = plant(tmp_path / "notebooks", sound)
    notebook = tool.read(path)
    cell = notebook.cells[1]
    cell.execution_count, cell.outputs = None, []
    tool.write(path, tool.as_text(notebook))
    (fault, order) = tool.faults(path)
    assert fault.startswith("code cell 2 was not run") and "six tomatoes" in fault
    assert order.startswith("code cell 3 has the count 3, not 2")


def solved() -> list[tuple[Path, str]]:
    return [
        (path, hunt[1])
        for path in SOLUTIONS
        for cell in tool.code_cells(tool.read(path))
        if (hunt := tool.BUGHUNT.match(cell.source))
    ]


@pytest.mark.parametrize(
    "path, hunt", solved()[:2], ids=lambda value: getattr(value, "stem", value)
)
def test_a_solution_that_misses_a_bug_is_red(tmp_path, path, hunt):
    """The kept smoke tests of a hunt pass on its app and leave bugs free."""
    notebook = tool.read(path)
    smoke = (tool.HUNTS / hunt / "proofs.py").read_text("utf-8").partition("def test_overfitted")[0]
    smoke = smoke.rpartition("\n\n\n")[0]
    notebook.cells = [
        nbformat.v4.new_code_cell("%load_ext bughunt"),
        nbformat.v4.new_code_cell(f"%%bughunt {hunt}\n{smoke}"),
    ]
    copy = tmp_path / tool.SOLUTIONS.name / path.name
    copy.parent.mkdir()
    copy.write_text(tool.as_text(notebook), "utf-8")
    ran = validate(copy, tmp_path, strict=False)
    assert ran.returncode == 1 and "NotAllCaught" in ran.stdout, ran.stdout


# --- links --------------------------------------------------------------------------------------

MARKDOWN = [
    path
    for path in [*ROOT.glob("*.md"), *ROOT.glob("[a-z]*/**/*.md")]
    if not {"my", "node_modules"} & set(path.relative_to(ROOT).parts[:1])
]
LINK = re.compile(r"\]\(\s*<?([^)\s>]+)|(?:src|href)=[\"']([^\"']+)")


def links(text: str) -> list[str]:
    """The relative links in Markdown, without what is in code."""
    text = re.sub(r"```.*?```|`[^`\n]*`", "", text, flags=re.DOTALL)
    found = [a or b for a, b in LINK.findall(text)]
    return [link for link in found if not re.match(r"[a-z]+:|//", link)]


def slug(heading: str) -> str:
    """GitHub's and JupyterLab's names for a heading."""
    heading = re.sub(r"[`*]", "", heading).strip()
    github = re.sub(r"[^\w\- ]", "", heading).replace(" ", "-").lower()
    return f"{github}\n{heading.replace(' ', '-')}"


def anchors(path: Path) -> set[str]:
    if path.suffix == ".ipynb":
        cells = [cell.source for cell in tool.read(path).cells if cell.cell_type == "markdown"]
        text = "\n".join(cells)
    else:
        text = path.read_text("utf-8")
    headings = re.findall(r"^#+ +(.+)$", text, flags=re.MULTILINE)
    return {one for heading in headings for one in slug(heading).split("\n")}


def dead(path: Path, text: str) -> list[str]:
    """The links of a file that lead nowhere, or out of a learner's own copy."""
    found = []
    for link in links(text):
        target, _, anchor = link.partition("#")
        there = (path.parent / target).resolve() if target else path
        if not there.exists():
            found.append(link)
        elif anchor and anchor not in anchors(there):
            found.append(link)
        elif path.parent in (tool.NOTEBOOKS, tool.EXERCISES) and there.parent not in (
            tool.NOTEBOOKS,
            tool.EXERCISES,
        ):
            found.append(f"{link} (not in my/)")
    return found


@each(LESSONS, SOLUTIONS, EXERCISES)
def test_links_of_a_notebook(path):
    cells = [cell.source for cell in tool.read(path).cells if cell.cell_type == "markdown"]
    assert dead(path, "\n\n".join(cells)) == []


@pytest.mark.parametrize("path", MARKDOWN, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_of_a_page(path):
    assert dead(path, path.read_text("utf-8")) == []


def test_a_dead_link_is_seen(tmp_path):
    page = tmp_path / "page.md"
    page.write_text("# Here it is\n")
    text = "[a](nowhere.md) [b](page.md#here-it-is) [c](#there) ![d](no.png) `[e](x)` [f](http://x)"
    assert dead(page, text) == ["nowhere.md", "#there", "no.png"]


# --- ruff ---------------------------------------------------------------------------------------

# A notebook is read from top to bottom: it imports where it needs to, and shows again.
LAX_NOTEBOOK = "E402,F811,I001,F704,B018,UP036"
LAX_EXERCISE = "F401,F841"


def ruff(*args) -> None:
    ran = subprocess.run(
        [sys.executable, "-m", "ruff", "check", "--no-cache", "--output-format=concise", *args],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    if ran.returncode:
        pytest.fail(ran.stdout + ran.stderr, pytrace=False)


def without_magics(source: str) -> str:
    """The code under %%raises, %%ipytest and the like, on its own lines."""
    lines = source.splitlines()
    for number, line in enumerate(lines):
        magic = re.match(r"%%(raises|ipytest)\b(.*)", line)
        if not magic:
            break
        # What %%raises expects is code as well.
        lines[number] = magic[2].strip() or "#" if magic[1] == "raises" else "#"
    return "\n".join(lines)


def lint(path: Path, folder: Path) -> None:
    """ruff on a notebook's cells, those under magics too; a test file is linted as a file."""
    notebook = tool.read(path)
    settings = ["--config", str(ROOT / "pyproject.toml"), "--config", "extend-exclude = []"]
    shipped = path.parent != tool.SOLUTIONS
    for cell in tool.code_cells(notebook):
        hunt = tool.BUGHUNT.match(cell.source)
        if hunt:
            file = folder / f"{path.stem}_{hunt[1]}.py"
            file.write_text(cell.source.partition("\n")[2] + "\n", "utf-8")
            ruff(*settings, *(["--ignore", LAX_EXERCISE] if shipped else []), str(file))
            cell.source = ""
        else:
            cell.source = without_magics(cell.source)
        cell.outputs = []
    copy = folder / path.name
    copy.write_text(tool.as_text(notebook), "utf-8")
    # %hunt gives the notebook its `app`.
    given = 'builtins = ["app"]' if any("%hunt" in c.source for c in notebook.cells) else ""
    more = ["--config", given] if given else []
    ruff(*settings, *more, "--ignore", LAX_NOTEBOOK, str(copy))


def test_ruff_on_the_code():
    ruff(".")


@each(LESSONS, SOLUTIONS, EXERCISES)
def test_ruff_on_a_notebook(path, tmp_path):
    lint(path, tmp_path)


@pytest.mark.parametrize("magic", ["%%ipytest", "%%raises ValueError", "%%bughunt x", "import re"])
def test_ruff_sees_under_a_magic(tmp_path, magic):
    path = tmp_path / "planted.ipynb"
    cells = [nbformat.v4.new_code_cell(f"{magic}\nprint(nobody)")]
    path.write_text(tool.as_text(nbformat.v4.new_notebook(cells=cells)), "utf-8")
    folder = tmp_path / "linted"
    folder.mkdir()
    with pytest.raises(pytest.fail.Exception, match="F821"):
        lint(path, folder)


# --- ranges and pins ----------------------------------------------------------------------------


@pytest.mark.parametrize("file", ["requirements.txt", "requirements-dev.txt"])
def test_pins_lie_in_the_ranges(file):
    ranges = list(PROJECT["project"]["dependencies"])
    if "dev" in file:
        ranges += PROJECT["project"]["optional-dependencies"]["dev"]
    pinned = pins(file)
    for wanted in map(Requirement, ranges):
        pin = pinned[wanted.name.lower()]
        (version,) = [one.version for one in pin.specifier]
        assert wanted.specifier.contains(version), f"{pin} is not in {wanted}"


def test_a_maintainer_has_a_learners_pins():
    def lines(file):
        text = (ROOT / file).read_text("utf-8")
        return {line for line in text.splitlines() if line and not line.strip().startswith("#")}

    assert lines("requirements.txt") <= lines("requirements-dev.txt")
    assert "-e ." in lines("requirements.txt")


@pytest.mark.parametrize("file", ["requirements.txt", "requirements-dev.txt"])
def test_pins_name_no_registry_and_no_machine(file):
    for line in (ROOT / file).read_text("utf-8").splitlines():
        code = line.partition("#")[0].strip()
        assert code in ("", "-e .") or re.fullmatch(r"[A-Za-z0-9_.\-]+==[^\s/@]+( ; .+)?", code)
        assert "://" not in line and str(ROOT) not in line


def test_conda_installs_the_same():
    environment = yaml.safe_load((ROOT / "environment.yml").read_text("utf-8"))
    python, pip, rest = environment["dependencies"]
    assert pip == "pip" and rest == {"pip": ["-r requirements.txt"]}
    asked = Requirement(python.replace("=", "=="))
    wanted = Requirement(f"python{PROJECT['project']['requires-python']}")
    assert wanted.specifier.contains(next(iter(asked.specifier)).version)


def test_the_oldest_python_is_everywhere_the_same():
    oldest = PROJECT["project"]["requires-python"].removeprefix(">=")
    assert oldest == tool.PYTHON
    makefile = (ROOT / "Makefile").read_text("utf-8")
    assert f"< ({oldest.replace('.', ', ')})" in makefile
    assert f"--python-version {oldest} " in makefile
    workflow = ROOT / ".github" / "workflows" / "course.yml"
    assert f'"{oldest}"' in workflow.read_text("utf-8")
