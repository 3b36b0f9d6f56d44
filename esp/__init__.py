VERSION = "0.1.0"  # as in pyproject.toml; ESPs see it in the User-Agent
