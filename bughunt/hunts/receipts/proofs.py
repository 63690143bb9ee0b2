import pytest
from httpx import ASGITransport, AsyncClient
from main import make_app


@pytest.fixture
def anyio_backend():
    return "asyncio"


class Office:
    def __init__(self, fails=False):
        self.log, self.texts, self.fails = [], [], fails

    async def send(self, mail, text):
        if self.fails:
            raise OSError("no mail today")
        self.log.append("send")
        self.texts.append(text)

    async def pack(self, number):
        self.log.append("pack")


async def post(office, amount=2):
    app = make_app({"tomato": 5}, office.send, office.pack)
    async with AsyncClient(transport=ASGITransport(app=app), base_url="http://test") as client:
        order = {"crop": "tomato", "amount": amount, "mail": "ann@example.org"}
        return await client.post("/orders", json=order)


@pytest.mark.anyio
async def test_smoke():
    assert (await post(Office())).status_code == 201


@pytest.mark.anyio
async def test_smoke_refused():
    assert (await post(Office(), amount=6)).status_code == 409


@pytest.mark.anyio
async def test_overfitted_text_of_the_mail():
    office = Office()
    await post(office)
    assert "tomato" in office.texts[0]


@pytest.mark.anyio
async def test_overfitted_packs_first():
    office = Office()
    await post(office)
    assert office.log == ["send", "pack"]


@pytest.mark.anyio
async def test_overfitted_first_number():
    assert (await post(Office())).json()["number"] == 1


@pytest.mark.anyio
async def test_overfitted_words_of_the_refusal():
    assert "left" in (await post(Office(), amount=6)).json()["detail"]


@pytest.mark.anyio
async def test_overfitted_words_in_the_log(caplog):
    await post(Office(fails=True))
    assert "receipt" in caplog.text


@pytest.mark.anyio
async def test_overfitted_more_in_the_answer():
    assert list((await post(Office())).json()) == ["number"]
