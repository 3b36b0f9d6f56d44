"""Jobs of the delivery process that need no ESP: imports, and the totals of days."""

from collections import Counter

from django.db import connection

from games.delivery import IDLE_SECONDS, Delivery


class OwnJobs(Delivery):
    """Runs jobs that need no ESP, beside the delivery of contacts, which they must not wait for."""

    def run(self) -> None:
        """Run in a thread until told to stop. An error stops delivery too, and so the process.

        Without the thread the process would look alive, and imports would wait for ever.
        """
        try:
            super().run()
        finally:
            self.stopping.set()
            connection.close()  # that of this thread

    def deliver_batch(self) -> Counter[str]:
        return sum((job.run_batch(self.stopping) for job in self.jobs), Counter())

    def idle_seconds(self) -> float:
        return IDLE_SECONDS / 2
