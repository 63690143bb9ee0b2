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


async def order(client, amount=1):
    url = "/customers/Ann/orders"
    return await client.post(url, json={"crop": "tomato", "amount": amount})


@pytest.mark.anyio
async def test_smoke(client, sessions):
    assert (await order(client)).status_code == 201
    assert (await client.get("/totals")).status_code == 200
    async with sessions.begin() as session:
        mine = Order(customer="Ann", crop="basil", amount=1)
        session.add(mine)
    assert (await client.put(f"/orders/{mine.id}?amount=2")).status_code == 200


@pytest.mark.anyio
async def test_overfitted_ids_from_1001(client):
    assert (await order(client)).json()["id"] == 1


@pytest.mark.anyio
async def test_overfitted_says_more(client, sessions):
    response = await order(client)
    async with sessions() as session:
        id = await session.scalar(select(Order.id))
    assert response.json() == {"id": id}


@pytest.mark.anyio
async def test_overfitted_quiet_put(client):
    id = (await order(client)).json()["id"]
    assert (await client.put(f"/orders/{id}?amount=5")).json() == {"amount": 5}


@pytest.mark.anyio
async def test_overfitted_error_text(client):
    response = await client.put("/orders/7?amount=1")
    assert response.json() == {"detail": "There is no such order"}


@pytest.mark.anyio
async def test_overfitted_totals_backwards(client, sessions):
    async with sessions.begin() as session:
        for customer in ("Ann", "Ben"):
            session.add(Order(customer=customer, crop="tomato", amount=1))
    assert list((await client.get("/totals")).json()) == ["Ann", "Ben"]


@pytest.mark.anyio
async def test_overfitted_two_selects(client, engine):
    sent = []

    @event.listens_for(engine.sync_engine, "before_cursor_execute")
    def note(connection, cursor, statement, *_):
        sent.append(statement)

    await client.get("/totals")
    assert len(sent) == 1
