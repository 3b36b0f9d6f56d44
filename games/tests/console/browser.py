"""Chromium, for the console's pages."""

import os
import shutil

CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
# What the admin needs of a Content-Security-Policy: Alpine.js, the theme's, makes functions of the
# texts in its attributes, and styles stand in elements. No script is inline, none from elsewhere.
POLICY = (
    "default-src 'self'; img-src 'self' data:; style-src 'self' 'unsafe-inline'; "
    "script-src 'self' 'unsafe-eval'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
