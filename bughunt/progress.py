"""A learner's progress: which bugs each hunt's tests caught at best, and which hints were shown."""

import json
import os
import textwrap
from pathlib import Path

import platformdirs

from .hunts import Hunt
from .judge import Verdict


def path() -> Path:
    """Return the file that keeps the progress; `BUGHUNT_PROGRESS` puts another in its place."""
    own = os.environ.get("BUGHUNT_PROGRESS")
    return Path(own) if own else platformdirs.user_data_path("await-and-assert") / "progress.json"


def read() -> dict[str, dict]:
    """Return what is kept of each hunt.

    `best` is how many bugs were caught at once, `done` whether all were, with no test set aside;
    `free` names the bugs of the last verdict that were not, `hints` how many of a bug were shown.
    """
    if _is_graded():
        return {}
    try:
        kept = json.loads(path().read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return kept if isinstance(kept, dict) else {}


def _is_graded() -> bool:
    """Tell whether nbgrader runs a learner's notebook: the teacher's progress has no part in it."""
    return os.environ.get("NBGRADER_EXECUTION") == "autograde"


def _write(kept: dict) -> None:
    """Put `kept` in the file's place; where that is not allowed, progress is not kept."""
    if _is_graded():
        return
    target = path()
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        scratch = target.with_suffix(f".{os.getpid()}")
        scratch.write_text(json.dumps(kept, indent=1), "utf-8")
        scratch.replace(target)  # two notebooks at once never leave half a file
    except OSError:
        pass


def record(verdict: Verdict, hunt: Hunt) -> None:
    """Keep what a verdict on `hunt` says."""
    if not verdict.bugs:
        return
    kept = read()
    entry = kept.setdefault(verdict.hunt, {"best": 0, "hints": {}})
    entry["best"] = max(entry["best"], verdict.caught)
    entry["done"] = entry.get("done", False) or verdict.outcome == "all caught"
    entry["free"] = [bug.bug for bug in verdict.bugs if not bug.caught_by]
    if not verdict.set_aside:  # a verdict shows the first hint of each
        entry["hints"] = dict.fromkeys(entry["free"], hunt.hints_unasked) | entry.get("hints", {})
    _write(kept)


def hints_shown(hunt: Hunt) -> dict[str, int]:
    """Return how many hints of each bug the learner has seen."""
    shown = read().get(hunt.name, {}).get("hints", {})
    return {bug.name: min(shown.get(bug.name, 0), len(bug.hints)) for bug in hunt.bugs}


def one_more_hint(hunt: Hunt, promise: str | None = None) -> str:
    """Show one more hint, for a bug that the last verdict left free.

    Args:
        hunt: the exercise.
        promise: the promise to stay with ("P3"); without it, the free bug with the fewest hints.

    Returns:
        The hint, or why there is none, in plain text.
    """
    kept = read()
    entry = kept.get(hunt.name, {})
    if "free" not in entry:
        return f"No verdict on {hunt.name} yet: have your tests judged first."
    free = [bug for bug in hunt.bugs if bug.name in entry["free"]]
    if not free:
        return f"Nothing to hint at: your tests catch every bug of {hunt.name}."
    if promise:
        free = [bug for bug in free if bug.breaks == promise.upper()]
        if not free:
            return f"No bug that breaks {promise.upper()} is free."
    shown = hints_shown(hunt)
    unseen = [one for one in free if shown[one.name] < len(one.hints)]
    bug = min(unseen, key=lambda one: shown[one.name]) if unseen else free[0]
    count = min(shown[bug.name] + 1, len(bug.hints))
    entry.setdefault("hints", {})[bug.name] = count
    _write(kept)
    told = [f"{bug.breaks}  {hunt.promises[bug.breaks]}"]
    told += [f"  {i}. {hint}" for i, hint in enumerate(bug.hints[:count], 1)]
    lines = [textwrap.fill(line, 95, subsequent_indent="     ") for line in told]
    if not unseen:
        lines.append("  That is the last hint. Read the promise again, and test each half of it.")
    return "\n".join(lines)
