"""How the web process serves; read by gunicorn from the working directory."""

import gc
import logging.config
import os
import select
import shutil
import tempfile
from pathlib import Path
from typing import Any

from gunicorn import glogging

from esp_mail import environment, logs

wsgi_app = "esp_mail.wsgi"
# One address: the worker listens to no more.
bind = environment.text("BIND", "127.0.0.1:8000")
workers = environment.number("WEB_CONCURRENCY", 2)
# Threads, since a first play waits for the ESP. Each holds a database connection of its own.
worker_class = "esp_mail.worker.Worker" if hasattr(select, "epoll") else "gthread"  # Linux
sendfile = False  # it would go past what the worker's connections hold back
threads = environment.number("WEB_THREADS", 16)
# Longer than nginx keeps an idle connection (60 s): it must be nginx that closes it, or a request
# can meet a connection that is just being closed.
keepalive = 75
# It listens only when the program is loaded: after a restart nobody waits in line for that. And the
# workers share what the program is made of, which they would each load: 20 MB of 212 less.
preload_app = True
# A worker's heartbeat is a file; on a disk its writing may block.
worker_tmp_dir = "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108 - as gunicorn advises
control_socket_disable = True
graceful_timeout = 15  # seconds; the supervisor waits 20

# A statement that hangs, or waits for a lock that is never freed, must not keep a thread for good.
# libpq reads this; commands that are no web process, such as migrations, may take their time.
# A pool's connections are not ours to set up: there the pool does it.
if not environment.flag("DATABASE_POOLED", default=False):
    os.environ.setdefault("PGOPTIONS", "-c statement_timeout=15s -c lock_timeout=10s")


class Logger(glogging.Logger):  # type: ignore[misc]  # it has no types
    """Writes as the rest does. Not by logconfig_dict, which turns the access log on."""

    def setup(self, cfg: Any) -> None:
        super().setup(cfg)
        level = environment.log_level("LOG_LEVEL", "INFO")
        plain = environment.flag("DEBUG", default=False)
        logging.config.dictConfig(logs.configuration(level, plain=plain))


logger_class = Logger

# Where the workers keep their metrics; the supervisor has made it for delivery too.
if own_metrics := not os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = tempfile.mkdtemp(prefix="metrics-")

from prometheus_client import multiprocess  # noqa: E402 - looks for the folder as it is imported


def pre_fork(_server: object, _worker: object) -> None:
    """Keep the collector from writing to what is shared, which would copy it."""
    gc.freeze()


def child_exit(_server: Any, worker: Any) -> None:
    """Drop what was true of a worker only while it lived; what it counted stays counted."""
    multiprocess.mark_process_dead(worker.pid)  # type: ignore[no-untyped-call]


def on_exit(_server: Any) -> None:
    if own_metrics:
        shutil.rmtree(os.environ["PROMETHEUS_MULTIPROC_DIR"], ignore_errors=True)
