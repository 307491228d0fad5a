"""Listens, but not on the port that it is told."""
import os, runpy, sys

sys.argv[1] = "0"
runpy.run_path(os.path.join(os.path.dirname(__file__), "always_200.py"))
