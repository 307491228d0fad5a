"""Prints what is no UTF-8, and characters that XML has no way to write, and ends."""
import os

os.write(1, b"caf\xe9 \xc3\xa9 \xed\xa0\x80 \xef\xbf\xbf \xc0\xaf \xf5 \x00\x1b[2J\r\n")
