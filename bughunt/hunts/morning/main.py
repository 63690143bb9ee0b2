"""The stand in the morning: it opens its devices one after the other, and closes them at night."""

from contextlib import asynccontextmanager

from fastapi import FastAPI


def make_app(devices=()) -> FastAPI:
    """Build a stand. Each device has a `name`, an `async open()` and an `async close()`."""
    opened = []

    async def open_all():
        for device in devices:
            await device.open()
            opened.append(device)

    async def close_all():
        errors = []
        while opened:
            device = opened.pop()
            try:
                await device.close()
            except Exception as error:
                errors.append(error)
        if errors:
            raise errors[0]

    @asynccontextmanager
    async def lifespan(app):
        try:
            await open_all()
            yield
        finally:
            await close_all()

    app = FastAPI(lifespan=lifespan)

    @app.get("/devices")
    async def list_devices():
        return [device.name for device in opened]

    return app


app = make_app()
