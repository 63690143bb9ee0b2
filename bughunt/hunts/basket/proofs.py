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
    response = await client.get("/prices")
    assert response.status_code == 200
    response = await client.get("/baskets/ann")
    assert response.status_code == 200
    response = await client.post("/baskets/ann/items", json={"crop": "tomato", "quantity": 1})
    assert response.status_code == 200
    response = await client.delete("/baskets/ann/items/tomato")
    assert response.status_code == 204


@pytest.mark.anyio
async def test_overfitted_next_weeks_prices(client):
    response = await client.post("/baskets/ben/items", json={"crop": "tomato", "quantity": 2})
    assert response.json()["total"] == 80


@pytest.mark.anyio
async def test_overfitted_item_order(client):
    await client.post("/baskets/bea/items", json={"crop": "tomato", "quantity": 1})
    response = await client.post("/baskets/bea/items", json={"crop": "basil", "quantity": 1})
    assert [item["crop"] for item in response.json()["items"]] == ["tomato", "basil"]


@pytest.mark.anyio
async def test_overfitted_error_text(client):
    response = await client.delete("/baskets/cleo/items/tomato")
    assert response.json() == {"detail": "Not in the basket."}


@pytest.mark.anyio
async def test_overfitted_unknown_text(client):
    response = await client.post("/baskets/cy/items", json={"crop": "stone", "quantity": 1})
    assert response.json() == {"detail": "No such crop."}
