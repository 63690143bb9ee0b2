"""The auction: the last crate of the day goes to whoever bids most, over WebSockets."""

from fastapi import FastAPI, WebSocket, WebSocketDisconnect


def make_app() -> FastAPI:
    app, bidders = FastAPI(), {}
    best = {"name": None, "cents": 0}

    async def tell_all(message):
        for socket in list(bidders.values()):
            await socket.send_json(message)

    @app.websocket("/auction")
    async def auction(socket: WebSocket, name: str):
        await socket.accept()
        if name in bidders:
            await socket.close(4001, "This name is taken.")
            return
        bidders[name] = socket
        try:
            await socket.send_json({"best": best})
            while True:
                text = await socket.receive_text()
                if not text.isdecimal():
                    await socket.send_json({"error": "A bid is a number of cents."})
                elif int(text) <= best["cents"]:
                    await socket.send_json({"error": "Somebody has bid as much."})
                else:
                    best.update(name=name, cents=int(text))
                    await tell_all({"bid": best})
        except WebSocketDisconnect:
            del bidders[name]

    @app.get("/bidders")
    async def names():
        return list(bidders)

    return app


app = make_app()
