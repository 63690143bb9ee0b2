import pytest
from httpx import ASGITransport, AsyncClient
from main import Base, Entry, app, get_session
from sqlalchemy import select
from sqlalchemy.ext.asyncio import async_sessionmaker, create_async_engine


@pytest.fixture
def anyio_backend():
    return "asyncio"


@pytest.fixture
async def sessions():
    engine = create_async_engine("sqlite+aiosqlite://")
    async with engine.begin() as connection:
        await connection.run_sync(Base.metadata.create_all)
    yield async_sessionmaker(engine)
    await engine.dispose()


@pytest.fixture
async def session(sessions):
    async with sessions() as session:
        yield session


@pytest.fixture
async def client(sessions):
    async def session_of_a_request():
        async with sessions() as session:
            yield session

    app.dependency_overrides[get_session] = session_of_a_request
    async with AsyncClient(transport=ASGITransport(app=app), base_url="http://test") as client:
        yield client
    app.dependency_overrides.clear()


@pytest.mark.anyio
async def test_smoke(client):
    assert (await client.post("/tabs/Ann", json={"cents": 250})).status_code == 201
    assert (await client.get("/tabs/Ann")).status_code == 200
    assert (await client.delete("/tabs/Ann")).status_code == 204


@pytest.mark.anyio
async def test_overfitted_post_says_less(client):
    response = await client.post("/tabs/Ann", json={"cents": 250})
    assert response.json() == {"added": 250}


@pytest.mark.anyio
async def test_overfitted_get_says_less(client):
    assert (await client.get("/tabs/Ann")).json() == {"customer": "Ann", "cents": 0}


@pytest.mark.anyio
async def test_overfitted_ids_from_1001(client, session):
    await client.post("/tabs/Ann", json={"cents": 250})
    assert list(await session.scalars(select(Entry.id))) == [1]
