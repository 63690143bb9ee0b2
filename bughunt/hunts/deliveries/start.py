import anyio
import pytest
from httpx import ASGITransport, AsyncClient
from main import make_app


@pytest.fixture
def anyio_backend():
    return "asyncio"


class Book:
    def __init__(self):
        self.rows = {}

    async def write(self, number, street):
        await anyio.sleep(0)  # as a database would, it lets others run
        self.rows[number] = street

    async def strike(self, number):
        await anyio.sleep(0)
        self.rows.pop(number, None)


@pytest.fixture
async def book():
    return Book()


async def order(app, street="Hill Road"):
    async with AsyncClient(transport=ASGITransport(app=app), base_url="http://test") as client:
        return await client.post("/deliveries", params={"street": street})


async def order_into(app, answers, street="Hill Road"):
    """A task group keeps no answers: start this, and they are in your list."""
    answers.append(await order(app, street))


# Your tests. Each makes an app with its own `async def call_driver(street)`:
# make_app(book, call_driver). Only the test of a missing driver needs patience=0.01.
