"""A celery application whose tasks trace themselves; its broker is a folder."""

import os

import celery
import lymer_sdk

FOLDER = os.environ["BROKER_FOLDER"]
application = celery.Celery("t", broker="filesystem://")
application.conf.update(
    broker_transport_options={"data_folder_in": FOLDER, "data_folder_out": FOLDER, "control_folder": FOLDER},
    worker_max_tasks_per_child=1,
    task_ignore_result=True,
    worker_hijack_root_logger=False,
)
lymer_sdk.init("tasks", interval_s=30.0)
with lymer_sdk.get_tracer().span("loaded"):
    pass


@application.task
def work(number):
    with lymer_sdk.get_tracer().span(f"work {number}", pid=os.getpid()):
        pass
