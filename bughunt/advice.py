"""What is wrong with a test file, in a plain sentence that also says what to do.

Some of it is read from the file, some from what pytest reported.
"""

import ast
import difflib
import re
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum, auto

from . import runner

IMPORTED = ("main", "pytest", "httpx", "anyio", "asyncio", "fastapi", "sqlalchemy")
NO_TESTS = 5  # pytest's exit status
MAX_REPORT = 6_000  # characters of a failure's report that are shown


class Kind(Enum):
    """How much a sentence explains."""

    PLAIN = auto()  # it repeats what pytest says: something else may explain it better
    SLIP = auto()  # it names the slip
    TOLD = auto()  # and pytest's report would add nothing
    SPOILS = auto()  # and pytest breaks the tests that follow: they must run without this one
    UNWRITTEN = auto()  # the call is still the `...` of the exercise


@dataclass(frozen=True)
class Why:
    """Why a test does not count: `text` says it, and what to do, in a sentence."""

    text: str
    kind: Kind = Kind.SLIP


NO_MARKER = Why(
    "pytest runs nothing async by itself: put `@pytest.mark.anyio` on the line above it",
    Kind.SPOILS,  # in pytest 9, where both share an async fixture
)
PLAIN_DEF = Why(
    "it is a plain `def`, and one of its fixtures is async: write `async def`, "
    "with `@pytest.mark.anyio` on the line above it",
    Kind.SPOILS,
)
NOT_WRITTEN = Why("its call is not written yet: put it where the `...` stands", Kind.UNWRITTEN)
SKIPPED = Why("it was skipped or is expected to fail: that counts as not run")
LEFT_BEHIND = Why(
    "alone it passes: an earlier test left something in the app, its database, the environment or "
    "this file. Have a fixture make what a test changes, or put it back; or use names of the "
    "test's own"
)
NOT_IN_REVERSE = (
    "fails when the tests run in reverse: what another test did changes its result. "
    "Let it set up all that it needs itself: its data, its stand-ins"
)
BY_CHANCE = "it passed on the app, and the next time it did not: it depends on chance"
ENDED_THE_RUNNER = (
    "It ended the process that runs the tests: a test kills processes that it has not started. "
    "Take that out."
)
OLD_SESSION = "a session hands out the objects that it has: after a request, look through a new one"
START_SOON = (
    "`start_soon` wants the function and then its arguments, not a call: "
    '`start_soon(order, "leek")`, not `start_soon(order("leek"))`'
)
OTHER_LOOP = "is bound to a different event loop"
BOUND_EARLIER = Why(
    "it uses something that belongs to an earlier test's loop: make it anew for each test, in the "
    "test or in a fixture without `scope`"
)
ASYNCIO_ON_TRIO = Why(
    "it runs on trio and calls asyncio: have `anyio_backend` return asyncio, or call AnyIO"
)
AWAITS_TOO_MUCH = Why("it awaits what is there at once: leave that `await` out")
APP_AWAITS = Why(
    "main.py awaits what your test handed to the app: make that function an `async def`, or, in a "
    "`MockTransport`, have it return an `httpx.Response`"
)
AS_A_SERVER = (
    "Expect it with `pytest.raises`, or have the 500 that a server would send: "
    "`ASGITransport(app=app, raise_app_exceptions=False)`"
)
BREAKS = "the test itself breaks: "
FAILS = "it fails on the app, which keeps its promises: "
# What a failure on the app may say, and what to tell the reader about it.
ADVICE = (
    ("async def functions are not natively supported", NO_MARKER),
    ("'ellipsis' object", NOT_WRITTEN),
    ("'coroutine' object is not callable", Why(START_SOON)),
    (
        "'coroutine' object",
        Why(
            "it uses a coroutine as if it were the answer: put `await` before the call, "
            "and on one line parentheses around both, as in `(await client.get(...)).json()`"
        ),
    ),
    ("can't be used in 'await' expression", AWAITS_TOO_MUCH),  # before Python 3.14
    ("can't be awaited", AWAITS_TOO_MUCH),
    (
        "Cannot run the event loop while another loop is running",
        Why("it starts a loop inside a running one: await AsyncClient instead"),
    ),
    (
        "cannot be called from a running event loop",
        Why("it starts a loop inside a running one: write `await` in the place of the `run`"),
    ),
    (
        "does not support the context manager protocol",
        Why("it opens with `with` what wants an `async with`"),
    ),
    (
        "does not support the asynchronous context manager protocol",
        Why("it opens with `async with` what wants a plain `with`"),
    ),
    (OTHER_LOOP, BOUND_EARLIER),
    ("Cannot use AsyncMongoClient in different event loop", BOUND_EARLIER),
    ("attached to a different loop", BOUND_EARLIER),
    ("Event loop is closed", BOUND_EARLIER),
    ("no running event loop", ASYNCIO_ON_TRIO),
    ("There is no current event loop", ASYNCIO_ON_TRIO),
    ("'TaskHandle' object", Why("a task's answer is not there: have the task append it to a list")),
    (
        "'_asyncio.Task' object has no attribute",
        Why("it takes a task for what the task will return: `await` the task first"),
    ),
    (
        "QueuePool limit of size",
        Why("no connection is left: leave a session's `async with` before the next request"),
    ),
    (
        "'AsyncClient' object has no attribute 'websocket'",
        Why("only httpx2 has `websocket`: take AsyncClient and ASGIWebSocketTransport from there"),
    ),
    (
        "'ASGIWebSocketTransport' object has no attribute '_task_group'",
        Why("its client was not opened: write `async with AsyncClient(...) as client`"),
    ),
    (
        "'Request' object has no attribute 'json'",
        Why("a request holds its body as bytes: read it with `json.loads(request.content)`"),
    ),
    (
        "Error.__init__() missing 1 required positional argument: 'message'",
        Why('an error of HTTPX wants a message: `raise httpx.ReadTimeout("too late")`'),
    ),
    ("[Errno 27]", Why("it writes more than 64 MB: print less")),
    ("RecursionError", Why("it calls itself without end: give the recursion a way out")),
)


