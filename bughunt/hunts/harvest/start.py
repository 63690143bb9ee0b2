import json
from contextlib import aclosing

import anyio
import pytest
from httpx import ASGITransport, AsyncClient
from main import Harvest, make_app


@pytest.fixture
def anyio_backend():
    return "asyncio"


@pytest.fixture
def harvest():
    return Harvest()


@pytest.fixture
async def client(harvest):
    transport = ASGITransport(app=make_app(harvest))
    async with AsyncClient(transport=transport, base_url="http://test") as client:
        yield client


def events_of(response):
    """Read an event stream that has ended: a dict for each event."""
    events = []
    for block in response.text.split("\n\n"):
        lines = [line for line in block.splitlines() if not line.startswith(":")]
        event = dict(line.split(": ", 1) for line in lines)
        if "data" in event:
            events.append(event | {"data": json.loads(event["data"])})
    return events


# Your tests. A stream ends when the day does: client.post("/end").
