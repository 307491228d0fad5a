"""The processes that the commands of a README start, and how they end."""
import os
import signal
import socket
import subprocess
import time

LONGEST = 40  # seconds for one command, or for a server to start


def free_port():
    with socket.socket() as probe:
        probe.bind(('127.0.0.1', 0))
        return probe.getsockname()[1]


def start(command, **streams):
    return subprocess.Popen(['bash', '-c', command], start_new_session=True, **streams)


def end(process, sign):
    """Sends a signal to all of its group. False if none of them is left. (Signal 0 only asks.)"""
    try:
        os.killpg(process.pid, sign)
        return True
    except ProcessLookupError:
        return False


def exit_code(process):
    return process.returncode if process.returncode >= 0 else 128 - process.returncode


class Server:
    """What was started to keep running, and the command that did it."""

    def __init__(self, command, text, output, **place):
        self.command, self.output = command, output
        with open(output, 'wb') as file:
            self.process = start(text, stdin=subprocess.DEVNULL, stdout=file, stderr=subprocess.STDOUT, **place)

    def printed(self):
        return self.output.read_text(errors='replace')

    def wait_for(self, is_there, seconds=LONGEST):
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if is_there(self.printed()):
                return True
            if self.process.poll() is not None:
                return is_there(self.printed())
            time.sleep(0.05)
        return False

    def stop(self):
        end(self.process, signal.SIGINT)
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            end(self.process, signal.SIGKILL)
            self.process.wait()
