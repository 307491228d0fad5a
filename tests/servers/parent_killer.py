"""Kills the process that has started it, and whichever adopts it then, before it listens."""
import os, runpy, signal, time

for _ in range(3):
    if os.getppid() == 1:
        break
    os.kill(os.getppid(), signal.SIGKILL)
    time.sleep(0.5)
runpy.run_path(os.path.join(os.path.dirname(__file__), "always_200.py"))
