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


@pytest.mark.anyio
async def test_tomato(client):
    response = await client.get("/crops/tomato")


@pytest.mark.anyio
async def test_plastic(client):
    response = await client.get("/crops/plastic")
