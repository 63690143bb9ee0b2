import pytest
from httpx import ASGITransport, AsyncClient
from main import Base, Crop, Shortage, make_app
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
    yield async_sessionmaker(engine, expire_on_commit=False)
    await engine.dispose()


@pytest.fixture
async def client(sessions):
    transport = ASGITransport(app=make_app(sessions))
    async with AsyncClient(transport=transport, base_url="http://test") as client:
        yield client


async def fill(sessions):
    async with sessions.begin() as session:
        session.add_all([Crop(name="tomato", stock=5), Crop(name="basil", stock=0)])
        session.add(Crop(name="leek", stock=0))


async def sell(client, *crops):
    lines = [{"crop": crop, "amount": 1} for crop in crops]
    return await client.post("/baskets", json=lines)


@pytest.mark.anyio
async def test_smoke(client, sessions):
    await fill(sessions)
    assert (await sell(client, "tomato")).status_code == 201
    assert (await sell(client, "tomato", "basil")).status_code == 409
    assert (await sell(client, "tomato", "pineapple")).status_code == 404


@pytest.mark.anyio
async def test_overfitted_error_text(client, sessions):
    await fill(sessions)
    assert (await sell(client, "basil")).json() == {"detail": "Not enough basil"}


@pytest.mark.anyio
async def test_overfitted_sold_what(client, sessions):
    await fill(sessions)
    assert (await sell(client, "tomato")).json() == {"sold": 1}


@pytest.mark.anyio
async def test_overfitted_from_the_last_line(client, sessions):
    await fill(sessions)
    await sell(client, "basil", "leek")
    async with sessions() as session:
        assert list(await session.scalars(select(Shortage.crop))) == ["basil"]


@pytest.mark.anyio
async def test_overfitted_unknown_text(client):
    assert (await sell(client, "pineapple")).json() == {"detail": "We grow no pineapple"}


@pytest.mark.anyio
async def test_overfitted_shortages_from_1001(client, sessions):
    await fill(sessions)
    await sell(client, "basil")
    async with sessions() as session:
        assert await session.get(Shortage, 1) is not None
