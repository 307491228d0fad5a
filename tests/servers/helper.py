"""A server with a helper that leaves its session and outlives it."""
import os, runpy, time

if os.fork() == 0:
    os.setsid()
    while True:
        time.sleep(60)
runpy.run_path(os.path.join(os.path.dirname(__file__), "always_200.py"))
