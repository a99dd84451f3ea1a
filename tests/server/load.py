"""Requests for a server from one thread, on connections that stay, so that asking costs next to
nothing: where clients and server share the cores, what the ones take the other cannot give.

    replies = load.closed(port, path, 10, connections=3)   each asks again when it has its reply
    replies = load.open(port, path, 60, rate=200)          so many a second, whatever comes back

`path` makes an address of a number. Replies are (status, seconds since the request was due, seconds
since the beginning), with "broken" as the status where the connection ended first."""

import selectors
import socket
import time


class Connection:
    """Has one request at a time."""

    def __init__(self, port):
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def ask(self, path, due):
        self.due, self.came, self.whole = due, bytearray(), None
        self.socket.sendall(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())

    def read(self):
        """What is there now. The status when the reply is complete, else None."""
        try:
            part = self.socket.recv(1 << 20)
        except OSError:
            part = b""
        self.came += part
        end = self.came.find(b"\r\n\r\n")
        if self.whole is None and end >= 0:
            head = bytes(self.came[:end]).lower()
            self.status, self.stays = int(head[9:12]), b"connection: close" not in head
            length = head.partition(b"content-length:")[2].partition(b"\r\n")[0]
            self.whole = end + 4 + int(length)
        if self.whole is not None and len(self.came) >= self.whole:
            return self.status
        if part:
            return None
        self.stays = False
        return "broken"


class Client:
    def __init__(self, port):
        self.port, self.begin = port, time.monotonic()
        self.waiting, self.idle, self.replies = selectors.DefaultSelector(), [], []

    def ask(self, path, due):
        connection = self.idle.pop() if self.idle else Connection(self.port)
        connection.ask(path, due)
        self.waiting.register(connection.socket, selectors.EVENT_READ, connection)

    def take(self, seconds):
        """Waits so long for the next replies."""
        for key, _ in self.waiting.select(max(0, seconds)):
            connection = key.data
            status = connection.read()
            if status is None:
                continue
            now = time.monotonic()
            self.replies.append((status, now - connection.due, now - self.begin))
            self.waiting.unregister(connection.socket)
            if connection.stays:
                self.idle.append(connection)
            else:
                connection.socket.close()

    def under_way(self):
        return len(self.waiting.get_map())

    def close(self):
        """Waits for the rest."""
        while self.under_way():
            self.take(1)
        for connection in self.idle:
            connection.socket.close()
        return self.replies


def closed(port, path, seconds, connections):
    client, number, end = Client(port), 0, time.monotonic() + seconds
    while (now := time.monotonic()) < end:
        while client.under_way() < connections:
            client.ask(path(number), now)
            number += 1
        client.take(end - now)
    return client.close()


def open(port, path, seconds, rate):
    client = Client(port)
    for number in range(int(rate * seconds)):
        due = client.begin + number / rate
        while (now := time.monotonic()) < due:
            client.take(due - now)
        client.ask(path(number), due)
    return client.close()
