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


@pytest.fixture
async def order(client):
    response = await client.post("/orders", json={"crop": "tomato"}, headers=ANN)
    return response.json()


@pytest.mark.anyio
async def test_smoke(client):
    response = await client.post("/orders", json={"crop": "tomato"}, headers=ANN)
    assert response.status_code == 201
    url = f"/orders/{response.json()['number']}"
    for path in ("/orders", url, "/harvest"):
        assert (await client.get(path, headers=ANN)).status_code == 200
    assert (await client.delete(url, headers=ANN)).status_code == 204


@pytest.mark.anyio
async def test_overfitted_text_of_401(client):
    assert (await client.get("/orders")).json() == {"detail": "Who are you?"}


@pytest.mark.anyio
async def test_overfitted_text_of_403(client, order):
    response = await client.get(f"/orders/{order['number']}", headers=BEN)
    assert response.json() == {"detail": "That is not yours."}


@pytest.mark.anyio
async def test_overfitted_text_of_404(client):
    response = await client.get("/orders/99999", headers=BEN)
    assert response.json() == {"detail": "No such order."}


@pytest.mark.anyio
async def test_overfitted_first_number(order):
    assert order["number"] < 100


@pytest.mark.anyio
async def test_overfitted_newest_first(client, order):
    second = await client.post("/orders", json={"crop": "basil"}, headers=ANN)
    listed = (await client.get("/orders", headers=ANN)).json()
    assert listed.index(order) < listed.index(second.json())


@pytest.mark.anyio
async def test_overfitted_says_more(order):
    assert order == {"number": order["number"], "crop": "tomato", "customer": "ann"}


@pytest.mark.anyio
async def test_overfitted_harvest_as_a_list(client, order):
    assert (await client.get("/harvest", headers=ANN)).json()["tomato"] >= 1
