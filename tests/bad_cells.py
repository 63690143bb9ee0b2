"""Tests that do harm, and what the judge must say of each: (name, code, words of the verdict)."""

HEAD = """
import asyncio, os, subprocess, sys, threading, time
import anyio, pytest
from httpx import ASGITransport, AsyncClient
from main import app

@pytest.fixture
async def client():
    async with AsyncClient(transport=ASGITransport(app=app), base_url="http://test") as client:
        yield client

@pytest.mark.anyio
async def test_good(client):
    assert (await client.get("/crops/stone")).status_code == 404

"""

ASYNC = "@pytest.mark.anyio\nasync def test_bad(client):\n"
PLAIN = "def test_bad():\n"
NEVER, ENDED = "test_bad: it had not ended after", "test_bad: it ended the whole test run"

BAD_CELLS = [
    ("awaits_for_ever", HEAD + ASYNC + "    await anyio.sleep_forever()", NEVER),
    ("busy_loop", HEAD + PLAIN + "    while True: pass", NEVER),
    ("busy_loop_at_import", HEAD + "while True: pass", "The file never ends at line 16"),
    ("sleeps", HEAD + PLAIN + "    time.sleep(3600)", NEVER),
    ("sys_exit", HEAD + PLAIN + "    sys.exit()", "test_bad: the test itself breaks: SystemExit"),
    (
        "sys_exit_async",
        HEAD + ASYNC + "    sys.exit()",
        "test_bad: the test itself breaks: SystemExit",
    ),
    ("sys_exit_at_import", HEAD + "sys.exit(0)", "ends the whole test run while it is loaded"),
    ("os_exit", HEAD + PLAIN + "    os._exit(0)", ENDED),
    ("os_exit_at_import", HEAD + "os._exit(0)", "ends the whole test run while it is loaded"),
    ("pytest_exit", HEAD + PLAIN + "    pytest.exit('enough')", ENDED),
    ("flood", HEAD + PLAIN + "    for _ in range(100): print('x' * 2**20)", "test_bad: it writes"),
    (
        "thread_never_ends",
        HEAD + PLAIN + "    threading.Thread(target=time.sleep, args=(3600,)).start()",
        "2 tests pass",
    ),
    (
        "child_never_ends",
        HEAD + PLAIN + "    subprocess.Popen(['sleep', '3601'], start_new_session=True)",
        "2 tests pass",
    ),
    ("syntax_error", HEAD + "def test_bad(:\n    pass", "Line 16 is not Python"),
    ("top_level_await", HEAD + "await anyio.sleep(0)", "Line 16 awaits outside a test"),
    ("unknown_name", HEAD + PLAIN + "    assert nonesuch", "name 'nonesuch' is not defined"),
    ("unknown_name_at_import", HEAD + "nonesuch", "name 'nonesuch' is not defined"),
    ("deletes_its_app", HEAD + PLAIN + "    os.remove('main.py')", "2 tests pass"),
    ("recursion", HEAD + "def test_bad():\n    test_bad()", "it calls itself without end"),
    ("missing_package", HEAD + "import nonesuch", "imports nonesuch, which is not installed"),
    ("writes_files", HEAD + PLAIN + "    open('left.txt', 'w').write('x')", "2 tests pass"),
    ("keyboard_interrupt", HEAD + PLAIN + "    raise KeyboardInterrupt", ENDED),
    ("closes_stdout", HEAD + PLAIN + "    sys.stdout.close(); os.close(1)", "bugs caught"),
    ("no_test", HEAD.split("@pytest.mark")[0] + "def check(): pass", "There is no test in it"),
    ("no_marker", HEAD + "async def test_bad(client):\n    pass", "put `@pytest.mark.anyio`"),
    (
        "forgotten_await",
        HEAD + ASYNC + "    assert client.get('/crops').status_code == 200",
        "put `await` before the call",
    ),
    ("never_awaited", HEAD + ASYNC + "    client.get('/crops')", "called and never awaited"),
    ("skips_itself", HEAD + PLAIN + "    pytest.skip('later')", "that counts as not run"),
    (
        "expected_to_fail",
        HEAD + "@pytest.mark.xfail\n" + PLAIN + "    assert 0",
        "that counts as not run",
    ),
    ("wrong", HEAD + PLAIN + "    assert 200 == 201", "assert 200 == 201"),
]
