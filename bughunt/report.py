"""Draws verdicts and progress: the same in plain text and in HTML."""

from html import escape

from . import advice, hunts, progress
from .hunts import Hunt
from .judge import BugResult, SetAside, Verdict

# Colours come from JupyterLab's theme where there is one, and never carry the meaning alone.
STYLE = """<style>
.bughunt { max-width: 60em; line-height: 1.45; color: var(--jp-content-font-color1, inherit); }
.bughunt p { margin: .4em 0; }
.bughunt .headline { font-weight: 600; }
.bughunt table { border-collapse: collapse; width: 100%; table-layout: auto; font-size: inherit;
  margin: .5em 0; }
.bughunt table tr { background: none !important; }
.bughunt table th, .bughunt table td { text-align: left !important; vertical-align: top;
  padding: .3em .7em .3em 0; white-space: normal; background: none; font-weight: normal;
  border-bottom: 1px solid var(--jp-border-color2, #8884); }
.bughunt table th { white-space: nowrap; font-weight: 600; }
.bughunt .good { color: color-mix(in srgb, var(--jp-success-color1, currentColor) 55%,
  var(--jp-content-font-color1, currentColor)); }
.bughunt .bad { color: color-mix(in srgb, var(--jp-error-color1, currentColor) 60%,
  var(--jp-content-font-color1, currentColor)); }
.bughunt code, .bughunt pre { font-family: var(--jp-code-font-family, monospace);
  font-size: var(--jp-code-font-size, .95em); background: none; padding: 0; }
.bughunt pre { overflow-x: auto; margin: .3em 0; padding: .3em .7em;
  word-break: normal; overflow-wrap: anywhere;
  border-left: 3px solid var(--jp-border-color2, #8884); }
.bughunt .hint { padding-left: .7em; border-left: 3px solid var(--jp-border-color1, #888a); }
.bughunt summary { cursor: pointer; }
</style>"""
LONG = 150  # lines of an app that is folded, so that the cell stands near the promises
MARKS = {True: "caught", False: "free"}


def headline(verdict: Verdict) -> str:
    """Return the verdict in one line."""
    name = verdict.hunt
    if verdict.outcome == "not started":
        return f"{name}: not started"
    if verdict.outcome == "does not run":
        return f"{name}: does not run"
    tests = len(verdict.tests)
    count = f"{tests} test passes" if tests == 1 else f"{tests} tests pass"
    unwritten = len(_unwritten(verdict))
    aside = f", {unwritten} not written yet" if unwritten else ""
    if len(verdict.set_aside) > unwritten:
        aside += f", {len(verdict.set_aside) - unwritten} set aside"
    return f"{name}: {count} on the app{aside}; {verdict.caught} of {len(verdict.bugs)} bugs caught"


def next_step(verdict: Verdict, hunt: Hunt, command: str = "%") -> str:
    """Return what to do now; `command` is what stands before hint, hunt and progress."""
    if verdict.outcome == "not started":
        what = "Write your first test"
        if hunt.kind == "mend":
            what = "Mend the file"
        elif "def test_" in hunt.start:
            what = "Fill in what is missing"
        where = "this cell" if command == "%" else "the file"
        shows = f"{command}hunt {hunt.name} shows the promises and the app"
        return f"{what} in {where} and run it. {shows}."
    if verdict.outcome == "does not run":
        return "Mend that and run it again."
    if verdict.set_aside:
        unwritten = _unwritten(verdict)
        first = next((one.test for one in verdict.set_aside if one.test not in unwritten), None)
        what = f"Mend {first}" if first else f"Write the call in {unwritten[0]}"
        if first and hunt.kind == "mend":  # what is wrong may stand elsewhere
            what = f"Mend the file, beginning with {first}"
        # A hunt's hints are about bugs, and the test may be the one that they would ask for.
        stuck = f" {command}hint {hunt.name} says more." if hunt.kind == "mend" else ""
        return f"{what}, and run it again.{stuck}"
    if verdict.outcome != "all caught":
        free = next(bug for bug in verdict.bugs if not bug.caught_by)
        return (
            f"{free.breaks} has a bug on which none of your tests fails: add a test or an "
            f"assertion. {command}hint {hunt.name} {free.breaks} says more."
        )
    note = "See to the note above. Then: " if verdict.notes else ""
    names = hunts.names()
    after = names[names.index(hunt.name) + 1 :] if hunt.name in names else []
    if not after:
        return f"{note}That was the last exercise. {command}progress shows them all."
    following = hunts.load(after[0])
    return f"{note}{following.name} ({following.title}, lesson {following.lesson})."


def _unwritten(verdict: Verdict) -> list[str]:
    """Return the tests whose calls are still the `...` of the exercise."""
    return [aside.test for aside in verdict.set_aside if aside.why == advice.NOT_WRITTEN.text]


