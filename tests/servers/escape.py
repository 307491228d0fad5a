"""Leaves its session, and kills the process that keeps it as well as the one that keeps that."""
import os, signal, time


def parent(process):
    with open(f"/proc/{process}/stat") as file:
        return int(file.read().rpartition(")")[2].split()[1])


keeper = os.getppid()
worker = parent(keeper)
if os.fork() > 0:
    os._exit(0)
os.setsid()
os.kill(worker, signal.SIGKILL)
os.kill(keeper, signal.SIGKILL)
time.sleep(300)
