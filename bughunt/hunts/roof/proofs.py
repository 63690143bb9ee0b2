import httpx
import pytest
from main import app, get_weather_client


@pytest.fixture
def anyio_backend():
    return "asyncio"


async def ask(handler):
    weather = httpx.MockTransport(handler)
    async with httpx.AsyncClient(transport=weather, base_url="http://weather.test") as asks:
        app.dependency_overrides[get_weather_client] = lambda: asks
        greenhouse = httpx.ASGITransport(app=app)
        async with httpx.AsyncClient(transport=greenhouse, base_url="http://test") as client:
            response = await client.post("/roof")
    app.dependency_overrides.clear()
    return response


def dry(request):
    return httpx.Response(200, json={"rain": False, "wind": 10})


@pytest.mark.anyio
async def test_smoke():
    assert (await ask(dry)).status_code == 200


@pytest.mark.anyio
async def test_overfitted_wind_in_the_answer():
    assert (await ask(dry)).json() == {"roof": "open"}


@pytest.mark.anyio
async def test_overfitted_more_headers():
    sent = []

    def handler(request):
        sent.append(request)
        return dry(request)

    await ask(handler)
    assert sent[0].headers["User-Agent"].startswith("python-httpx")
