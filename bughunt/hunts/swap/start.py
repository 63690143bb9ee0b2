import anyio
import pytest
from httpx import ASGITransport, AsyncClient
from main import app


@pytest.fixture
def anyio_backend():
    return "asyncio"


@pytest.fixture
async def client():
    transport = ASGITransport(app=app)
    async with AsyncClient(transport=transport, base_url="http://test") as client:
        yield client


# Your tests. What a test leaves on the table lies there for the next one.
# Two at once: in `async with anyio.create_task_group() as group:`, start the first with
# `group.start_soon(a_function, client)`, let it come to rest with
# `await anyio.wait_all_tasks_blocked()`, then send the second.
