"""Reading files: bytes to rows, by whatever program wrote them. Runs in a process of its own.

It knows nothing of Django, addresses or plays. See `importing.reading`, which starts it.
"""
