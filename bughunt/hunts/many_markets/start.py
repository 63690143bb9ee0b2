import pytest
from httpx import ASGITransport, AsyncClient
from main import Settings, create_app


@pytest.fixture
def anyio_backend():
    return "asyncio"


def client_for(app):
    return AsyncClient(transport=ASGITransport(app=app), base_url="http://test")


async def order(app, crop, amount=1):
    """Order, and return the status of the answer."""
    async with client_for(app) as client:
        response = await client.post("/orders", params={"crop": crop, "amount": amount})
    return response.status_code


# Your tests. monkeypatch.setenv("STAND_NAME", "Tom's") sets a variable for one test.
# Then create_app() reads it; main.app was built when main was imported, too early for that.
# create_app(Settings(name="Ada's")) takes settings that do not come from the environment.
