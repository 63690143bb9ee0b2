"""Reviews of the stand's crops, in MongoDB. MONGODB_URL names the server and the database."""

import os
from contextlib import asynccontextmanager

from fastapi import FastAPI, HTTPException
from pydantic import BaseModel, Field
from pymongo import AsyncMongoClient


class Review(BaseModel):
    stars: int = Field(ge=1, le=5)


@asynccontextmanager
async def lifespan(app: FastAPI):
    async with AsyncMongoClient(os.environ["MONGODB_URL"]) as mongo:
        app.state.reviews = mongo.get_default_database("stand")["reviews"]
        yield


app = FastAPI(lifespan=lifespan)


@app.put("/reviews/{crop}/{author}", status_code=201)
async def write_review(crop: str, author: str, review: Review):
    key = {"crop": crop, "author": author}
    await app.state.reviews.update_one(key, {"$set": review.model_dump()}, upsert=True)
    return key


@app.delete("/reviews/{crop}/{author}", status_code=204)
async def take_back(crop: str, author: str):
    await app.state.reviews.delete_one({"crop": crop, "author": author})


@app.get("/reviews/{crop}")
async def read_reviews(crop: str):
    stars = [review["stars"] async for review in app.state.reviews.find({"crop": crop})]
    if not stars:
        raise HTTPException(404, "Nobody has reviewed that.")
    return {"reviews": len(stars), "average": sum(stars) / len(stars)}
