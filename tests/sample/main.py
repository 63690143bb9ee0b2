"""A stand that sells crops: the hunt that bughunt's own tests judge."""

from fastapi import FastAPI, HTTPException

app = FastAPI()
stock = {"tomato": 3, "leek": 5}


@app.get("/crops")
async def crops():
    return list(stock)


@app.get("/crops/{name}")
async def crop(name: str):
    if name not in stock:
        raise HTTPException(404, "No such crop")
    return {"name": name, "left": stock[name]}


@app.post("/orders/{name}", status_code=201)
async def order(name: str, amount: int):
    if amount > stock[name]:
        raise HTTPException(409, "Not enough")
    stock[name] -= amount
    return {"crop": name, "amount": amount}
