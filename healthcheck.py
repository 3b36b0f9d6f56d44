"""The health check of the web container: exit with 0 if it can count plays."""

import http.client
import sys

connection = http.client.HTTPConnection("127.0.0.1", 8000, timeout=4)
connection.request("GET", "/readyz")
sys.exit(connection.getresponse().status != http.client.OK)
