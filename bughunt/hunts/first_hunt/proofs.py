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
async def test_smoke(client):
    response = await client.get("/crops/tomato")
    assert response.status_code == 200


@pytest.mark.anyio
async def test_overfitted_error_text(client):
    response = await client.get("/crops/plastic")
    assert response.json() == {"detail": "we do not grow plastic"}


@pytest.mark.anyio
async def test_overfitted_field_order(client):
    response = await client.get("/crops/tomato")
    assert response.text == '{"name":"tomato","price":250}'
