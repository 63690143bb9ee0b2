from datetime import date

import pytest
from httpx import ASGITransport, AsyncClient
from main import app, today

SATURDAY, SUNDAY, MONDAY, TUESDAY = (date(2026, 11, day) for day in (21, 22, 23, 24))


@pytest.fixture
def anyio_backend():
    return "asyncio"


@pytest.fixture
async def client():
    transport = ASGITransport(app=app)
    async with AsyncClient(transport=transport, base_url="http://test") as client:
        yield client


# Your tests, and a fixture that says which day it is. What stamps a card has, it keeps.
