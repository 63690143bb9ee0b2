import anyio
import pytest
from httpx import ASGITransport, AsyncClient
from main import CardRefused, make_app


@pytest.fixture
def anyio_backend():
    return "asyncio"


def client_for(app):
    return AsyncClient(transport=ASGITransport(app=app), base_url="http://test")


async def buy(app, card="gold"):
    async with client_for(app) as client:
        return await client.post("/orders", params={"card": card})


async def buy_into(app, answers, card="gold"):
    """A task group keeps no answers: start this, and their status codes are in your list."""
    answers.append((await buy(app, card)).status_code)


# Your tests. Each makes an app with its own `async def pay(card)`: make_app(pay, crates=2).