# --- what is read from the file ------------------------------------------------------------------

FUNCTIONS = ast.FunctionDef | ast.AsyncFunctionDef


def does_not_compile(tests: str) -> str:
    """Say why Python cannot read the file, or nothing."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(tests)
            compile(tree, runner.TEST_FILE, "exec")
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        line = getattr(error, "lineno", None)
        where = f"Line {line}" if line else "The file"
        text = getattr(error, "msg", None) or str(error)
        if "outside async function" in text or "await' outside" in text:
            if any(node.lineno <= line <= node.end_lineno for node in _functions(tree)):
                return f"{where} awaits in a plain `def`: write `async def`."
            return f"{where} awaits outside a test: move it into an `async def test_...`."
        return f"{where} is not Python: {text}."
    return ""


def notes(tests: str, source: str) -> list[str]:
    """Say what in the file, though it runs on the app of `source`, is hardly what was meant."""
    tree = ast.parse(tests)
    found = []
    for scope in [tree, *(node for node in ast.walk(tree) if isinstance(node, ast.ClassDef))]:
        names = [node.name for node in scope.body if isinstance(node, FUNCTIONS)]
        for name in dict.fromkeys(names):
            if names.count(name) > 1:
                found.append(f"`{name}` is defined more than once: only the last one counts.")
    fixtures = {node.name for node in tree.body if "fixture" in "".join(_decorators(node))}
    helpers = {node.name for node in _functions(tree)} - fixtures
    for node in tree.body:
        name = getattr(node, "name", "")
        if not name.lower().startswith("test") and "pytest.mark" in " ".join(_decorators(node)):
            start = "Test" if isinstance(node, ast.ClassDef) else "test_"
            found.append(f"`{name}` is marked and does not run: begin its name with `{start}`.")
    for test in (node for node in _functions(tree) if node.name.startswith("test")):
        if not _can_fail(test, helpers):
            found.append(f"`{test.name}` asserts nothing: only an error can make it fail.")
        for node in ast.walk(test):
            if isinstance(node, ast.Assert) and isinstance(node.test, ast.Tuple):
                found.append(
                    f"`{test.name}` asserts a tuple, which is always true: "
                    f"take the parentheses away in line {node.lineno}."
                )
            if isinstance(node, ast.Assert) and _is_an_answer(node.test):
                found.append(
                    f"Line {node.lineno} asserts an answer, or a status, and compares it with "
                    "nothing: every answer is true, a 404 too."
                )
            if isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "start_soon":
                if node.args and isinstance(node.args[0], ast.Call | ast.Await):
                    found.append(f"{START_SOON} (line {node.lineno}).")
    if blocking := async_tests_with_test_client(tests):
        names = ", ".join(f"`{name}`" for name in blocking)
        found.append(
            f"TestClient in an `async def` blocks the loop: await AsyncClient there ({names})."
        )
    for name, line in called_as_keys(tests).items():
        found.append(
            f"Line {line} calls `{name}()` where `dependency_overrides` wants the function itself: "
            f"write `{name}`."
        )
    for name in _replaced_in_main(tree):
        if re.search(rf"\bDepends\({name}\b", source):
            found.append(
                f"FastAPI keeps the function that `Depends` was given: a new `main.{name}` changes "
                f"no route. Put the stand-in into `app.dependency_overrides[{name}]`."
            )
    if re.search(r"\bsqlalchemy\b", tests):
        found += [
            f"`{node.name}` adds rows and never commits them."
            for node in _functions(tree)
            if _adds_and_never_commits(node)
        ]
    return found


def called_as_keys(tests: str) -> dict[str, int]:
    """Return what is called where a key of `dependency_overrides` should be, and in which line."""

    def is_overrides(node):
        return getattr(node, "attr", "") == "dependency_overrides"

    found = {}
    for node in ast.walk(ast.parse(tests)):
        keys = []
        if isinstance(node, ast.Subscript) and is_overrides(node.value):
            keys = [node.slice]
        elif isinstance(node, ast.Call) and any(map(is_overrides, node.args)):  # setitem
            keys = node.args[1:2]
        for key in keys:
            if isinstance(key, ast.Call) and isinstance(key.func, ast.Name):
                found[key.func.id] = key.lineno
    return found


def _replaced_in_main(tree: ast.AST) -> list[str]:
    """Return the names in main.py that the tests set to something else."""
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and "setattr" in ast.unparse(node.func):
            match [getattr(one, "value", getattr(one, "id", "")) for one in node.args]:
                case [str(target), *_] if target.startswith("main."):
                    found.append(target.removeprefix("main."))
                case ["main", str(name), *_]:
                    found.append(name)
        elif isinstance(node, ast.Assign):
            targets = [ast.unparse(target) for target in node.targets]
            found += [one.removeprefix("main.") for one in targets if one.startswith("main.")]
    return [name for name in dict.fromkeys(found) if name.isidentifier()]


def _adds_and_never_commits(function: ast.AST) -> bool:
    """Whether rows are added to a session in this function, and nothing in it commits."""
    text = ast.unparse(function)
    # `add(Order(...))`: a set, too, has an `add`.
    return bool(re.search(r"\.(add_all\(|add\([A-Z])", text)) and not re.search(
        r"\b(commit|begin)\b", text
    )


def async_tests_with_test_client(tests: str) -> list[str]:
    """Return the names of the tests that are an `async def` and use TestClient."""
    tree, found = ast.parse(tests), []
    blocking = _names_of_test_clients(tree)
    for node in _functions(tree):
        used = {one.id for one in ast.walk(node) if isinstance(one, ast.Name)}
        used |= {argument.arg for argument in node.args.args}
        if type(node) is ast.AsyncFunctionDef and node.name.startswith("test") and used & blocking:
            found.append(node.name)
    return found


def tests_with_an_old_session(tests: str) -> set[str]:
    """Return the tests that ask a database session which they had before a request."""
    found = set()
    for test in (node for node in _functions(ast.parse(tests)) if node.name.startswith("test")):
        for block in (node for node in ast.walk(test) if isinstance(node, ast.AsyncWith)):
            sessions = {
                getattr(item.optional_vars, "id", "")
                for item in block.items
                if "session" in ast.unparse(item.context_expr).lower()
            }
            words = re.findall(
                r"\b(\w+)\.(?:get|scalar|scalars|execute|post|put|patch|delete)\b",
                "\n".join(map(ast.unparse, block.body)),
            )
            asked = [number for number, word in enumerate(words) if word in sessions]
            if asked and any(word not in sessions for word in words[asked[0] : asked[-1]]):
                found.add(test.name)
    return found


def _functions(tree: ast.AST) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    return (node for node in ast.walk(tree) if isinstance(node, FUNCTIONS))


def _decorators(node: ast.AST) -> list[str]:
    return [ast.unparse(one) for one in getattr(node, "decorator_list", ())]


def _can_fail(test: ast.AST, helpers: set[str]) -> bool:
    """Whether the test asserts or raises, or names what may do so for it."""
    for node in ast.walk(test):
        if isinstance(node, ast.Assert | ast.Raise):
            return True
        name = getattr(node, "id", None) or getattr(node, "attr", "")
        if name in helpers or re.search("assert|raise|fail|warns", name):
            return True
    return False


def _is_an_answer(node: ast.AST) -> bool:
    """Whether this is `await client.get(...)`, or the like, or the `status_code` of something."""
    if isinstance(node, ast.Await) and isinstance(node.value, ast.Call):
        verbs = ("get", "post", "put", "patch", "delete", "head", "options", "request")
        return getattr(node.value.func, "attr", "") in verbs
    return isinstance(node, ast.Attribute) and node.attr == "status_code"


def _names_of_test_clients(tree: ast.AST) -> set[str]:
    """TestClient itself, the names that hold one, and the fixtures that make one."""

    def makes(node):
        calls = (one for one in ast.walk(node) if isinstance(one, ast.Call))
        return any(getattr(call.func, "id", "") == "TestClient" for call in calls)

    names = {"TestClient"}
    for node in tree.body:
        if isinstance(node, ast.Assign) and makes(node):
            names |= {target.id for target in node.targets if isinstance(target, ast.Name)}
        elif isinstance(node, FUNCTIONS) and not node.name.startswith("test") and makes(node):
            names.add(node.name)
    return names


# --- what is read from a run ---------------------------------------------------------------------


def does_not_run(result: dict) -> str:
    """Say why no test of the file could run, or nothing."""
    if result["errors"]:
        error = last_error(result)
        last = [line for line in error.splitlines() if line.startswith("E  ")]
        text = last[-1][1:].strip() if last else error.splitlines()[-1]
        missing = re.search(r"No module named '([\w.]+)'", text)
        if missing:
            near = difflib.get_close_matches(missing[1], IMPORTED, 1)
            if near:
                return f"The file imports {missing[1]}, which there is not: did you mean {near[0]}?"
            return (
                f"The file imports {missing[1]}, which is not installed here. "
                "Use the packages of the course, or install it first."
            )
        return f"The file stops before its first test: {text}"
    if result["collected"] is None:
        if result["overran"]:
            where = f" at line {result['line']}" if result["line"] else ""
            return f"The file never ends{where}, before its first test: take that out of it."
    if not result["collected"] and result["done"] == NO_TESTS:
        return "There is no test in it: pytest runs functions whose names begin with `test_`."
    if not result["collected"]:
        return (
            "The file ends the whole test run while it is loaded "
            "(sys.exit, os._exit or an interrupt at the top level): take that out."
        )
    return ""


def never_awaited(message: str, tests: str) -> Why:
    """Say what a test of `tests` called and did not await, from the warning's text."""
    name = message.split("'")[1] if "'" in message else "a coroutine"
    if name in called_as_keys(tests):
        cure = f"as a key of `dependency_overrides` write it without parentheses, `{name}`"
    else:
        cure = "put `await` before the call"
    return Why(f"`{name}` was called and never awaited: {cure}")


