"""A celery application over Redis, traced by the middleware; `python queue_tasks.py N` sends N tasks below one span."""

import os
import sys

import celery
import lymer_sdk

application = celery.Celery("shop", broker=os.environ["REDIS_URL"], backend=os.environ["REDIS_URL"])
application.conf.update(worker_max_tasks_per_child=2, worker_hijack_root_logger=False)
lymer_sdk.init("shop", interval_s=30.0, instrument="celery,redis")


@application.task(name="charge", bind=True, max_retries=1)
def charge(task, number):
    with lymer_sdk.get_tracer().span(f"charge {number}", pid=os.getpid()) as span:
        span.tag("tenant", lymer_sdk.baggage("tenant_id") or "")
        if number == 1 and not task.request.retries:
            raise task.retry(countdown=0)
        if number == 2:
            raise ValueError("no card")
    return number


if __name__ == "__main__":
    with lymer_sdk.get_tracer().span("order") as order:
        order.baggage["tenant_id"] = "blue"
        sent = [charge.delay(number) for number in range(int(sys.argv[1]))]
    print([one.get(timeout=40, propagate=False) for one in sent])
