"""Receipts: an order is answered at once; its receipt and the packing come after that."""

import logging

from fastapi import BackgroundTasks, FastAPI
from fastapi.responses import JSONResponse
from pydantic import BaseModel

log = logging.getLogger("stand")


class Order(BaseModel):
    crop: str
    amount: int
    mail: str


def make_app(stock: dict[str, int], send, pack) -> FastAPI:
    """Build the app.

    `await send(mail, text)` sends a mail. `await pack(number)` packs the order of that number.
    """
    app = FastAPI()
    orders = []

    async def send_receipt(number: int, order: Order):
        text = f"Order {number}: {order.amount} {order.crop}"
        try:
            await send(order.mail, text)
        except Exception:
            log.exception("The receipt for order %s was not sent.", number)

    @app.post("/orders", status_code=201)
    async def place(order: Order, background: BackgroundTasks):
        if stock.get(order.crop, 0) < order.amount:
            return JSONResponse({"detail": "Not enough left."}, 409)
        stock[order.crop] -= order.amount
        orders.append(order)
        number = len(orders)
        background.add_task(send_receipt, number, order)
        background.add_task(pack, number)
        return {"number": number}

    return app


async def send(mail: str, text: str):
    print(mail, text)


async def pack(number: int):
    print("to be packed:", number)


app = make_app({"tomato": 20, "basil": 5}, send, pack)
