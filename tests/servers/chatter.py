"""Prints without an end."""
import os, runpy, threading


def chatter():
    while True:
        os.write(1, b"chatter " * 8192)


threading.Thread(target=chatter, daemon=True).start()
runpy.run_path(os.path.join(os.path.dirname(__file__), "always_200.py"))
