"""The judge: verdicts on good tests in every style, and on slips."""

import dataclasses
import os
import subprocess
import sys

import psutil
import pytest
from bad_cells import ASYNC, HEAD
from conftest import SAMPLE, within

from bughunt import advice, hunts, progress, report
from bughunt.judge import Judge

CLIENT = """
import anyio
import pytest
from httpx import ASGITransport, AsyncClient
from main import app

def make_client():
    return AsyncClient(transport=ASGITransport(app=app), base_url="http://test")
"""

CLASSES = (
    CLIENT
    + """
pytestmark = pytest.mark.anyio

@pytest.fixture(scope="module")
async def client():
    async with make_client() as client:
        yield client

class TestCrops:
    @pytest.mark.parametrize("name", ["stone", "plastic"])
    async def test_unknown(self, client, name):
        assert (await client.get(f"/crops/{name}")).status_code == 404

class TestOrders:
    async def test_takes(self, client):
        before = (await client.get("/crops/leek")).json()["left"]
        assert (await client.post("/orders/leek?amount=2")).status_code == 201
        assert (await client.get("/crops/leek")).json()["left"] == before - 2

    async def test_too_many(self, client):
        assert (await client.post("/orders/leek?amount=99")).status_code == 409
"""
)

TRIO = CLASSES + '\n@pytest.fixture(scope="module")\ndef anyio_backend():\n    return "trio"\n'
BOTH = CLASSES + (
    '\n@pytest.fixture(scope="module", params=["asyncio", "trio"])\n'
    "def anyio_backend(request):\n    return request.param\n"
)

TEST_CLIENT = """
from fastapi.testclient import TestClient
from main import app

client = TestClient(app)

def left(crop):
    return client.get(f"/crops/{crop}").json()["left"]

def test_all():
    assert client.get("/crops/stone").status_code == 404
    before = left("leek")
    assert client.post("/orders/leek?amount=1").status_code == 201
    assert left("leek") == before - 1
    assert client.post("/orders/leek?amount=99").status_code == 409
"""


@pytest.mark.parametrize(
    "tests", [CLASSES, TRIO, BOTH, TEST_CLIENT], ids=["classes", "trio", "both", "testclient"]
)
def test_any_style_that_is_right_catches_all(judge, sample, tests):
    verdict = judge.judge(tests, sample)
    assert verdict.outcome == "all caught", report.as_text(verdict, sample)


def test_auto_mode(judge, sample, solution):
    unmarked = solution.replace("@pytest.mark.anyio\n", "")
    assert judge.judge(unmarked, sample, anyio_mode="auto").outcome == "all caught"
    assert judge.judge(unmarked, sample).outcome == "fails on the app"


def test_missing_markers_are_named_and_spare_the_others(judge, sample, solution):
    verdict = judge.judge(solution.replace("@pytest.mark.anyio\n", "", 2), sample)
    assert [aside.test for aside in verdict.set_aside] == ["test_unknown_crop", "test_order"]
    assert all("put `@pytest.mark.anyio`" in aside.why for aside in verdict.set_aside)
    assert verdict.tests == ["test_too_many"] and verdict.caught == 1


def test_untouched_is_not_started(judge, sample):
    assert judge.judge(sample.start, sample).outcome == "not started"
    assert judge.judge("# nothing yet\n", sample).outcome == "not started"
    text = report.as_text(judge.judge(sample.start, sample), sample)
    assert "sample: not started" in text and "Next: " in text


def test_some_caught_names_promise_test_diff_and_hint(judge, sample):
    verdict = judge.judge(HEAD, sample)
    text = report.as_text(verdict, sample)
    assert (verdict.outcome, verdict.caught, len(verdict.bugs)) == ("some caught", 1, 4)
    assert "caught  P1" in text and "by test_good" in text and "+        return None" in text
    assert "free    P2" in text and "hint: Which status?" in text
    assert "status_code=201" not in text  # the bug that is free is not shown


def test_insisting_on_a_variation_is_said_and_the_others_count(judge, sample):
    tests = HEAD + ASYNC + '    assert (await client.get("/crops")).json() == ["tomato", "leek"]\n'
    verdict = judge.judge(tests, sample)
    assert verdict.outcome == "fails on a variation"
    assert [aside.test for aside in verdict.set_aside] == ["test_bad"]
    assert "The order of the list is nobody's promise." in verdict.set_aside[0].why
    assert (verdict.tests, verdict.caught) == (["test_good"], 1)


