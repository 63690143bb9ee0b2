"""One stand, many markets: what differs between them comes from the environment."""

import os
from dataclasses import dataclass
from typing import Annotated

from fastapi import FastAPI, Header, HTTPException

OFF = ("0", "false", "no", "off")


@dataclass(frozen=True)
class Settings:
    name: str = "The tomato stand"
    selling: bool = True
    crops: tuple[str, ...] = ("tomato", "basil")
    most: int = 10
    key: str = ""


def from_environment() -> Settings:
    """Read the settings; a variable that is not set leaves the setting as it is."""
    given = os.environ
    most = int(given.get("STAND_MOST", Settings.most))
    if most < 1:
        raise ValueError("STAND_MOST is less than 1.")
    crops = given.get("STAND_CROPS", ",".join(Settings.crops)).split(",")
    return Settings(
        name=given.get("STAND_NAME") or Settings.name,
        selling=given.get("STAND_SELLING", "").lower() not in OFF,
        crops=tuple(crop.strip() for crop in crops),
        most=most,
        key=given.get("STAND_KEY", Settings.key),
    )


def create_app(settings: Settings | None = None) -> FastAPI:
    """Build a stand with these settings, or else with those of the environment."""
    settings = settings or from_environment()
    app = FastAPI()

    @app.get("/")
    async def root():
        return {"name": settings.name}

    @app.get("/settings")
    async def show(x_key: Annotated[str, Header()] = ""):
        if not settings.key or x_key != settings.key:
            raise HTTPException(401, "That is not the key.")
        return {"selling": settings.selling, "crops": settings.crops, "most": settings.most}

    @app.post("/orders", status_code=201)
    async def order(crop: str, amount: int = 1):
        if not settings.selling:
            raise HTTPException(503, "No sales today.")
        if crop not in settings.crops:
            raise HTTPException(404, "We do not sell that.")
        if amount > settings.most:
            raise HTTPException(422, f"{settings.most} at most.")
        return {"crop": crop, "amount": amount}

    return app


app = create_app()
