"""Serves its page only if it was started with the default actions of signals. (Python ignores SIGPIPE itself.)"""
import os, runpy, signal, sys

if any(signal.getsignal(number) == signal.SIG_IGN for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)):
    sys.exit("A signal is ignored.")
runpy.run_path(os.path.join(os.path.dirname(__file__), "always_200.py"))
