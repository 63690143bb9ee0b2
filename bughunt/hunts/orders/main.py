"""Orders at the tomato stand, and what is left on its shelf."""

from itertools import count
from typing import Annotated

from fastapi import FastAPI, HTTPException, Request, Response
from pydantic import BaseModel, Field

app = FastAPI(title="The tomato stand")


class Stock(BaseModel):
    quantity: Annotated[int, Field(ge=0)]


class NewOrder(BaseModel):
    crop: str
    quantity: Annotated[int, Field(ge=1)]


class Order(NewOrder):
    id: int


stock: dict[str, int] = {}
orders: dict[int, Order] = {}
ids = count(1)


async def take(crop: str, quantity: int):
    """Take from the shelf. One day, this will be a database."""
    stock[crop] = stock.get(crop, 0) - quantity


@app.get("/stock/{crop}")
async def read_stock(crop: str) -> Stock:
    return Stock(quantity=stock.get(crop, 0))


@app.put("/stock/{crop}")
async def set_stock(crop: str, new: Stock) -> Stock:
    stock[crop] = new.quantity
    return new


@app.post("/orders", status_code=201)
async def create_order(new: NewOrder, request: Request, response: Response) -> Order:
    if new.quantity > stock.get(new.crop, 0):
        raise HTTPException(status_code=409, detail="Not enough left.")
    await take(new.crop, new.quantity)
    order = Order(id=next(ids), **new.model_dump())
    orders[order.id] = order
    response.headers["Location"] = f"/orders/{order.id}"
    return order


@app.get("/orders/{id}")
async def read_order(id: int) -> Order:
    if id not in orders:
        raise HTTPException(status_code=404, detail="No such order.")
    return orders[id]