def _free_hints(verdict: Verdict, hunt: Hunt) -> dict[str, tuple[str, ...]]:
    if verdict.set_aside:  # a test that does not count may be the one that a hint would ask for
        return {}
    shown = progress.hints_shown(hunt)
    free = {bug.bug for bug in verdict.bugs if not bug.caught_by}
    return {
        bug.name: bug.hints[: max(shown[bug.name], hunt.hints_unasked)]
        for bug in hunt.bugs
        if bug.name in free
    }


def _areas(verdict: Verdict, hunt: Hunt) -> list[tuple[str, list[BugResult]]]:
    """Return the bugs of each area, the area's name with how many of them are caught."""
    found = []
    for area, promises in hunt.by_area():
        bugs = [bug for bug in verdict.bugs if bug.breaks in promises]
        caught = sum(bool(bug.caught_by) for bug in bugs)
        found.append((area and f"{area}: {caught} of {len(bugs)} caught", bugs))
    return found


def _together(set_aside: list[SetAside]) -> list[tuple[list[str], SetAside]]:
    """Put tests together of which the same is to be said, each time with the first of them."""
    groups = {}
    for aside in set_aside:
        groups.setdefault((aside.why, aside.report), []).append(aside)
    return [([one.test for one in group], group[0]) for group in groups.values()]


def _sentence(text: str) -> str:
    return text if text.endswith((".", "?")) else f"{text}."


def _indent(text: str) -> str:
    return "\n".join(f"      {line}".rstrip() for line in text.splitlines())


def as_text(verdict: Verdict, hunt: Hunt, command: str = "%") -> str:
    """Return the whole verdict in plain text, for terminals and for comparison.

    Args:
        verdict: what to say.
        hunt: the exercise that it is about.
        command: what a reader types before hint, hunt or progress.
    """
    parts = [headline(verdict)]
    if verdict.problem:
        parts.append(f"  {verdict.problem}")
    if verdict.report:
        parts.append(_indent(verdict.report))
    unwritten = _unwritten(verdict)
    if unwritten:
        parts.append(f"\n  not written yet  {', '.join(unwritten)}")
    for tests, aside in _together(verdict.set_aside):
        if aside.test in unwritten:
            continue
        parts.append(f"\n  set aside  {', '.join(tests)}: {_sentence(aside.why)}")
        if aside.report:
            parts.append(_indent(aside.report))
    if verdict.notes:
        parts += ["", *(f"  note  {note}" for note in verdict.notes)]
    if verdict.bugs and verdict.tests:
        for area, bugs in _areas(verdict, hunt):
            parts += ["", *([f"  {area}"] if area else []), *_rows(bugs, verdict, hunt)]
        parts.append("")
    if verdict.outcome == "all caught":
        parts.append(f"Remember: {hunt.takeaway}")
    parts.append(f"Next: {next_step(verdict, hunt, command)}")
    return "\n".join(parts)


def _rows(bugs: list[BugResult], verdict: Verdict, hunt: Hunt) -> list[str]:
    hints = _free_hints(verdict, hunt)
    seen = {bug.name: bug.seen for bug in hunt.bugs}
    rows = []
    for bug in bugs:
        mark = MARKS[bool(bug.caught_by)]
        rows.append(f"  {mark:6}  {bug.breaks}  {bug.promise}")
        rows += [f"              hint: {hint}" for hint in hints.get(bug.bug, ())]
        if bug.caught_by:
            rows.append(f"              by {', '.join(bug.caught_by)}")
            rows += [f"              {line}".rstrip() for line in bug.diff.splitlines()]
            rows.append(f"              {seen[bug.bug]}")
    return rows


def as_html(verdict: Verdict, hunt: Hunt) -> str:
    """Return the whole verdict as HTML, legible in light and dark themes and when read aloud."""
    tone = "good" if verdict.outcome == "all caught" else ""
    parts = [f'<p class="headline {tone}">{escape(headline(verdict))}</p>']
    if verdict.problem:
        parts.append(f"<p>{_prose(verdict.problem)}</p>")
    if verdict.report:
        parts.append(f"<pre>{escape(verdict.report)}</pre>")
    unwritten = _unwritten(verdict)
    if unwritten:
        names = ", ".join(f"<code>{escape(test)}</code>" for test in unwritten)
        parts.append(f'<p><span class="bad">not written yet</span> {names}</p>')
    for tests, aside in _together(verdict.set_aside):
        if aside.test in unwritten:
            continue
        names = ", ".join(f"<code>{escape(test)}</code>" for test in tests)
        why = _prose(_sentence(aside.why))
        parts.append(f'<p><span class="bad">set aside</span> {names}: {why}</p>')
        if aside.report:
            parts.append(f"<pre>{escape(aside.report)}</pre>")
    parts += [f"<p><strong>Note:</strong> {_prose(note)}</p>" for note in verdict.notes]
    if verdict.bugs and verdict.tests:
        for area, bugs in _areas(verdict, hunt):
            table = _table(bugs, verdict, hunt)
            if area:
                to_do = "" if all(bug.caught_by for bug in bugs) else " open"
                table = f"<details{to_do}><summary>{escape(area)}</summary>{table}</details>"
            parts.append(table)
    if verdict.outcome == "all caught":
        parts.append(f"<p><strong>Remember:</strong> {_prose(hunt.takeaway)}</p>")
    parts.append(f"<p><strong>Next:</strong> {_prose(next_step(verdict, hunt))}</p>")
    label = f"Verdict on {verdict.hunt}"
    return f'{STYLE}<section class="bughunt" aria-label="{label}">{"".join(parts)}</section>'


