"""Next, please: customers draw numbers, a counter calls them, and screens show them."""

import anyio
from fastapi import FastAPI, WebSocket
from fastapi.sse import EventSourceResponse

PIN = "1234"


class Board:
    def __init__(self):
        self.number, self.screens, self.called = 0, set(), anyio.Event()

    def call(self) -> int:
        """Call the next number."""
        self.number += 1
        self.called.set()
        self.called = anyio.Event()
        return self.number

    async def follow(self):
        """Yield the number that was called last, then each that is called. It never ends."""
        screen, shown = object(), self.number - 1
        self.screens.add(screen)
        try:
            while True:
                while shown < self.number:
                    shown += 1
                    yield shown
                await self.called.wait()
        finally:
            self.screens.discard(screen)


def make_app(board: Board) -> FastAPI:
    app = FastAPI()

    @app.post("/calls", status_code=201)
    async def call():
        return {"number": board.call()}

    app.get("/calls", response_class=EventSourceResponse)(board.follow)

    @app.get("/screens")
    async def count():
        return {"count": len(board.screens)}

    @app.websocket("/counter")
    async def counter(socket: WebSocket, pin: str):
        await socket.accept()
        if pin != PIN:
            await socket.close(4003, "This is not the PIN.")
            return
        async for text in socket.iter_text():
            if text == "next":
                await socket.send_json({"number": board.call()})

    return app


app = make_app(Board())
