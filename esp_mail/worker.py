"""gunicorn's worker, as this project runs it."""

from select import select

from gunicorn.workers.gthread import ThreadWorker


class Worker(ThreadWorker):
    """Stops without leaving behind a connection that it could have taken.

    gunicorn's own keeps its listening socket open, and takes nothing from it, until its last
    request is done. Who connects meanwhile waits, has sent his request, and is cut off in the end.
    """

    def set_accept_enabled(self, enabled: bool) -> None:  # noqa: FBT001 - gunicorn's signature
        super().set_accept_enabled(enabled)
        if self.alive:
            return
        for listener in self.sockets:
            while select([listener], [], [], 0)[0]:
                self.accept(listener)
            listener.close()
