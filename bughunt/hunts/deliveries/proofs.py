import anyio
import pytest
from httpx import ASGITransport, AsyncClient
from main import make_app


@pytest.fixture
def anyio_backend():
    return "asyncio"


class Book:
    async def write(self, number, street):
        await anyio.sleep(0)

    async def strike(self, number):
        await anyio.sleep(0)


async def yes(street):
    await anyio.sleep(0)


async def no(street):
    await anyio.sleep_forever()


async def order(call_driver, **options):
    app = make_app(Book(), call_driver, **options)
    async with AsyncClient(transport=ASGITransport(app=app), base_url="http://test") as client:
        return await client.post("/deliveries", params={"street": "Hill Road"})


@pytest.mark.anyio
async def test_smoke():
    assert (await order(yes)).status_code == 201


@pytest.mark.anyio
async def test_smoke_no_driver():
    assert (await order(no, patience=0.01)).status_code == 504


@pytest.mark.anyio
async def test_overfitted_no_driver_text():
    assert (await order(no, patience=0.01)).json() == {"detail": "No driver"}


@pytest.mark.anyio
async def test_overfitted_first_number():
    assert (await order(yes)).json()["number"] == 1


@pytest.mark.anyio
async def test_overfitted_no_echo():
    assert (await order(yes)).json()["street"] == "Hill Road"
