"""Baskets at the tomato stand: one for every customer."""

from typing import Annotated

from fastapi import FastAPI, HTTPException
from pydantic import BaseModel, Field

app = FastAPI(title="The tomato stand")

prices = {"tomato": 40, "basil": 120, "pumpkin": 350}
baskets: dict[str, dict[str, int]] = {}


class Item(BaseModel):
    crop: str
    quantity: Annotated[int, Field(ge=1)] = 1


class Basket(BaseModel):
    items: list[Item] = []
    total: int = 0


def basket_of(customer: str) -> dict[str, int]:
    return baskets.setdefault(customer, {})


@app.get("/prices")
async def read_prices() -> dict[str, int]:
    return prices


@app.get("/baskets/{customer}")
async def read_basket(customer: str) -> Basket:
    basket = basket_of(customer)
    items = [Item(crop=crop, quantity=quantity) for crop, quantity in basket.items()]
    total = sum(prices[item.crop] * item.quantity for item in items)
    return Basket(items=items, total=total)


@app.post("/baskets/{customer}/items")
async def add_item(customer: str, item: Item) -> Basket:
    if item.crop not in prices:
        raise HTTPException(status_code=404, detail="No such crop.")
    basket = basket_of(customer)
    basket[item.crop] = basket.get(item.crop, 0) + item.quantity
    return await read_basket(customer)


@app.delete("/baskets/{customer}/items/{crop}", status_code=204)
async def remove_item(customer: str, crop: str) -> None:
    basket = basket_of(customer)
    if crop not in basket:
        raise HTTPException(status_code=404, detail="Not in the basket.")
    del basket[crop]
