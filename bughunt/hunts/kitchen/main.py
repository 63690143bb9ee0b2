"""The stand's kitchen: what it cooks, in English and in German."""

from typing import Annotated

from fastapi import FastAPI, Header, HTTPException, Response, responses

app = FastAPI(title="The kitchen")

dishes = {
    "soup": {"en": "tomato soup", "de": "Tomatensuppe", "vegan": True},
    "toast": {"en": "cheese toast", "de": "Käsetoast", "vegan": False},
    "salad": {"en": "tomato salad", "de": "Tomatensalat", "vegan": True},
}


@app.get("/menu")
async def read_menu(response: Response, vegan: bool = False):
    response.headers["Cache-Control"] = "max-age=60"
    keys = [key for key, dish in dishes.items() if dish["vegan"] or not vegan]
    return keys


@app.get("/menu/{key}")
async def read_dish(key: str, accept_language: Annotated[str, Header()] = "en"):
    if key not in dishes:
        raise HTTPException(status_code=404, detail="not on the menu")
    language = "de" if accept_language.startswith("de") else "en"
    return {"key": key, "name": dishes[key][language]}


@app.get("/card")
async def old_address():
    return responses.RedirectResponse("/menu", status_code=308)
