import anyio
import pytest
from httpx import ASGITransport, AsyncClient
from main import SoldOut, make_app


@pytest.fixture
def anyio_backend():
    return "asyncio"


def client_for(app, **options):
    """A client; `raise_app_exceptions=False` is an option."""
    transport = ASGITransport(app=app, **options)
    return AsyncClient(transport=transport, base_url="http://test")


async def ask(crop):
    """One of many that you can hand to make_app."""
    if crop == "basil":
        raise SoldOut(crop)
    await anyio.sleep(0)
    return 40


# Your tests. Each makes the app that it needs: make_app(ask).
