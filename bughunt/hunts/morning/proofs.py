import pytest
from asgi_lifespan import LifespanManager
from httpx import ASGITransport, AsyncClient
from main import make_app


@pytest.fixture
def anyio_backend():
    return "asyncio"


class Device:
    def __init__(self, name, closed=None, broken=False):
        self.name, self.closed, self.broken = name, [] if closed is None else closed, broken

    async def open(self):
        pass

    async def close(self):
        self.closed.append(self.name)
        if self.broken:
            raise OSError(self.name)


async def get_devices(app):
    async with AsyncClient(transport=ASGITransport(app=app), base_url="http://test") as client:
        return await client.get("/devices")


@pytest.mark.anyio
async def test_smoke():
    app = make_app([Device("till"), Device("scale")])
    async with LifespanManager(app):
        assert (await get_devices(app)).status_code == 200


@pytest.mark.anyio
async def test_overfitted_names_sorted():
    app = make_app([Device("till"), Device("scale")])
    async with LifespanManager(app):
        assert (await get_devices(app)).json() == ["till", "scale"]


@pytest.mark.anyio
async def test_overfitted_named_at_night():
    app = make_app([Device("till")])
    async with LifespanManager(app):
        pass
    assert (await get_devices(app)).json() == []


@pytest.mark.anyio
async def test_overfitted_first_opened_first_closed():
    closed = []
    async with LifespanManager(make_app([Device("scale", closed), Device("till", closed)])):
        pass
    assert closed == ["till", "scale"]


@pytest.mark.anyio
async def test_overfitted_last_error():
    closed = []
    devices = [Device("scale", closed, broken=True), Device("till", closed, broken=True)]
    with pytest.raises(OSError) as error:
        async with LifespanManager(make_app(devices)):
            pass
    assert str(error.value) == closed[0]
