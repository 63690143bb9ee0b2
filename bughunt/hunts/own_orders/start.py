import pytest
from httpx import ASGITransport, AsyncClient
from main import app

ANN = {"X-Key": "key-of-ann"}
BEN = {"X-Key": "key-of-ben"}


@pytest.fixture
def anyio_backend():
    return "asyncio"


@pytest.fixture
async def client():
    transport = ASGITransport(app=app)
    async with AsyncClient(transport=transport, base_url="http://test") as client:
        yield client


# Your tests, and a factory fixture that places orders, if you like.
