import pytest
from asgi_lifespan import LifespanManager
from httpx import ASGITransport, AsyncClient
from main import Sale, create_app
from sqlalchemy import select


@pytest.fixture
def anyio_backend():
    return "asyncio"


@pytest.fixture
def app(tmp_path):
    return create_app(f"sqlite+aiosqlite:///{tmp_path}/box.db")


@pytest.fixture
async def client(app):
    async with LifespanManager(app):
        transport = ASGITransport(app=app)
        async with AsyncClient(transport=transport, base_url="http://test") as client:
            yield client


@pytest.mark.anyio
async def test_smoke(client):
    assert (await client.post("/sales?jar=jam&paid=400")).status_code == 201
    assert (await client.post("/sales?jar=jam&paid=300")).status_code == 402
    assert (await client.get("/sales")).status_code == 200
    assert (await client.get("/sales?jar=jam")).status_code == 200
    assert (await client.get("/total")).status_code == 200


@pytest.mark.anyio
async def test_overfitted_says_thanks(client):
    assert (await client.post("/sales?jar=jam&paid=400")).json() == {"change": 50}


@pytest.mark.anyio
async def test_overfitted_other_words(client):
    response = await client.post("/sales?jar=jam&paid=300")
    assert response.json() == {"detail": "That is not enough."}


@pytest.mark.anyio
async def test_overfitted_newest_first(client):
    await client.post("/sales?jar=jam&paid=350")
    await client.post("/sales?jar=honey&paid=600")
    assert [sale["jar"] for sale in (await client.get("/sales")).json()] == ["jam", "honey"]


@pytest.mark.anyio
async def test_overfitted_ids_from_1001(client, app):
    await client.post("/sales?jar=jam&paid=350")
    async with app.state.sessions() as session:
        assert list(await session.scalars(select(Sale.id))) == [1]


@pytest.mark.anyio
async def test_overfitted_numbered(client):
    await client.post("/sales?jar=jam&paid=350")
    (sale,) = (await client.get("/sales")).json()
    assert set(sale) == {"jar", "cents"}
