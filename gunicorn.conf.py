"""How the web process serves; read by gunicorn from the working directory."""

import os
from pathlib import Path

wsgi_app = "esp_mail.wsgi"
bind = os.environ.get("BIND", "127.0.0.1:8000")
workers = int(os.environ.get("WEB_CONCURRENCY", "2"))
# Threads, since a first play waits for the ESP. Each holds a database connection of its own.
worker_class = "gthread"
threads = int(os.environ.get("WEB_THREADS", "16"))
# Longer than nginx keeps an idle connection (60 s): it must be nginx that closes it, or a request
# can meet a connection that is just being closed.
keepalive = 75
# A worker's heartbeat is a file; on a disk its writing may block.
worker_tmp_dir = "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108 - as gunicorn advises
control_socket_disable = True