def test_what_needs_a_test_that_is_set_aside_is_not_blamed_on_a_variation(judge, sample):
    tests = HEAD + (
        f"seen = []\n{ASYNC.replace('bad', 'wrong')}    seen.append(1)\n    assert not seen\n"
        f"{ASYNC}    assert seen\n"
    )
    verdict = judge.judge(tests, sample)
    whys = {aside.test: aside.why for aside in verdict.set_aside}
    assert whys["test_bad"].startswith("without `test_wrong`, set aside, it fails")
    assert verdict.outcome == "fails on the app" and verdict.tests == ["test_good"]


def test_a_flaky_test_wins_nothing(judge, sample, tmp_path):
    tests = CLIENT + (
        "from pathlib import Path\n"
        f"count = Path({str(tmp_path / 'count')!r})\n"
        "def test_flaky():\n"
        "    seen = count.exists()\n    count.touch()\n    assert not seen\n"
    )
    verdict = judge.judge(tests, sample)
    assert verdict.caught == 0 and verdict.outcome != "all caught"
    assert verdict.tests == []


SLIPS = {
    "a plain def with an async fixture": (
        "@pytest.mark.anyio\ndef test_bad(client):\n    assert client\n",
        "test_bad: it is a plain `def`",
    ),
    "an await in a plain def": (
        "def test_bad(client):\n    await client",
        "Line 17 awaits in a plain",
    ),
    "an async with outside": ("async with client:\n    pass\n", "Line 16 awaits outside a test"),
    "await without parentheses": (
        f"{ASYNC}    assert await client.get('/crops').json() == []\n",
        "parentheses around both",
    ),
    "an await too many": (
        f"{ASYNC}    await (await client.get('/')).json()\n",
        "leave that `await`",
    ),
    "a with without its async": (
        f"{ASYNC}    with AsyncClient():\n        assert 1\n",
        "what wants an `async with`",
    ),
    "an async with too many": (
        f"{ASYNC}    async with open(os.devnull):\n        assert 1\n",
        "what wants a plain `with`",
    ),
    "a fixture not asked for": (
        "@pytest.mark.anyio\nasync def test_bad():\n    await client.get('/')\n",
        "it uses a fixture without asking for it",
    ),
    "a helper that uses a fixture": (
        "async def ask():\n    return await client.get('/')\n"
        "@pytest.mark.anyio\nasync def test_bad():\n    assert await ask()\n",
        "test_bad: `ask` uses a fixture",
    ),
    "a name that pytest does not run": (
        "@pytest.mark.anyio\nasync def tset_bad(client):\n    assert await client.get('/')\n",
        "note  `tset_bad` is marked and does not run",
    ),
    "a name misspelt": (
        "def test_bad():\n    assert nobody\n",
        "the test itself breaks: NameError",
    ),
    "a look into the answers too early": (
        f"{ASYNC}    answers = {{}}\n    async with anyio.create_task_group() as group:\n"
        "        group.start_soon(client.get, '/')\n        assert answers['leek']\n",
        "is there after its `async with`",
    ),
    "an answer asserted": (f"{ASYNC}    assert await client.get('/')\n", "every answer is true"),
    "an import misspelt": (
        "from mian import app\n",
        "imports mian, which there is not: did you mean",
    ),
    "a fixture misspelt": ("def test_bad(cleint):\n    pass\n", "did you mean `client`?"),
    "a fixture that fails": (
        "@pytest.fixture\ndef full():\n    1 / 0\ndef test_bad(full):\n    assert full\n",
        "test_bad: its fixture `full` fails: ZeroDivisionError",
    ),
    "a fixture that fails at its end": (
        "@pytest.fixture\ndef full():\n    yield 1\n    1 / 0\n"
        "def test_bad(full):\n    assert full\n",
        "test_bad: one of its fixtures fails while it cleans up: ZeroDivisionError",
    ),
    "asyncio.run inside": (
        f"{ASYNC}    asyncio.run(client.get('/'))\n",
        "it starts a loop inside a running one",
    ),
    "a call given to start_soon": (
        f"{ASYNC}    async with anyio.create_task_group() as group:\n"
        "        group.start_soon(client.get('/'))\n",
        "`start_soon` wants the function",
    ),
    "asyncio on trio": (
        '@pytest.mark.parametrize("anyio_backend", ["trio"])\n'
        f"{ASYNC}    await asyncio.sleep(0.01)\n",
        "it runs on trio and calls asyncio",
    ),
    "what an earlier loop has bound": (
        "queue = asyncio.Queue()\n"
        "async def wait():\n    with anyio.move_on_after(0.01):\n        await queue.get()\n"
        "@pytest.mark.anyio\nasync def test_first():\n    await wait()\n"
        f"{ASYNC}    await wait()\n",
        "test_bad: it uses something that belongs to an earlier test's loop",
    ),
    "a coroutine lost in a test that fails": (
        f"{ASYNC}    client.get('/crops')\n    assert {{}}['x']\n"
        f"{ASYNC.replace('bad', 'later')}    assert await client.get('/crops')\n",
        "test_bad: `AsyncClient.get` was called and never awaited",
    ),
    "what an earlier test left": (
        "async def left(client):\n    return (await client.get('/crops/leek')).json()['left']\n"
        f"{ASYNC.replace('bad', 'order')}    await client.post('/orders/leek?amount=1')\n"
        f"    assert await left(client) == 4\n{ASYNC}    assert await left(client) == 5\n",
        "test_bad: alone it passes: an earlier test left something",
    ),
    "what an earlier test must leave": (
        "async def left(client):\n    return (await client.get('/crops/leek')).json()['left']\n"
        f"{ASYNC.replace('bad', 'order')}    await client.post('/orders/leek?amount=1')\n"
        f"    assert await left(client) < 5\n{ASYNC}    assert await left(client) == 4\n",
        "note  `test_bad` fails when the tests run in reverse",
    ),
    "one name for two tests": (
        "def test_bad():\n    assert 1\ndef test_bad():\n    assert 2\n",
        "note  `test_bad` is defined more than once",
    ),
    "no assertion": (f"{ASYNC}    await client.get('/')\n", "note  `test_bad` asserts nothing"),
    "a tuple asserted": ("def test_bad():\n    assert (1 == 2, 'text')\n", "which is always true"),
    "TestClient in an async def": (
        "from fastapi.testclient import TestClient\n"
        f"{ASYNC}    assert TestClient(app).get('/crops').status_code == 200\n",
        "note  TestClient in an `async def` blocks the loop: await AsyncClient there (`test_bad`)",
    ),
    "TestClient that waits for its own loop": (
        "from fastapi.testclient import TestClient\nimport time\n"
        f"{ASYNC}    TestClient(app).get('/crops')\n    time.sleep(60)\n",
        "TestClient blocks the loop",
    ),
    "a fixture called": (
        "@pytest.fixture\ndef full():\n    return 1\ndef test_bad():\n    assert full()\n",
        "test_bad: it calls the fixture `full` without asking for it",
    ),
    "a fixture kept longer than its backend": (
        "@pytest.fixture(scope='session')\nasync def full():\n    yield 1\n"
        f"@pytest.fixture\ndef anyio_backend():\n    return 'asyncio'\n"
        f"{ASYNC.replace('client', 'full')}    assert full\n"
        f"{ASYNC.replace('client', 'full').replace('bad', 'worse')}    assert full\n",
        "test_bad, test_worse: one of its fixtures has the scope session and asks for "
        '`anyio_backend`, which has the scope function: give `anyio_backend` scope="session"',
    ),
    "an override's key called": (
        "async def today():\n    return 1\n"
        f"{ASYNC.replace('client', 'monkeypatch')}"
        "    monkeypatch.setitem(app.dependency_overrides, today(), today)\n    assert 0\n",
        "test_bad: `today` was called and never awaited: as a key of `dependency_overrides` write",
    ),
    "a stand-in that is left": (
        f"{ASYNC}    app.dependency_overrides[anyio] = anyio\n    assert app\n",
        "note  `test_bad` leaves its stand-in in",
    ),
    "a session from before the request": (
        "class Session:\n    async def __aenter__(self):\n        return self\n"
        "    async def __aexit__(self, *_):\n        pass\n"
        "    async def get(self, *_):\n        return 1\n"
        f"{ASYNC}    async with Session() as one:\n        assert await one.get(1)\n"
        "        await client.post('/orders/leek?amount=1')\n"
        "        assert await one.get(1) == 2\n",
        "after a request, look through a new one",
    ),
    "a task's answer": (
        f"{ASYNC}    async with anyio.create_task_group() as group:\n"
        "        answer = group.start_soon(client.get, '/crops')\n    assert answer.status_code\n",
        "have the task append it to a list",
    ),
    "a stand-in that a failure leaves": (
        f"{ASYNC}    app.dependency_overrides[anyio] = anyio\n"
        "    assert (await client.post('/orders/leek?amount=1')).status_code == 201\n"
        "    app.dependency_overrides.clear()\n",
        "note  When `test_bad` fails, its stand-in stays",
    ),
    "the status not looked at": (
        f"{ASYNC}    assert (await client.get('/crops/stone')).json()['left']\n",
        "look at the status of that answer first",
    ),
    "rows that are never committed": (
        "from sqlalchemy.ext.asyncio import AsyncSession\n"
        "def fill(session):\n    session.add(Order())\n",
        "note  `fill` adds rows and never commits them",
    ),
    "a sent request asked for JSON": (
        "import httpx\ndef test_bad():\n    assert httpx.Request('GET', '/').json()\n",
        "test_bad: a request holds its body as bytes",
    ),
    "a task taken for its answer": (
        f"{ASYNC}    answer = asyncio.create_task(client.get('/crops'))\n"
        "    assert answer.status_code == 200\n",
        "test_bad: it takes a task for what the task will return",
    ),
    "a session that is still open": (
        "from sqlalchemy import create_engine\nfrom sqlalchemy.pool import QueuePool\n"
        "def test_bad():\n"
        "    engine = create_engine('sqlite://', poolclass=QueuePool, pool_size=1,\n"
        "                           max_overflow=0, pool_timeout=0.01)\n"
        "    with engine.connect():\n        engine.connect()\n",
        "test_bad: no connection is left",
    ),
    "a deadline that runs out": (
        f"{ASYNC}    with anyio.fail_after(0.01):\n        await anyio.sleep_forever()\n",
        "TimeoutError (what it waits for did not come before its deadline)",
    ),
    "a WebSocket of httpx": (
        f"{ASYNC}    async with client.websocket('/'):\n        pass\n",
        "test_bad: only httpx2 has `websocket`",
    ),
    "a WebSocket client that is not open": (
        "import httpx2\nfrom httpx2.websockets import ASGIWebSocketTransport\n"
        f"{ASYNC}    other = httpx2.AsyncClient(transport=ASGIWebSocketTransport(app))\n"
        "    async with other.websocket('http://test/'):\n        pass\n",
        "test_bad: its client was not opened",
    ),
    "a stream without an end": (
        "class Endless:\n    async def stream(self, path):\n        await anyio.sleep_forever()\n"
        f"{ASYNC}    await Endless().stream('/')\n",
        "ASGITransport hands over a stream when it is at its end",
    ),
    "an error of HTTPX without a message": (
        "import httpx\ndef test_bad():\n    raise httpx.ReadTimeout\n",
        "test_bad: an error of HTTPX wants a message",
    ),
    "a call that is not written yet": (
        f"{ASYNC}    response = ...\n    assert response.status_code == 200\n",
        "not written yet  test_bad",
    ),
}


