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
    response = await client.put("/stock/tomato", json={"quantity": 5})
    assert response.status_code == 200
    response = await client.get("/stock/tomato")
    assert response.status_code == 200
    response = await client.post("/orders", json={"crop": "tomato", "quantity": 2})
    assert response.status_code == 201
    response = await client.get(f"/orders/{response.json()['id']}")
    assert response.status_code == 200


@pytest.mark.anyio
async def test_overfitted_first_id(client):
    await client.put("/stock/basil", json={"quantity": 5})
    response = await client.post("/orders", json={"crop": "basil", "quantity": 1})
    assert response.json()["id"] < 10


@pytest.mark.anyio
async def test_overfitted_whole_address(client):
    await client.put("/stock/basil", json={"quantity": 5})
    response = await client.post("/orders", json={"crop": "basil", "quantity": 1})
    assert response.headers["location"] == f"/orders/{response.json()['id']}"


@pytest.mark.anyio
async def test_overfitted_error_text(client):
    await client.put("/stock/plum", json={"quantity": 0})
    response = await client.post("/orders", json={"crop": "plum", "quantity": 1})
    assert response.json() == {"detail": "Not enough left."}


@pytest.mark.anyio
async def test_overfitted_quiet_put(client):
    response = await client.put("/stock/pear", json={"quantity": 5})
    assert response.json() == {"quantity": 5}


@pytest.mark.anyio
async def test_overfitted_unknown_order(client):
    assert (await client.get("/orders/999999")).status_code == 404
