import httpx
import pytest
from main import app


@pytest.fixture
def anyio_backend():
    return "asyncio"


@pytest.fixture
async def roof(monkeypatch):
    """Return a function that asks for the roof, in the weather that `handler` makes."""

    async def roof(handler):
        weather = httpx.MockTransport(handler)
        async with httpx.AsyncClient(transport=weather, base_url="http://weather.test") as asks:
            monkeypatch.setattr("main.get_weather_client", lambda: asks)
            greenhouse = httpx.ASGITransport(app=app)
            async with httpx.AsyncClient(transport=greenhouse, base_url="http://test") as client:
                response = await client.post("/roof")
        assert response.status_code == 200
        return response.json()["roof"]

    return roof


@pytest.mark.anyio
async def test_rain(roof):
    def handler(request):
        return httpx.Response(200, json={"rain": True, "wind": 10})

    assert await roof(handler) == "closed"


@pytest.mark.anyio
async def test_dry(roof):
    def handler(request):
        return httpx.Response(200, json={"rain": False, "wind": 10})

    assert await roof(handler) == "open"


@pytest.mark.anyio
async def test_the_next_two_hours(roof):
    def handler(request):
        assert dict(request.url.params) == {"hours": "2"}
        return httpx.Response(200, json={"rain": True, "wind": 10})

    assert await roof(handler) == "closed"


@pytest.mark.anyio
async def test_bad_day(roof):
    def handler(request):
        return httpx.Response(500)

    assert await roof(handler) == "closed"
