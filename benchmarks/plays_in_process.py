"""Sends plays through the WSGI application of the project in the working directory.

benchmarks.returning starts it. Each line of the input is a number of plays; the output is the
seconds of CPU that they took in this process.
"""

import io
import json
import sys
import time
from typing import Any

from esp_mail.wsgi import application


def environ(body: bytes) -> dict[str, Any]:
    """Return a browser's request, as gunicorn hands over what nginx passes on."""
    return {
        "REQUEST_METHOD": "POST", "SCRIPT_NAME": "", "PATH_INFO": "/api/verification_mail/",
        "QUERY_STRING": "", "SERVER_NAME": "127.0.0.1", "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1", "wsgi.version": (1, 0), "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(body), "wsgi.errors": sys.stderr, "wsgi.multithread": True,
        "wsgi.multiprocess": True, "wsgi.run_once": False,
        "CONTENT_TYPE": "application/json", "CONTENT_LENGTH": str(len(body)),
        "HTTP_HOST": "127.0.0.1", "HTTP_X_FORWARDED_FOR": "203.0.113.7",
        "HTTP_X_FORWARDED_PROTO": "https", "HTTP_USER_AGENT": "Mozilla/5.0", "HTTP_ACCEPT": "*/*",
        "HTTP_ACCEPT_LANGUAGE": "ru,en;q=0.8", "HTTP_ORIGIN": "https://127.0.0.1",
    }  # fmt: skip


def play(body: bytes) -> None:
    statuses: list[str] = []
    response = application(environ(body), lambda status, _headers: statuses.append(status))
    answer = b"".join(response)
    response.close()  # type: ignore[attr-defined]  # Django's response
    if statuses != ["200 OK"] or b'"games_status":true' not in answer:
        raise RuntimeError(f"{statuses}: {answer!r}")


def main() -> None:
    extras, players = json.loads(sys.argv[1]), int(sys.argv[2])
    bodies = [
        json.dumps({"email": f"player{n}@example.com", **extras}).encode() for n in range(players)
    ]
    for line in sys.stdin:
        begin = time.process_time()
        for n in range(int(line)):
            play(bodies[n % players])
        print(time.process_time() - begin, flush=True)


if __name__ == "__main__":
    main()