def _table(bugs: list[BugResult], verdict: Verdict, hunt: Hunt) -> str:
    hints = _free_hints(verdict, hunt)
    seen = {bug.name: bug.seen for bug in hunt.bugs}
    rows = []
    for bug in bugs:
        if bug.caught_by:
            tests = ", ".join(f"<code>{escape(test)}</code>" for test in bug.caught_by)
            diff = f"<pre>{escape(bug.diff)}</pre><p>{_prose(seen[bug.bug])}</p>"
            more = f"<br>by {tests}<details><summary>the bug</summary>{diff}</details>"
            mark = '<span class="good">&#10003; caught</span>'
        else:
            more = "".join(
                f'<p class="hint"><strong>hint:</strong> {_prose(hint)}</p>'
                for hint in hints.get(bug.bug, ())
            )
            mark = '<span class="bad">&#9675; free</span>'
        rows.append(
            f'<tr><th scope="row">{mark}</th><td>{escape(bug.breaks)}</td>'
            f"<td>{_prose(bug.promise)}{more}</td></tr>"
        )
    return (
        "<table><thead><tr>"
        '<th scope="col">Bug</th><th scope="col">Breaks</th><th scope="col">The promise</th>'
        f"</tr></thead><tbody>{''.join(rows)}</tbody></table>"
    )


def _prose(text: str) -> str:
    """Escape `text`, and set what stands between backticks as code."""
    pieces = escape(text).split("`")
    return "".join(f"<code>{p}</code>" if i % 2 else p for i, p in enumerate(pieces))


def hunt_as_markdown(hunt: Hunt) -> str:
    """Return a hunt's promises and its app's source; JupyterLab highlights it in its theme."""
    promises = []
    for area, keys in hunt.by_area():
        promises += ["", *([f"*{area}*", ""] if area else [])]
        promises += [f"- **{key}** {hunt.promises[key]}" for key in keys]
    listed = "\n".join(promises)
    source, lines = f"```python\n{hunt.source.rstrip()}\n```", hunt.source.count("\n")
    if lines > LONG:
        source = f"<details><summary>{lines} lines</summary>\n\n{source}\n\n</details>"
    return (
        f"**{hunt.title}** (`{hunt.name}`, {len(hunt.bugs)} bugs)\n\n"
        f"The app promises:\n{listed}\n\n`main.py`:\n\n{source}"
    )


def hunt_as_text(hunt: Hunt) -> str:
    """Return the same in plain text."""
    promises = []
    for area, keys in hunt.by_area():
        promises += ["", f" {area}"] if area else []
        promises += [f"  {key}  {hunt.promises[key]}" for key in keys]
    head = [f"{hunt.title} ({hunt.name}, {len(hunt.bugs)} bugs)", "", "The app promises:"]
    return "\n".join([*head, *promises, "", "main.py:", _indent(hunt.source)])


def _progress_rows() -> list[tuple[Hunt, int]]:
    kept = progress.read()
    rows = [hunts.load(name) for name in hunts.names()]
    return [(hunt, kept.get(hunt.name, {}).get("best", 0)) for hunt in rows]


def _next_of(rows: list[tuple[Hunt, int]]) -> str:
    kept = progress.read()
    for hunt, best in rows:
        if not kept.get(hunt.name, {}).get("done"):
            aside = "; one of your tests is set aside" if best == len(hunt.bugs) else ""
            return f"Next: {hunt.name} ({hunt.title}, lesson {hunt.lesson}{aside})."
    return "Every bug of the course is caught."


def progress_as_text() -> str:
    """Return every exercise with a bar, and what is next."""
    rows = _progress_rows()
    lines = []
    for hunt, best in rows:
        bar = "#" * best + "." * (len(hunt.bugs) - best)
        lines.append(f"  {hunt.lesson}  {hunt.name:18} [{bar}] {best} of {len(hunt.bugs)}")
    return "\n".join(["Progress", *lines, _next_of(rows)])


def progress_as_html() -> str:
    """Return the same as HTML."""
    rows = _progress_rows()
    body = "".join(
        f'<tr><td>{hunt.lesson}</td><th scope="row">{escape(hunt.name)}</th>'
        f"<td>{escape(hunt.title)}</td>"
        f'<td><progress max="{len(hunt.bugs)}" value="{best}" aria-label="{escape(hunt.name)}">'
        f"</progress> {best} of {len(hunt.bugs)}</td></tr>"
        for hunt, best in rows
    )
    head = "".join(f'<th scope="col">{h}</th>' for h in ("Lesson", "Exercise", "", "Caught"))
    return (
        f'{STYLE}<section class="bughunt" aria-label="Progress">'
        f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table><p>{escape(_next_of(rows))}</p></section>"
    )
