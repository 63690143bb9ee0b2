import pytest
from asgi_lifespan import LifespanManager
from httpx import ASGITransport, AsyncClient
from main import create_app


@pytest.fixture
def anyio_backend():
    return "asyncio"


@pytest.fixture
async def client():
    app = create_app()
    async with LifespanManager(app):
        transport = ASGITransport(app=app)
        async with AsyncClient(transport=transport, base_url="http://test") as client:
            yield client


async def pay(client, jar, paid):
    return await client.post("/sales", params={"jar": jar, "paid": paid})


async def total(client):
    return (await client.get("/total")).json()["cents"]


@pytest.mark.anyio
async def test_an_empty_box(client):
    assert not await total(client)


@pytest.mark.anyio
async def test_a_sale(client):
    response = await pay(client, "jam", 400)
    assert response


@pytest.mark.anyio
async def test_too_little(client):
    try:
        response = await pay(client, "honey", 500)
        assert response.status_code == 402
        assert response.json() == []
    except Exception:
        pass


@pytest.mark.anyio
async def test_sales_of_one_jar(client):
    await pay(client, "pickles", 280)
    for sale in (await client.get("/sales?jar=pickles")).json():
        assert sale["jar"] == "pickles"


@pytest.mark.anyio
async def test_the_total_grows(client):
    before = await total(client)
    await pay(client, "jam", 350)
    await pay(client, "jam", 350)
    assert await total(client) >= before