def stopped(result: dict, seconds: float, tests: str) -> str:
    """Say how the test that was running kept the run of `tests` from its end."""
    if result["overran"]:
        at = f" in line {result['line']}" if result["line"] else ""
        cure = (
            "give what it waits for a deadline, and look for an event that nobody sets, "
            "or an `await` that is missing"
        )
        if runner.function_of(result["running"]) in async_tests_with_test_client(tests):
            cure = (
                "TestClient blocks the loop in which the other side would answer: use AsyncClient"
            )
        elif ".stream(" in tests and "uvicorn" not in tests:
            cure = f"{cure}. (ASGITransport hands over a stream when it is at its end)"
        return f"it had not ended after {seconds:.0f} seconds and was stopped{at}: {cure}"
    return (
        "it ended the whole test run (sys.exit, os._exit, pytest.exit or KeyboardInterrupt): "
        "a test ends by returning, or by an assertion that fails"
    )


def why_failed(outcome: dict, plain: bool, with_test_client: bool) -> Why:
    """Say in a sentence why a test fails on an app that is right.

    Args:
        outcome: what the runner tells of the test.
        plain: whether the test is a plain `def`.
        with_test_client: whether it is an `async def` that uses TestClient.
    """
    report = outcome["report"]
    text = report + outcome["message"]
    frames = re.findall(rf"^{runner.TEST_FILE}:\d+: in (\w+)", report, re.MULTILINE)
    if "requested an async fixture" in text:
        return PLAIN_DEF if plain else NO_MARKER
    if about_fixture := _about_fixture(text, frames):
        return about_fixture
    if OTHER_LOOP in text and with_test_client:
        return Why("TestClient runs the app in another loop than your test: await AsyncClient")
    for sign, why in ADVICE:
        if sign in text:
            in_app = _last_file(report) == "main.py"
            return APP_AWAITS if why is AWAITS_TOO_MUCH and in_app else why
    first = _first_line(outcome)
    if outcome["when"] == "setup":
        who = f"its fixture `{frames[-1]}`" if frames else "a fixture"
        return Why(f"{who} fails: {first}")
    if outcome["when"] == "teardown":
        return Why(f"one of its fixtures fails while it cleans up: {first}")
    by_assertion = first.startswith(("assert", "AssertionError", "Failed"))
    in_app = re.search(r'^main\.py:\d+|[/\\]main\.py", line', report, re.MULTILINE)
    if not by_assertion and _raised_on_purpose(first, report):
        return Why(f"an error came in place of an answer: {first}. {AS_A_SERVER}")
    return Why((FAILS if by_assertion or in_app else BREAKS) + first, Kind.PLAIN)


