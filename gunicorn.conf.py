"""Settings of gunicorn, which reads this file from the working directory."""

import gc
import logging.config
import os
import shutil
import tempfile
from pathlib import Path
from typing import Any

from gunicorn import glogging

from esp_mail import environment
from serving import logs

wsgi_app = "esp_mail.wsgi"
bind = environment.text("BIND", "127.0.0.1:8000")
workers = environment.number("WEB_CONCURRENCY", 2)
# Threads, since a first play waits for the ESP. Each thread has its own database connection.
worker_class = "gthread"
threads = environment.number("WEB_THREADS", 16)
# Seconds, longer than a proxy keeps an idle connection (nginx: 0.25 s). The proxy must be the one
# that closes it, or it may send a request on a connection that gunicorn is closing.
keepalive = 75
# Load the program before listening, so that no request waits for it after a restart. The workers
# then share its memory too.
preload_app = True
# A worker's heartbeat is a file. Writing it to a disk may block, so use memory.
worker_tmp_dir = "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108 - as gunicorn advises
control_socket_disable = True
graceful_timeout = 15  # seconds, less than STOP_SECONDS of supervise.py

# A statement that hangs must not block a thread forever. libpq reads this variable. It is not set
# for commands such as migrations, which may take longer. A pool of connections has its own limits.
# PostgreSQL gives up a lock before waiting.py cuts the connection off: then nothing is counted.
if not environment.flag("DATABASE_POOLED", default=False):
    os.environ.setdefault("PGOPTIONS", "-c statement_timeout=15s -c lock_timeout=3s")


class Logger(glogging.Logger):  # type: ignore[misc]  # it has no types
    """Writes the program's log format. gunicorn's logconfig_dict would turn on its access log."""

    def setup(self, cfg: Any) -> None:
        super().setup(cfg)
        level = environment.log_level("LOG_LEVEL", "INFO")
        plain = environment.flag("DEBUG", default=False)
        logging.config.dictConfig(logs.configuration(level, plain=plain))


logger_class = Logger

# The folder of the workers' metrics. supervise.py has made one for delivery too.
if own_metrics := not os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = tempfile.mkdtemp(prefix="metrics-")

from prometheus_client import multiprocess  # noqa: E402 - reads the variable when imported


def pre_fork(_server: object, _worker: object) -> None:
    """Keep garbage collection from writing to shared memory, which would copy it."""
    gc.freeze()


def child_exit(_server: Any, worker: Any) -> None:
    """Drop the gauges of a worker that ended; its counters stay."""
    multiprocess.mark_process_dead(worker.pid)  # type: ignore[no-untyped-call]


def on_exit(_server: Any) -> None:
    if own_metrics:
        shutil.rmtree(os.environ["PROMETHEUS_MULTIPROC_DIR"], ignore_errors=True)
