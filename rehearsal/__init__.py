"""A rehearsal: real processes fail under load, and no play may be lost."""
