import anyio
import pytest
from httpx import ASGITransport, AsyncClient
from main import app


@pytest.fixture
async def client():
    async with AsyncClient(transport=ASGITransport(app=app), base_url="http://test") as client:
        yield client


async def place(client) -> int:
    """Place an order and return its number."""
    return (await client.post("/orders")).json()["number"]


# Your tests: at least one `async def test_...(client)` for each promise, marked for AnyIO.
# Some need two requests under way at once: `anyio.create_task_group()`, and inside it
# `await anyio.wait_all_tasks_blocked()`, which lets what you started go as far as it can.
