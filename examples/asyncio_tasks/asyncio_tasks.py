"""Work that goes elsewhere: asyncio's tasks, thread pools, and contexts that are handed over by hand.

python examples/asyncio_tasks/asyncio_tasks.py
"""

import asyncio
from concurrent.futures import ThreadPoolExecutor

import lymer_sdk as lymer
from opentelemetry import context, trace


@lymer.trace
async def fetch(name: str) -> str:
    """A task keeps the span that was current where it was made."""
    await asyncio.sleep(0.001)
    return name


@lymer.trace
def compute(number: int) -> int:
    """Runs in a pool's thread."""
    return number * number


async def request() -> str:
    """One request that does everything at once."""
    tracer = trace.get_tracer("asyncio_tasks")
    with tracer.start_as_current_span("request") as span:
        await asyncio.gather(fetch("a"), fetch("b"))
        await asyncio.to_thread(compute, 2)
        loop = asyncio.get_running_loop()
        with ThreadPoolExecutor(1) as pool:
            await loop.run_in_executor(pool, lymer.wrap(compute), 3)  # a pool's thread knows nothing of the span
        handed_over = context.get_current()
    with tracer.start_as_current_span("async-child", context=handed_over) as child:  # later, and below it all the same
        child.add_event("caught up")
    return f"{span.get_span_context().trace_id:032x}"


def main() -> None:
    """Traces one request."""
    lymer.init("asyncio-tasks")
    print(f"trace {asyncio.run(request())}")
    lymer.close()


if __name__ == "__main__":
    main()
