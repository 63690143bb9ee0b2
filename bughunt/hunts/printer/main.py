"""The label printer: labels wait in a queue, and a task of the app prints them one by one."""

import asyncio
from contextlib import asynccontextmanager

from fastapi import FastAPI
from pydantic import BaseModel

WIDTH = 20  # letters on a label


class Label(BaseModel):
    crop: str
    copies: int = 1
    later: bool = False  # at the stop


class Printer:
    def __init__(self):
        self.printed = []
        self.jobs = asyncio.Queue()
        self.later = []

    async def print(self, label: Label):
        if len(label.crop) > WIDTH:
            raise ValueError(f"{label.crop} does not fit")
        for _ in range(label.copies):
            await asyncio.sleep(0)  # each copy lets the others have their turn
            self.printed.append(label.crop)

    async def work(self):
        while True:
            label = await self.jobs.get()
            try:
                await self.print(label)
            except ValueError:
                pass
            finally:
                self.jobs.task_done()


@asynccontextmanager
async def lifespan(app: FastAPI):
    printer = app.state.printer = Printer()
    worker = asyncio.create_task(printer.work())
    await asyncio.sleep(0)  # the worker is at its queue before anybody comes
    yield
    for label in printer.later:
        printer.jobs.put_nowait(label)
    async with asyncio.timeout(0.3):
        await printer.jobs.join()
    worker.cancel()
    await asyncio.wait([worker])


app = FastAPI(lifespan=lifespan)


@app.post("/labels", status_code=202)
async def accept(label: Label):
    printer = app.state.printer
    if label.later:
        printer.later.append(label)
    else:
        printer.jobs.put_nowait(label)
    return {"waiting": printer.jobs.qsize()}


@app.get("/printed")
async def printed():
    return app.state.printer.printed