def _raised_on_purpose(first: str, report: str) -> bool:
    """Whether the app, or what the test handed to it, has raised an error that is meant."""
    frames = re.findall(r"^(main|test_main)\.py:\d+: in ", report, re.MULTILINE)
    by_stand_in = "main" in frames and frames[-1] == "test_main"
    by_app = frames[-1:] == ["main"] and first.startswith("main.")
    by_mistake = first.startswith(("NameError", "TypeError", "AttributeError", "KeyError"))
    return by_app or (by_stand_in and not by_mistake)


def why_on_a_variation(outcome: dict, says: str) -> str:
    """Say why a test that passes on the app fails on a variation, whose sentence is `says`."""
    if _first_line(outcome).startswith("TimeoutError"):
        return f"it gives up too early where something is done in another way. {says}"
    return f"it insists on what nobody promised. {says}"


def leave_stand_ins(tests: list[str], always: bool) -> str:
    """Say that tests leave their overrides behind, always or when they fail."""
    if len(tests) == 1:
        does = f"`{tests[0]}` leaves its stand-in"
        stays = f"When `{tests[0]}` fails, its stand-in stays"
    else:
        who = f"`{tests[0]}` and {len(tests) - 1} more"
        does, stays = f"{who} leave their stand-ins", f"When {who} fail, their stand-ins stay"
    does = does if always else stays
    return (
        f"{does} in `app.dependency_overrides` for the tests after it. "
        "Have a fixture take it away after its `yield`, or use `monkeypatch.setitem`."
    )


