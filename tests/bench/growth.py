"""Costs that may grow: of a request with the number of clients, fields, messages and routes, and of the start."""
import os
import subprocess

from servers import HELLO

MESSAGE = '{"id":%d,"name":"Ada","email":"ada@example.org","message":"A line that a visitor wrote.","created":"2026-11-21T10:25:00Z"}\n'


def line(title, costs):
    """`costs` are texts, by the number that grows."""
    print(f"  {title:15}" + "".join(f"{count:>12,}: {cost}" for count, cost in costs.items()), flush=True)


def start_with_messages(servers, count):
    folder = f"{servers.memory}/{count} messages"
    os.makedirs(folder)
    with open(f"{folder}/messages.jsonl", "w") as file:
        file.writelines(MESSAGE % (number + 1) for number in range(count))
    servers.add_level(f"{count} messages", 4, set(), "--engine", "epoll", "--threads", "1", "--data", folder)
    return servers[-1]


def measure_all(servers, cost):
    """cost(server, path, clients=, headers=) is the processor time of a request in microseconds."""
    server = next(server for server in servers if server.name == "level 4, epoll")
    print("\ncosts that may grow, in level 4: us/request")
    line("clients", {count: f"{cost(server, HELLO, clients=count):.2f}" for count in (10, 1_000, 10_000)})
    fields = {count: [text for number in range(count) for text in ("-H", f"X-{number}: value")] for count in (1, 10, 90)}
    line("header fields", {count: f"{cost(server, HELLO, headers=each):.2f}" for count, each in fields.items()})
    full = {count: start_with_messages(servers, count) for count in (100, 10_000, 1_000_000)}
    line("messages", {count: f"{cost(each, '/messages'):.2f}" for count, each in full.items()})
    line("  its start", {count: f"{each.start_seconds:.2f} s, {each.resident_bytes() / 2**20:.0f} MiB"
                         for count, each in full.items()})
    routes = {count: subprocess.run([f"{servers.build}/bench/routes", str(count)], capture_output=True, text=True,
                                    check=True).stdout.strip() for count in (10, 100, 1_000)}
    line("routes, alone", routes)
