"""Exit 0 if the web process of this container answers; run by its health check."""

import http.client
import os
import sys

host = os.environ["ALLOWED_HOSTS"].split(",")[0].strip().lstrip(".").replace("*", "localhost")
connection = http.client.HTTPConnection("127.0.0.1", 8000, timeout=4)
connection.request("GET", "/healthz", headers={"Host": host})
sys.exit(connection.getresponse().status != http.client.OK)
