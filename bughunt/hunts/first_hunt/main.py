"""The smallest tomato stand: it says what a crop costs."""

from fastapi import FastAPI, HTTPException

app = FastAPI(title="The smallest stand")

prices = {"tomato": 250, "basil": 180}  # in cents


@app.get("/crops/{name}")
async def read_crop(name: str):
    if name not in prices:
        raise HTTPException(status_code=404, detail=f"we do not grow {name}")
    return {"name": name, "price": prices[name]}