@pytest.mark.parametrize("tests, words", SLIPS.values(), ids=SLIPS)
def test_a_slip_gets_its_sentence(judge, sample, tests, words):
    hunt = dataclasses.replace(sample, bugs=sample.bugs[1:2], variations=())
    verdict = judge.judge(HEAD + tests, hunt)
    assert words in report.as_text(verdict, hunt)
    assert verdict.outcome == "does not run" or "test_good" in verdict.tests


def test_what_the_app_awaits_in_vain_is_told_from_what_the_test_does():
    error = "E   TypeError: 'NoneType' object can't be awaited"
    in_test, in_app = "test_main.py:3: in test_pay\n", "main.py:9: in order\n"
    outcome = {"message": "", "when": "call", "report": in_test + error}
    assert advice.why_failed(outcome, False, False) is advice.AWAITS_TOO_MUCH
    outcome["report"] = in_test + in_app + error
    assert advice.why_failed(outcome, False, False) is advice.APP_AWAITS


def test_an_error_that_was_meant_is_told_from_a_mistake(judge):
    tests = (
        "import pytest\nfrom httpx import ASGITransport, AsyncClient\nfrom main import make_app\n\n"
        "@pytest.mark.anyio\n@pytest.mark.parametrize('error', [OSError, NameError])\n"
        "async def test_broken(error):\n"
        "    async def ask(crop):\n        raise error('down')\n"
        "    transport = ASGITransport(app=make_app(ask))\n"
        "    async with AsyncClient(transport=transport, base_url='http://test') as client:\n"
        "        assert (await client.get('/prices?crop=leek')).status_code == 500\n"
    )
    meant, mistake = judge.judge(tests, hunts.load("slips")).set_aside
    assert "raise_app_exceptions=False" in meant.why
    assert "raise_app_exceptions=False" not in mistake.why


