import pytest
from httpx import ASGITransport, AsyncClient
from main import Base, Order, make_app
from sqlalchemy import event, select
from sqlalchemy.ext.asyncio import async_sessionmaker, create_async_engine


@pytest.fixture
def anyio_backend():
    return "asyncio"


@pytest.fixture
async def engine():
    engine = create_async_engine("sqlite+aiosqlite://")
    async with engine.begin() as connection:
        await connection.run_sync(Base.metadata.create_all)
    yield engine
    await engine.dispose()


@pytest.fixture
def sessions(engine):
    return async_sessionmaker(engine, expire_on_commit=False)


@pytest.fixture
async def client(sessions):
    transport = ASGITransport(app=make_app(sessions))
    async with AsyncClient(transport=transport, base_url="http://test") as client:
        yield client


# Your tests. The table: Order, with customer, crop and amount.
