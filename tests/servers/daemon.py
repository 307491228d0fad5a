"""Forks twice and leaves its session, so that it is no descendant of what started it."""
import os, runpy

if os.fork() > 0:
    os._exit(0)
os.setsid()
if os.fork() > 0:
    os._exit(0)
runpy.run_path(os.path.join(os.path.dirname(__file__), "always_200.py"))