def test_a_function_replaced_in_main_is_noted_where_a_route_depends_on_it():
    source = "async def price(day: Annotated[date, Depends(today)]): ..."
    for line in (
        'monkeypatch.setattr("main.today", sunday)',
        'monkeypatch.setattr(main, "today", sunday)',
        "main.today = sunday",
    ):
        assert "app.dependency_overrides[today]" in advice.notes(line, source)[0]
        assert advice.notes(line, "app = FastAPI()") == []


def test_giving_up_early_is_not_called_a_broken_promise():
    slow = {"message": "TimeoutError", "report": "TimeoutError"}
    assert "gives up too early" in advice.why_on_a_variation(slow, "Which comes first is open.")


def test_a_test_that_hangs_after_others_that_fail_is_named(judge, sample):
    tests = "".join(f"def test_wrong_{n}():\n    assert {n} == 0\n" for n in (1, 2, 3))
    verdict = judge.judge(HEAD + tests + ASYNC + "    await anyio.sleep_forever()", sample)
    assert "had not ended" in {one.test: one.why for one in verdict.set_aside}["test_bad"]
    assert len(verdict.set_aside) == 4 and verdict.tests == ["test_good"] and verdict.caught == 1


def test_good_tests_get_no_note(judge, sample, solution):
    for tests in (solution, CLASSES, TRIO, BOTH, TEST_CLIENT):
        assert judge.judge(tests, sample).notes == []


