import pytest
from asgi_lifespan import LifespanManager
from httpx import ASGITransport, AsyncClient
from main import make_app


@pytest.fixture
def anyio_backend():
    return "asyncio"


class Device:
    def __init__(self, name):
        self.name, self.is_open = name, False

    async def open(self):
        self.is_open = True

    async def close(self):
        self.is_open = False


async def names_of_devices(app):
    """Ask the app, which must be started."""
    async with AsyncClient(transport=ASGITransport(app=app), base_url="http://test") as client:
        response = await client.get("/devices")
    assert response.status_code == 200
    return response.json()


# Your tests. Each makes the app that it needs: make_app([Device("till"), Device("scale")]).
