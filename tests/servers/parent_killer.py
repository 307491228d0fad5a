"""Kills the process that has started it, and whichever adopts it then."""
import os, runpy, signal, threading, time


def kill_parents():
    while os.getppid() > 1:
        try:
            os.kill(os.getppid(), signal.SIGKILL)
        except OSError:
            return
        time.sleep(0.01)


threading.Thread(target=kill_parents, daemon=True).start()
runpy.run_path(os.path.join(os.path.dirname(__file__), "always_200.py"))
