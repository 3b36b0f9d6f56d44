"""A rehearsal with real processes: they fail in turn, under load, and no play may be lost."""
