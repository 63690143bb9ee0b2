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


async def new_order(client):
    response = await client.post("/orders", json={"dish": "tomato soup"})
    assert response.status_code == 201
    return f"/orders/{response.json()['id']}"


@pytest.mark.anyio
async def test_smoke(client):
    order = await new_order(client)
    response = await client.post(f"{order}/ready")
    assert response.status_code == 200
    response = await client.get(f"{order}/wait?patience=0.1")
    assert response.status_code == 200


@pytest.mark.anyio
async def test_overfitted_first_id(client):
    order = await new_order(client)
    assert int(order.removeprefix("/orders/")) < 500


@pytest.mark.anyio
async def test_overfitted_waited_in_milliseconds(client):
    order = await new_order(client)
    response = await client.get(f"{order}/wait?patience=0.02")
    assert response.json()["waited"] < 2


@pytest.mark.anyio
async def test_overfitted_error_text(client):
    response = await client.get("/orders/0/wait")
    assert response.json() == {"detail": "No such order"}