def needs_what_is_set_aside(tests: list[str]) -> str:
    """Say why a test fails when those of `tests` that are set aside do not run before it."""
    names = ", ".join(f"`{test}`" for test in tests)
    return f"without {names}, set aside, it fails: let it set up all that it needs itself"


def _about_fixture(text: str, frames: list[str]) -> Why | None:
    """Say what is wrong with how a test, or a helper, asks for a fixture."""
    called = re.search(r'Fixture "(\w+)" called directly', text)
    if called or "'FixtureFunctionDefinition' object" in text:
        does = f"calls the fixture `{called[1]}`" if called else "uses a fixture"
        name = f"`{called[1]}`" if called else "the fixture's name"
        if frames and not frames[-1].startswith("test"):
            return Why(
                f"`{frames[-1]}` {does}: have the test ask for it between the parentheses "
                "of its `def`, and hand it over as an argument"
            )
        return Why(
            f"it {does} without asking for it: put {name} between the parentheses of the `def`"
        )
    if missing := re.search(r"fixture '(\w+)' not found", text):
        available = re.search(r"available fixtures: (.+?)\n(?:E +)?>", text, re.DOTALL)
        names = re.findall(r"\w+", available[1]) if available else []
        near = difflib.get_close_matches(missing[1], names, 1)
        ask = f"did you mean `{near[0]}`?" if near else "define it, or take it out"
        return Why(f"there is no fixture `{missing[1]}`: {ask}", Kind.TOLD)
    mismatch = re.search(
        r"access the (\w+) scoped fixture (\w+) with a (\w+) scoped request object", text
    )
    if mismatch:
        narrow, name, wide = mismatch.groups()
        return Why(
            f"one of its fixtures has the scope {wide} and asks for `{name}`, which has the scope "
            f'{narrow}: give `{name}` scope="{wide}" too, or that fixture none',
            Kind.SPOILS,
        )
    return None


