"""Takes more memory than a server may, before it listens."""
kept = []
while True:
    kept.append(bytes(range(256)) * (1 << 18))
