"""The command line: judge a test file, mark a class, show a hunt or a hint, open the course."""

import argparse
import json
import os
import sys
from pathlib import Path

from . import hunts, progress, report
from .judge import Judge

USAGE = """python -m bughunt NAME FILE [--json] [--anyio-mode auto]
       python -m bughunt list
       python -m bughunt hunt NAME
       python -m bughunt hint NAME [PROMISE]
       python -m bughunt progress
       python -m bughunt marks FOLDER [--csv FILE]
       python -m bughunt nbgrader FOLDER
       python -m bughunt lab [ARGUMENTS OF JUPYTERLAB]"""


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; return 0 if all is caught, 1 if not, 2 if the call is no good."""
    try:
        status = run(sys.argv[1:] if arguments is None else arguments)
        sys.stdout.flush()
    except BrokenPipeError:  # whoever reads has enough, as in `| head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    return status


def run(arguments: list[str]) -> int:
    if arguments[:1] == ["lab"]:
        from . import lab

        return lab.main(arguments[1:]) or 0
    if arguments[:1] == ["marks"]:
        from . import marks

        return marks.main(arguments[1:])
    if arguments[:1] == ["nbgrader"]:
        from . import nbgrader

        return nbgrader.main(arguments[1:])
    try:
        match arguments:
            case ["list"]:
                for hunt in map(hunts.load, hunts.names()):
                    count = f"{len(hunt.bugs)} bugs"
                    print(f"{hunt.lesson}  {hunt.name:18} {hunt.kind}  {count}  {hunt.title}")
                return 0
            case ["progress"]:
                print(report.progress_as_text())
                return 0
            case ["hunt", name]:
                print(report.hunt_as_text(hunts.load(name)))
                return 0
            case ["hint", name, *promise] if len(promise) < 2:
                print(progress.one_more_hint(hunts.load(name), *promise))
                return 0
        return judge(arguments)
    except hunts.HuntError as error:
        print(error, file=sys.stderr)
        return 2


def judge(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser("bughunt", usage=USAGE, description=__doc__)
    parser.add_argument("name", metavar="NAME", help="a hunt, as `list` shows them")
    parser.add_argument("file", metavar="FILE", type=Path, help="the test file to judge")
    parser.add_argument("--json", action="store_true", help="print the verdict for machines")
    parser.add_argument("--anyio-mode", choices=("auto", "strict"), help="pytest's setting")
    options = parser.parse_args(arguments)
    hunt = hunts.load(options.name)
    try:
        tests = options.file.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not text in UTF-8"
        print(f"{options.file} cannot be read: {reason}.", file=sys.stderr)
        return 2
    verdict = Judge().judge(tests, hunt, anyio_mode=options.anyio_mode)
    if options.json:
        print(json.dumps(verdict.as_dict(), indent=2))
    else:
        progress.record(verdict, hunt)
        print(report.as_text(verdict, hunt, command="python -m bughunt "))
    if verdict.outcome in ("not started", "does not run"):
        return 2
    return 0 if verdict.outcome == "all caught" else 1


if __name__ == "__main__":
    sys.exit(main())