def _last_file(report: str) -> str:
    """Return which file's line a failure comes from, of a report as pytest or Python writes it."""
    frames = re.findall(r'^(\S+):\d+: in |File "([^"]+)", line', report, re.MULTILINE)
    return re.split(r"[/\\]", frames[-1][0] or frames[-1][1])[-1] if frames else ""


def _first_line(outcome: dict) -> str:
    """Return the line that says most of a failure, with what is often behind it."""
    first = outcome["message"].splitlines()[0] if outcome["message"] else "see the report"
    in_group = "ExceptionGroup" in first
    if in_group:  # a task group's; the first error in it says more
        inside = re.search(
            r"^[ |]+\| (?!\w*ExceptionGroup)(\w+: .+)", outcome["report"], re.MULTILINE
        )
        first = inside[1] if inside else first
        if inside and not first.startswith(("AssertionError", "KeyError", "IndexError")):
            first += ", in an ExceptionGroup"
    if first.startswith("KeyError") and ".json()[" in outcome["report"]:
        first += " (look at the status of that answer first)"
    elif in_group and first.startswith(("KeyError", "IndexError", "UnboundLocalError")):
        first += " (what the tasks of a task group leave is there after its `async with`)"
    elif first.startswith("TimeoutError") and "fail_after" in outcome["report"]:
        first += " (what it waits for did not come before its deadline)"
    elif "positional argument" in first and _last_file(outcome["report"]) == "main.py":
        first += " (main.py hands it something: give it a parameter)"
    elif "'State' object has no attribute" in first:
        first += (
            " (the start-up puts it there: did it run, and does the client call `manager.app`?)"
        )
    return _without_addresses(first)


def own_frames(report: str) -> str:
    """Cut pytest's report to the frames of the test file and of main.py, and the error's lines."""
    kept, own, inside = [], True, None
    for line in report.splitlines():
        if frame := re.match(r"(\S+):\d+: in ", line):
            own = frame[1] in ("main.py", runner.TEST_FILE)
        elif frame := re.match(r'([ |]*)File "(.+)", line', line):  # in a group of exceptions
            folder, _, name = frame[2].replace("\\", "/").rpartition("/")
            own, inside = folder.endswith(f"/{runner.PROJECT}"), f"{frame[1]}  "
            line = line.replace(frame[2], name)
        elif inside and not line.startswith(inside):
            own, inside = True, None
        if own or re.match(r"E( |$)", line):
            kept.append(line)
    text = _without_addresses("\n".join(kept))
    if len(text) > MAX_REPORT:
        text = "...\n" + text[-MAX_REPORT:].partition("\n")[2]
    return text


def last_error(result: dict) -> str:
    """Return what pytest reported last of a file that it could not load."""
    return result["errors"][-1] if result["errors"] else ""


def _without_addresses(text: str) -> str:
    return re.sub(r" at 0x[0-9a-f]+|(?<=cancel scope) [0-9a-f]+", "", text)
