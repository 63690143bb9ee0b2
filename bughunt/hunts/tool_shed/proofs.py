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


@pytest.mark.anyio
async def test_smoke(client):
    assert (await client.post("/loans/broom", headers=ANN)).status_code == 201
    assert (await client.get("/overdue", headers=ANN)).status_code == 200
    assert (await client.delete("/loans/broom", headers=ANN)).status_code == 204


@pytest.mark.anyio
async def test_overfitted_text_of_401(client):
    assert (await client.get("/overdue", headers={"X-Key": "?"})).json() == {
        "detail": "Who are you?"
    }


@pytest.mark.anyio
async def test_overfitted_text_of_403(client):
    response = await client.delete("/loans/moon", headers=BEN)
    assert response.json() == {"detail": "You have not borrowed that."}


@pytest.mark.anyio
async def test_overfitted_text_of_409(client):
    for _ in range(2):
        response = await client.post("/loans/ladder", headers=ANN)
    assert response.json() == {"detail": "It is lent."}


@pytest.mark.anyio
async def test_overfitted_due_alone(client):
    response = await client.post("/loans/bucket", headers=ANN)
    assert response.json()["tool"] == "bucket"


@pytest.mark.anyio
async def test_overfitted_newest_first(client, monkeypatch):
    from datetime import date

    from main import today

    for tool in ("first", "second"):
        monkeypatch.setitem(app.dependency_overrides, today, lambda: date(2020, 5, 1))
        await client.post(f"/loans/{tool}", headers=ANN)
    monkeypatch.setitem(app.dependency_overrides, today, lambda: date(2020, 6, 1))
    listed = (await client.get("/overdue", headers=ANN)).json()
    assert listed.index("first") < listed.index("second")
