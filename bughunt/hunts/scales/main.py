"""Two scales behind the counter: start-up switches them on, and a request borrows one."""

from contextlib import asynccontextmanager, contextmanager

from fastapi import FastAPI, HTTPException, Request

PRICES = {"tomato": 40, "basil": 120}  # cents for 100 grams
running = set()  # every scale that draws current, whoever switched it on


class Scale:
    def __init__(self):
        running.add(self)

    def switch_off(self):
        running.discard(self)


@asynccontextmanager
async def lifespan(app):
    scales = [Scale(), Scale()]
    try:
        yield {"free": list(scales)}
    finally:
        for scale in scales:
            scale.switch_off()


@contextmanager
def borrowed(free: list):
    if not free:
        raise HTTPException(503, "All scales are in use.")
    scale = free.pop()
    try:
        yield scale
    finally:
        free.append(scale)


app = FastAPI(lifespan=lifespan)


@app.get("/scales")
async def count(request: Request):
    return {"free": len(request.state.free)}


@app.post("/weigh/{crop}")
async def weigh(crop: str, grams: int, request: Request):
    with borrowed(request.state.free):
        if crop not in PRICES:
            raise HTTPException(404, "No such crop.")
        return {"crop": crop, "cents": grams * PRICES[crop] // 100}