def test_setting_a_test_aside_spares_those_whose_names_begin_alike(judge, sample):
    tests = HEAD + "def test_goo():\n    import os; os._exit(0)\n"
    verdict = judge.judge(tests, sample)
    assert [aside.test for aside in verdict.set_aside] == ["test_goo"]
    assert (verdict.tests, verdict.caught) == (["test_good"], 1)


def test_no_hints_while_a_test_is_set_aside(judge, sample):
    wrong = judge.judge(HEAD + "def test_bad():\n    assert 1 == 2\n", sample)
    assert "hint: " not in report.as_text(wrong, sample) + report.as_html(wrong, sample)
    assert "hint: " in report.as_text(judge.judge(HEAD, sample), sample)


def test_a_large_hunt_goes_by_areas_and_hints_only_when_asked(judge, sample, monkeypatch, tmp_path):
    monkeypatch.setenv("BUGHUNT_PROGRESS", str(tmp_path / "progress.json"))
    large = dataclasses.replace(sample, areas={"Crops": ["P1"], "Orders": ["P2", "P3", "P4"]})
    verdict = judge.judge(HEAD, large)
    progress.record(verdict, large)
    text, html = report.as_text(verdict, large), report.as_html(verdict, large)
    for area in ("Crops: 1 of 1 caught", "Orders: 0 of 3 caught"):
        assert area in text and area in html
    assert html.count("<details open>") == 1  # what is done is folded
    assert "hint: " not in text + html
    assert "1. " in progress.one_more_hint(large, "P2")
    assert report.as_text(verdict, large).count("hint: ") == 1
    shown = report.hunt_as_text(large)
    assert shown.index(" Crops") < shown.index("P1") < shown.index(" Orders") < shown.index("P2")
    # What a variation sets aside does not hide the test that catches the bug.
    text = "(await client.get('/crops/stone')).json()['detail'] == 'No such crop'\n"
    first, last = HEAD.split("@pytest.mark.anyio\n")
    strict = first + f"{ASYNC}    assert {text}" + f"@pytest.mark.anyio\n{last}"
    verdict = judge.judge(strict, large)
    assert [aside.test for aside in verdict.set_aside] == ["test_bad"]
    assert verdict.bugs[0].caught_by == ["test_good"]
    with pytest.raises(hunts.HuntError, match="list each promise once"):
        dataclasses.replace(sample, areas={"Crops": ["P1"]})


