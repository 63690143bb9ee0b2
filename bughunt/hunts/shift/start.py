import pytest
from httpx import ASGITransport, AsyncClient
from main import make_app


@pytest.fixture
def anyio_backend():
    return "asyncio"


@pytest.fixture
def tape():
    return []


@pytest.fixture
async def client(tape):
    async def print_line(text):
        tape.append(text)

    async with client_for(make_app(print_line)) as client:
        yield client


def client_for(app):
    return AsyncClient(transport=ASGITransport(app=app), base_url="http://test")


async def sell(client, cents, name=None):
    headers = {"X-Cashier": name} if name else {}
    return await client.post(f"/sales?cents={cents}", headers=headers)


async def sales(client):
    return [(sale["cashier"], sale["cents"]) for sale in (await client.get("/sales")).json()]


@pytest.mark.anyio
async def test_without_a_name(client):
    await sell(client, 40, "Ann")
    assert (await sell(client, 120)).status_code == 401
    assert await sales(client) == [("Ann", 40)]


@pytest.mark.anyio
async def test_two_cashiers(client):
    assert (await sell(client, 40, "Ann")).status_code == 201
    assert (await sell(client, 120, "Ben")).status_code == 201
    assert await sales(client) == [("Ann", 40), ("Ben", 120)]


@pytest.mark.anyio
async def test_a_line_on_the_tape(client, tape):
    await sell(client, 40, "Ann")
    (line,) = tape
    assert "Ann" in line and "40" in line


@pytest.mark.anyio
async def test_no_paper():
    async def print_line(text):
        raise OSError("no paper")

    async with client_for(make_app(print_line)) as client:
        with pytest.raises(OSError):
            await sell(client, 40, "Ann")


@pytest.mark.anyio
async def test_average_of_nothing(client):
    response = await client.get("/average")
    assert response.status_code == 500
    assert response.json() == {"detail": "Call the manager."}
