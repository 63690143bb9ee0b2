"""The greenhouse: it asks the weather service, and closes its roof when in doubt."""

from typing import Annotated

import httpx
from fastapi import Depends, FastAPI

MAX_WIND = 60  # kilometres an hour


async def get_weather_client():
    async with httpx.AsyncClient(base_url="http://127.0.0.1:9", timeout=2) as client:
        yield client


WeatherClient = Annotated[httpx.AsyncClient, Depends(get_weather_client)]
app = FastAPI()


async def is_fine(weather) -> bool:
    response = await weather.get("/forecast", params={"hours": 2})
    response.raise_for_status()
    forecast = response.json()
    return not forecast["rain"] and forecast["wind"] <= MAX_WIND


@app.post("/roof")
async def set_roof(weather: WeatherClient):
    try:
        fine = await is_fine(weather)
    except Exception:
        fine = False
    return {"roof": "open" if fine else "closed"}
