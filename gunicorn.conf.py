"""How the web process serves; read by gunicorn from the working directory."""

import os
from pathlib import Path

from esp_mail import environment

wsgi_app = "esp_mail.wsgi"
bind = environment.text("BIND", "127.0.0.1:8000")
workers = environment.number("WEB_CONCURRENCY", 2)
# It listens only when the program is loaded: nobody waits in line for that, as after a restart.
preload_app = True
# Threads, since a first play waits for the ESP. Each holds a database connection of its own.
worker_class = "esp_mail.worker.Worker"
threads = environment.number("WEB_THREADS", 16)
# Longer than nginx keeps an idle connection (60 s): it must be nginx that closes it, or a request
# can meet a connection that is just being closed.
keepalive = 75
# A worker's heartbeat is a file; on a disk its writing may block.
worker_tmp_dir = "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108 - as gunicorn advises
control_socket_disable = True
graceful_timeout = 15  # seconds; the supervisor waits 20

# A statement that hangs, or waits for a lock that is never freed, must not keep a thread for good.
# libpq reads this; commands that are no web process, such as migrations, may take their time.
# A pool's connections are not ours to set up: there the pool does it.
if not environment.flag("DATABASE_POOLED", default=False):
    os.environ.setdefault("PGOPTIONS", "-c statement_timeout=15s -c lock_timeout=10s")
