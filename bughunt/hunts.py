"""Hunts: each a folder with an app, its promises, its variations and its bugs."""

import ast
import difflib
import tomllib
from dataclasses import dataclass, field
from functools import cache, cached_property
from pathlib import Path

FOLDER = Path(__file__).parent / "hunts"


class HuntError(Exception):
    """A hunt that does not exist, or whose folder is not in order; the text says what to do."""


@dataclass(frozen=True)
class Change:
    """One small change to main.py: `old`, which must occur there exactly once, becomes `new`."""

    name: str
    old: str
    new: str

    def apply(self, source: str) -> str:
        """Return `source` with the change made.

        Raises:
            HuntError: if `old` does not occur exactly once.
        """
        count = source.count(self.old)
        if count != 1:
            raise HuntError(f"{self.name}: its `old` occurs {count} times in main.py, not once.")
        return source.replace(self.old, self.new)

    def diff(self, source: str) -> str:
        """Return what the change does to `source`, as a unified diff with one line around it."""
        before, after = source.splitlines(), self.apply(source).splitlines()
        lines = list(difflib.unified_diff(before, after, "main.py", "main.py", "", "", 1, ""))
        return "\n".join(line for line in lines[2:] if line.strip() and not line.startswith("@@"))


@dataclass(frozen=True)
class Variation(Change):
    """A change that no promise settles: a right test passes on it. `says` tells why."""

    says: str


@dataclass(frozen=True)
class Bug(Change):
    """A change that breaks the promise `breaks`; `hints` go from a question to near the answer."""

    breaks: str
    hints: tuple[str, ...]
    seen: str = ""


@dataclass(frozen=True)
class Hunt:
    """One exercise. `folder` holds main.py, start.py, proofs.py and hunt.toml.

    `kind` is "hunt" (write the tests) or "mend" (put a broken test file right); `fails` is, for a
    mend, a text that the verdict on the untouched file contains. `areas` puts the promises of a
    large app under headings, each promise under one. `server` is "mongodb" or
    "postgresql" where the tests need one: each variant gets a database of its own there.
    """

    name: str
    folder: Path
    title: str
    lesson: str
    kind: str
    takeaway: str
    promises: dict[str, str]
    variations: tuple[Variation, ...]
    bugs: tuple[Bug, ...]
    fails: str = ""
    server: str = ""
    order: int = 0
    areas: dict[str, list[str]] = field(default_factory=dict)

    def __post_init__(self):
        listed = [promise for promises in self.areas.values() for promise in promises]
        if self.areas and listed != list(self.promises):
            raise HuntError(f"{self.name}: its areas list each promise once, in their order.")

    @cached_property
    def source(self) -> str:
        """The text of main.py."""
        return (self.folder / "main.py").read_text("utf-8")

    @cached_property
    def start(self) -> str:
        """The test file as the exercise ships it."""
        return (self.folder / "start.py").read_text("utf-8")

    def by_area(self) -> list[tuple[str, list[str]]]:
        """Return each area with its promises; without areas, all of them under no name."""
        return list(self.areas.items()) or [("", list(self.promises))]

    @property
    def hints_unasked(self) -> int:
        """How many hints of a free bug a verdict shows: none where they would fill pages."""
        return 0 if self.areas else 1

    def is_untouched(self, tests: str) -> bool:
        """Tell whether `tests` is the file as shipped, or holds no code at all."""
        try:
            tree = ast.parse(tests)
            return not tree.body or ast.dump(tree) == ast.dump(ast.parse(self.start))
        except SyntaxError:
            return False


def names() -> list[str]:
    """Return the names of all hunts, in the order of the course."""
    folders = [f.parent.name for f in FOLDER.glob("*/hunt.toml")]
    return sorted(folders, key=lambda name: (load(name).lesson, load(name).order, name))


@cache
def load(name: str) -> Hunt:
    """Return the hunt called `name`.

    Raises:
        HuntError: if there is none, or its hunt.toml is not in order.
    """
    folder = FOLDER / name
    if not name.isidentifier() or not (folder / "hunt.toml").is_file():
        known = sorted(f.parent.name for f in FOLDER.glob("*/hunt.toml"))
        near = difflib.get_close_matches(name, known, 1)
        ask = f"Did you mean {near[0]}?" if near else f"There are: {', '.join(known)}."
        raise HuntError(f"There is no hunt called {name!r}. {ask}")
    return read(folder)


def read(folder: Path) -> Hunt:
    """Return the hunt in `folder`.

    Raises:
        HuntError: if its hunt.toml is not in order.
    """
    try:
        data = tomllib.loads((folder / "hunt.toml").read_text("utf-8"))
        bugs = [Bug(**{**bug, "hints": tuple(bug["hints"])}) for bug in data.pop("bugs")]
        variations = [Variation(**variation) for variation in data.pop("variations", [])]
        return Hunt(folder.name, folder, bugs=tuple(bugs), variations=tuple(variations), **data)
    except (OSError, tomllib.TOMLDecodeError, TypeError, KeyError) as error:
        raise HuntError(f"{folder.name}/hunt.toml is not in order: {error}.") from error
