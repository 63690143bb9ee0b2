import asyncio

import anyio
import pytest
from asgi_lifespan import LifespanManager
from httpx import ASGITransport, AsyncClient
from main import app


@pytest.fixture
def anyio_backend():
    return "asyncio"


@pytest.fixture
async def client():
    transport = ASGITransport(app=app)
    async with LifespanManager(app):
        async with AsyncClient(transport=transport, base_url="http://test") as client:
            yield client


# Your tests. anyio.wait_all_tasks_blocked() lets the app come to rest.
# asyncio.all_tasks(): the running loop's tasks, those that run the test among them.
