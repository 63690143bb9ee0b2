import json
from contextlib import asynccontextmanager

import httpx
import pytest
from main import app, get_carrier, get_token


@pytest.fixture
def anyio_backend():
    return "asyncio"


@asynccontextmanager
async def stand_beside(handler):
    """Yield a client of the stand. What the stand asks the carrier, `handler` answers."""
    carrier = httpx.MockTransport(handler)
    async with httpx.AsyncClient(transport=carrier, base_url="http://carrier.test") as asks:
        app.dependency_overrides[get_carrier] = lambda: asks
        try:
            stand = httpx.ASGITransport(app=app)
            async with httpx.AsyncClient(transport=stand, base_url="http://test") as client:
                yield client
        finally:
            app.dependency_overrides.clear()


def price(request):
    return httpx.Response(200, json={"euros": "4.50"})


# Your tests.
