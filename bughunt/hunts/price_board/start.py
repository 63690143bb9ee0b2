import pytest
from fastapi.testclient import TestClient
from main import MarketClosed, make_app

PRICES = {"tomato": 40, "basil": 120}


class Market:
    def __init__(self):
        self.asked, self.closed = [], False

    async def ask(self, crop):
        self.asked.append(crop)
        if self.closed:
            raise MarketClosed
        return PRICES[crop]


@pytest.fixture
def market():
    return Market()


@pytest.fixture
def client(market):
    return TestClient(make_app(market.ask))


def price(client, crop):
    response = client.get(f"/prices/{crop}")
    assert response.status_code == 200
    return response.json()["price"]


def test_prices(client):
    for crop in ("tomato", "basil", "tomato"):
        assert price(client, crop) == PRICES[crop]


def test_closed(client, market):
    market.closed = True
    assert client.get("/prices/tomato").status_code == 503
    market.closed = False
    assert price(client, "tomato") == 40


def test_two_at_once_ask_once(client, market):
    price(client, "tomato")
    price(client, "tomato")  # this one should come while the first is still waiting
    assert market.asked == ["tomato"]


def test_basil_does_not_wait_for_tomato(client):
    price(client, "tomato")  # the market should still think about this one
    assert price(client, "basil") == 120


def test_who_goes_away_spoils_nothing(client):
    client.get("/prices/tomato")  # this one should go away before the price comes
    assert price(client, "tomato") == 40
