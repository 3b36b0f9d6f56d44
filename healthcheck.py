"""Exit 0 if the web process of this container can count plays; run by its health check."""

import http.client
import sys

connection = http.client.HTTPConnection("127.0.0.1", 8000, timeout=4)
connection.request("GET", "/readyz")
sys.exit(connection.getresponse().status != http.client.OK)
