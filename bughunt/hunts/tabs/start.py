import pytest
from httpx import ASGITransport, AsyncClient
from main import Base, Entry, app, engine, get_session, sessions
from sqlalchemy import select


@pytest.fixture
def anyio_backend():
    return "asyncio"


@pytest.fixture
async def session():
    async with engine.begin() as connection:
        await connection.run_sync(Base.metadata.create_all)
    async with sessions() as session:
        yield session


@pytest.fixture
async def client(session):
    app.dependency_overrides[get_session] = lambda: session
    async with AsyncClient(transport=ASGITransport(app=app), base_url="http://test") as client:
        yield client
    app.dependency_overrides.clear()


async def stored(session):
    columns = select(Entry.customer, Entry.cents)
    return sorted(tuple(row) for row in await session.execute(columns))


@pytest.mark.anyio
async def test_purchase_is_stored(client, session):
    response = await client.post("/tabs/Ann", json={"cents": 250})
    assert response.status_code == 201
    assert await stored(session) == [("Ann", 250)]


@pytest.mark.anyio
async def test_tab_is_the_sum(client):
    await client.post("/tabs/Ann", json={"cents": 250})
    await client.post("/tabs/Ann", json={"cents": 80})
    await client.post("/tabs/Ben", json={"cents": 500})
    assert (await client.get("/tabs/Ann")).json()["cents"] == 330


@pytest.mark.anyio
async def test_tab_is_settled(client, session):
    await client.post("/tabs/Ann", json={"cents": 250})
    assert (await client.delete("/tabs/Ann")).status_code == 204
    assert await stored(session) == []


@pytest.mark.anyio
async def test_others_still_owe(client, session):
    await client.post("/tabs/Ann", json={"cents": 250})
    await client.post("/tabs/Ben", json={"cents": 500})
    await client.delete("/tabs/Ann")
    assert ("Ben", 500) in await stored(session)
