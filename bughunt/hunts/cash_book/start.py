import sqlite3
from contextlib import closing

import pytest
from asgi_lifespan import LifespanManager
from httpx import ASGITransport, AsyncClient
from main import make_app


@pytest.fixture
def anyio_backend():
    return "asyncio"


@pytest.fixture
def book(tmp_path):
    """Give each test a file of its own, which is not there yet."""
    return tmp_path / "book.db"


def client_for(app):
    return AsyncClient(transport=ASGITransport(app=app), base_url="http://test")


def days_in(book):
    """Read the book: the cents of each day."""
    with closing(sqlite3.connect(book)) as connection:
        return [cents for (cents,) in connection.execute("SELECT cents FROM days")]


# Your tests. Build an app with make_app(book), start it, and call it with client_for(app).
