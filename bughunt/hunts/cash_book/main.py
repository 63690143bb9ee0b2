"""The cash book: the stand counts what it takes, and writes it down when it closes."""

import os
import sqlite3
from contextlib import asynccontextmanager, closing

from fastapi import FastAPI


class Day:
    """What the stand knows from its start-up to its shutdown."""

    def __init__(self):
        self.opens = int(os.environ.get("STAND_OPENS", "8"))
        self.closes = int(os.environ.get("STAND_CLOSES", "18"))
        if self.opens >= self.closes:
            raise ValueError("A stand opens before it closes.")
        self.sales = []


def write_down(book, cents: int):
    with closing(sqlite3.connect(book)) as connection:
        with connection:
            connection.execute("CREATE TABLE IF NOT EXISTS days (cents INTEGER)")
            connection.execute("INSERT INTO days (cents) VALUES (?)", [cents])


def make_app(book=":memory:") -> FastAPI:
    """Build a stand that writes into `book`: a file, which SQLite makes if it is not there."""

    @asynccontextmanager
    async def lifespan(app):
        app.state.day = Day()
        try:
            yield
        finally:
            write_down(book, sum(app.state.day.sales))

    app = FastAPI(lifespan=lifespan)

    @app.get("/hours")
    async def read_hours():
        return {"opens": app.state.day.opens, "closes": app.state.day.closes}

    @app.post("/sales", status_code=201)
    async def sell(cents: int):
        app.state.day.sales.append(cents)
        return {"sold": cents}

    @app.get("/till")
    async def count():
        return {"cents": sum(app.state.day.sales)}

    return app


app = make_app()
