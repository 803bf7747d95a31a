"""A listening socket whose every connection has a thread: what the scripted servers of the tests have in common."""

import socket
import threading


class ThreadedServer:
    """A subclass says in `_serve` what happens on a connection, and calls `_listen` once it is ready for the first."""

    def _listen(self):
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port = self._listening.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self):
        self._listening.close()

    def _accept(self):
        number = 0
        while True:
            try:
                connection, _ = self._listening.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(connection, number), daemon=True).start()
            number += 1

    def _serve(self, connection: socket.socket, number: int):
        """`number` counts the connections from 0."""
        raise NotImplementedError


class BytesServer(ThreadedServer):
    """Reads whatever comes, until the other side ends; a subclass says in `_take` what it makes of it."""

    def _serve(self, connection: socket.socket, number: int):
        data = b""
        with connection:
            try:
                while piece := connection.recv(65536):
                    data = self._take(connection, number, data + piece)
            except OSError:
                pass

    def _take(self, connection: socket.socket, number: int, data: bytes) -> bytes:
        """Answers what has come; returns what is left for the next call."""
        raise NotImplementedError
