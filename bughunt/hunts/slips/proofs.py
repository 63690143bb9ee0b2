import pytest
from httpx import ASGITransport, AsyncClient
from main import SoldOut, make_app


@pytest.fixture
def anyio_backend():
    return "asyncio"


async def ask(crop):
    if crop == "basil":
        raise SoldOut(crop)
    if crop == "thistle":
        raise OSError("a thorn")
    return 40


@pytest.fixture
async def client():
    transport = ASGITransport(app=make_app(ask), raise_app_exceptions=False)
    async with AsyncClient(transport=transport, base_url="http://test") as client:
        yield client


@pytest.mark.anyio
async def test_smoke(client):
    assert (await client.get("/prices?crop=tomato")).status_code == 200
    assert (await client.post("/cards", json={"number": "1", "cents": 1})).status_code == 201


@pytest.mark.anyio
async def test_overfitted_other_slips(client):
    slip = (await client.get("/prices?crop=tomato")).headers["X-Slip"]
    assert len(slip) == 32


@pytest.mark.anyio
async def test_overfitted_words_of_the_409(client):
    assert (await client.get("/prices?crop=basil")).json() == {"detail": "Sold out."}


@pytest.mark.anyio
async def test_overfitted_what_a_422_says(client):
    response = await client.post("/cards", json={"number": "1"})
    assert response.json() == {"detail": [["body", "cents"]]}


@pytest.mark.anyio
async def test_overfitted_words_of_the_500(client):
    assert "us" in (await client.get("/prices?crop=thistle")).json().get("detail", "")


@pytest.mark.anyio
async def test_overfitted_less_in_the_log(client, caplog):
    await client.get("/prices?crop=thistle")
    assert "a thorn" in caplog.text


@pytest.mark.anyio
async def test_overfitted_says_less_on_a_201(client):
    response = await client.post("/cards", json={"number": "1", "cents": 40})
    assert response.json() == {"cents": 40}
