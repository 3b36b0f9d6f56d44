"""honcho, as this project runs it: the processes of a Procfile, which live and end together."""

import sys

import honcho.manager
from honcho.command import main

# Seconds from the first signal until what still runs is killed: longer than delivery takes for the
# contact that it holds; honcho's own 5 are not.
honcho.manager.KILL_WAIT = 20

# Not ./.env, which honcho would read by itself: it is the containers', and names the real ESP.
sys.argv[1:1] = ["--env", "/dev/null"]
main()
