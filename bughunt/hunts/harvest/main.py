"""The harvest: what is picked is told to whoever follows, until the day ends."""

from contextlib import aclosing
from typing import Annotated

import anyio
from fastapi import FastAPI, Header
from fastapi.sse import EventSourceResponse, ServerSentEvent
from pydantic import BaseModel


class Entry(BaseModel):
    crop: str
    kilos: int


class Harvest:
    def __init__(self):
        self.entries, self.first_id = [], 1
        self.is_over, self.listeners = False, 0
        self.news = anyio.Event()

    def wake_listeners(self):
        self.news.set()
        self.news = anyio.Event()

    def add(self, entry: Entry) -> int:
        """Note an entry, and return its id."""
        self.entries.append(entry)
        self.wake_listeners()
        return self.first_id + len(self.entries) - 1

    def end(self):
        self.is_over = True
        self.wake_listeners()

    async def follow(self, last_id: int | None = None):
        """Yield (id, entry) for each entry, or for each after `last_id`, until the day ends."""
        told = 0 if last_id is None else last_id - self.first_id + 1
        self.listeners += 1
        try:
            while True:
                while told < len(self.entries):
                    yield self.first_id + told, self.entries[told]
                    told += 1
                if self.is_over:
                    break
                await self.news.wait()
        finally:
            self.listeners -= 1


def make_app(harvest: Harvest) -> FastAPI:
    app = FastAPI()

    @app.post("/entries", status_code=201)
    async def add(entry: Entry):
        return {"id": harvest.add(entry)}

    @app.get("/entries", response_class=EventSourceResponse)
    async def follow(last_event_id: Annotated[int | None, Header()] = None):
        async with aclosing(harvest.follow(last_event_id)) as entries:
            async for entry_id, entry in entries:
                yield ServerSentEvent(event="entry", id=str(entry_id), data=entry)
        yield ServerSentEvent(event="end", data={"entries": len(harvest.entries)})

    @app.post("/end", status_code=204)
    async def end():
        harvest.end()

    @app.get("/listeners")
    async def count():
        return {"count": harvest.listeners}

    return app


app = make_app(Harvest())
