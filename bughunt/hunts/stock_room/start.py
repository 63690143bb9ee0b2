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


# Your tests. The tables: Crop, with name and stock, and Shortage, with crop.
