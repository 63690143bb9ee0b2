from datetime import datetime

import httpx
import pytest
from asgi_lifespan import LifespanManager
from httpx import ASGITransport, AsyncClient
from main import INVITATION, Crop, Order, Pass, app, get_bank, new_session


@pytest.fixture
def anyio_backend():
    return "asyncio"


@pytest.fixture
def sent():
    return []


@pytest.fixture
async def client(sent):
    def answer(request):
        sent.append(request)
        return httpx.Response(201)

    bank = AsyncClient(transport=httpx.MockTransport(answer), base_url="http://bank")
    app.dependency_overrides[get_bank] = lambda: bank
    transport = ASGITransport(app=app, raise_app_exceptions=False)
    async with LifespanManager(app):
        for name in ("Gil", "Ann"):
            app.state.passes[name] = Pass(name, is_grower=name == "Gil", given=datetime.now())
        async with new_session.begin() as session:
            session.add(Crop(name="tomato", grower="Gil", cents=40, stock=5))
        async with AsyncClient(transport=transport, base_url="http://test") as client:
            yield client
    app.dependency_overrides.clear()


GIL, ANN = ({"Authorization": f"Bearer {name}"} for name in ("Gil", "Ann"))


async def buy(client):
    return await client.post("/orders", json={"crop": "tomato", "amount": 1}, headers=ANN)


@pytest.mark.anyio
async def test_smoke(client):
    for more in ({}, {"invitation": INVITATION}):
        answer = await client.post("/passes", json={"name": f"Eve{more}", **more})
        assert answer.status_code == 201
    leek = {"name": "leek", "cents": 1, "stock": 1}
    assert (await client.post("/crops", json=leek, headers=GIL)).status_code == 201
    assert (await client.get("/crops")).status_code == 200
    answer = await client.patch("/crops/tomato", json={"cents": 50}, headers=GIL)
    assert answer.status_code == 200
    order = await buy(client)
    assert order.status_code == 201
    url = f"/orders/{order.json()['id']}"
    assert (await client.get(url, headers=ANN)).status_code == 200
    assert (await client.delete(url, headers=ANN)).status_code == 204
    news = await client.get("/news?limit=1", headers={"Last-Event-ID": "0"})
    assert news.status_code == 200


@pytest.mark.anyio
async def test_overfitted_other_words(client):
    answer = await client.post("/passes", json={"name": "Ann"})
    assert answer.json()["detail"] == "That name is taken"


@pytest.mark.anyio
async def test_overfitted_hex_tokens(client):
    answer = await client.post("/passes", json={"name": "Eve"})
    assert len(answer.json()["token"]) == 43


@pytest.mark.anyio
async def test_overfitted_ids_from_1001(client):
    assert (await buy(client)).json()["id"] == 1


@pytest.mark.anyio
async def test_overfitted_orders_say_more(client):
    answer = await buy(client)
    async with new_session() as session:
        (order,) = (await session.scalars(Order.__table__.select())).all()
    assert answer.json() == {"id": order, "crop": "tomato", "amount": 1, "cents": 40}


@pytest.mark.anyio
async def test_overfitted_quiet_offer(client):
    leek = {"name": "leek", "cents": 1, "stock": 1}
    assert (await client.post("/crops", json=leek, headers=GIL)).json() == leek


@pytest.mark.anyio
async def test_overfitted_quiet_patch(client):
    answer = await client.patch("/crops/tomato", json={"cents": 50}, headers=GIL)
    assert answer.json()["cents"] == 50


@pytest.mark.anyio
async def test_overfitted_items_say_more(client):
    tomato = {"name": "tomato", "cents": 40, "stock": 5}
    assert (await client.get("/crops")).json()["items"] == [tomato]


@pytest.mark.anyio
async def test_overfitted_events_from_101(client):
    await client.patch("/crops/tomato", json={"cents": 50}, headers=GIL)
    news = await client.get("/news?limit=1", headers={"Last-Event-ID": "0"})
    assert "id: 1\n" in news.text


@pytest.mark.anyio
async def test_overfitted_tells_the_bank_more(client, sent):
    await buy(client)
    body = httpx.Response(200, content=sent[0].content).json()
    assert body == {"customer": "Ann", "cents": 40}


@pytest.mark.anyio
async def test_overfitted_events_say_more(client):
    await client.patch("/crops/tomato", json={"cents": 50}, headers=GIL)
    news = await client.get("/news?limit=1", headers={"Last-Event-ID": "0"})
    assert 'data: {"crop": "tomato", "cents": 50}\n' in news.text
