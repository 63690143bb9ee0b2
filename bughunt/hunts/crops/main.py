"""What the tomato stand sells, and for how much."""

from typing import Annotated

from fastapi import FastAPI, HTTPException, Query
from pydantic import BaseModel

app = FastAPI(title="The tomato stand")


class Crop(BaseModel):
    """A crop as a customer sees it: the price in cents."""

    name: str
    price: int


class StockedCrop(Crop):
    """A crop as the stand keeps it: `cost` is what the stand itself paid."""

    cost: int


crops = {
    "tomato": StockedCrop(name="tomato", price=40, cost=15),
    "basil": StockedCrop(name="basil", price=120, cost=80),
    "pumpkin": StockedCrop(name="pumpkin", price=350, cost=200),
}


@app.get("/crops", response_model=list[Crop])
async def list_crops(max_price: Annotated[int | None, Query(ge=0)] = None):
    found = list(crops.values())
    if max_price is not None:
        found = [crop for crop in found if crop.price <= max_price]
    return found


@app.get("/crops/{name}", response_model=Crop)
async def read_crop(name: str):
    crop = crops.get(name.lower())
    if crop is None:
        raise HTTPException(status_code=404, detail="No such crop.")
    return crop