def test_a_bug_that_hangs_a_test_is_caught(judge, sample):
    tests = CLIENT + (
        "@pytest.mark.anyio\nasync def test_waits():\n    async with make_client() as client:\n"
        '        while (await client.get("/crops/stone")).status_code != 404:\n'
        "            await anyio.sleep(0.01)\n"
    )
    verdict = judge.judge(tests, sample)
    assert [bug.bug for bug in verdict.bugs if bug.caught_by] == ["unknown_as_200"]


def test_a_failure_in_a_task_group_is_shown_by_its_own_lines(judge, sample):
    tests = CLIENT + (
        "@pytest.mark.anyio\nasync def test_group():\n"
        "    async def ask():\n        assert (await client.get('/crops')).status_code == 404\n"
        "    async with make_client() as client, anyio.create_task_group() as group:\n"
        "        group.start_soon(ask)\n"
    )
    (aside,) = judge.judge(tests, sample).set_aside
    assert aside.why.endswith("AssertionError: assert 200 == 404")
    assert 'File "test_main.py", line 12, in ask' in aside.report
    assert "site-packages" not in aside.report and "bughunt-" not in aside.report


def test_the_next_good_cell_is_judged_right(judge, sample, solution):
    for tests in (HEAD + "def test_bad():\n    import os; os._exit(0)\n", solution):
        verdict = judge.judge(tests, sample)
    assert verdict.outcome == "all caught"


def test_without_fork_the_verdict_is_the_same(sample, solution, monkeypatch):
    monkeypatch.setenv("BUGHUNT_SPAWN", "1")
    own, hunt = Judge(), dataclasses.replace(sample, bugs=sample.bugs[:1])
    try:
        assert own.judge(solution, hunt).outcome == "all caught"
    finally:
        own.stop()


def test_settings_of_a_ci_do_not_change_a_verdict(judge, sample, monkeypatch):
    wrong = HEAD + "def test_wrong():\n    assert list(range(40)) == []\n"
    monkeypatch.setenv("CI", "true")
    monkeypatch.setenv("PYTEST_ADDOPTS", "--collect-only")
    own = Judge()
    try:
        on_ci = report.as_text(own.judge(wrong, sample), sample)
    finally:
        own.stop()
    assert on_ci == report.as_text(judge.judge(wrong, sample), sample)
    assert "assert [0, 1" in on_ci and "Full diff" not in on_ci


def test_the_runner_ends_with_its_parent(sample):
    own = Judge()
    own.run([])
    runner_process = psutil.Process(own.process.pid)
    own.process.stdin.close()  # what the end of a kernel does
    assert runner_process.wait(10) == 0
    own.process.stdout.close()
    own.process = None


def test_a_killed_kernel_leaves_nothing(sample, tmp_path):
    (tmp_path / "own").mkdir()
    code = (
        "import sys\nfrom pathlib import Path\nfrom bughunt import hunts\n"
        "from bughunt.judge import Judge\n"
        f"Judge().judge({'import time; time.sleep(60)'!r}, hunts.read(Path({str(SAMPLE)!r})))"
    )
    environment = os.environ | {"TMPDIR": str(tmp_path / "own")}
    kernel = subprocess.Popen([sys.executable, "-c", code], env=environment)

    def folders():
        return list((tmp_path / "own").glob("bughunt-*/1/project"))

    assert within(30, lambda: folders() and len(psutil.Process(kernel.pid).children(True)) == 2)
    started = psutil.Process(kernel.pid).children(recursive=True)
    kernel.kill()
    kernel.wait()
    assert within(10, lambda: not any(process.is_running() for process in started))
    assert within(10, lambda: not list((tmp_path / "own").iterdir()))


def test_nothing_is_left_on_disk(judge, sample, solution, tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    judge.judge(solution, sample)
    assert os.listdir(tmp_path) == []
