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


@pytest.fixture
async def address(client):
    response = await client.post("/reservations", json={"name": "Ann", "crates": 2})
    return f"/reservations/{response.json()['number']}"


@pytest.mark.anyio
async def test_smoke_reserve(client):
    response = await client.post("/reservations", json={"name": "Ann", "crates": 2})
    assert response.status_code == 201


@pytest.mark.anyio
async def test_smoke_change(client, address):
    response = await client.put(address, json={"name": "Ben", "crates": 3})
    assert response.status_code == 200


@pytest.mark.anyio
async def test_smoke_cancel(client, address):
    response = await client.delete(address)
    assert response.status_code == 204


@pytest.mark.anyio
async def test_overfitted_first_number(client, address):
    assert int(address.split("/")[-1]) < 1000


@pytest.mark.anyio
async def test_overfitted_error_text(client):
    response = await client.get("/reservations/9999")
    assert response.json() == {"detail": "no reservation 9999"}
