"""A receiver of webhooks on loopback, which keeps each delivery as it came."""

import threading
import time
from http.server import BaseHTTPRequestHandler, HTTPServer


class Inbox:
    def __init__(self):
        self.deliveries, got = [], threading.Condition()
        self._got = got

        class Receive(BaseHTTPRequestHandler):
            def do_POST(handler):
                body = handler.rfile.read(int(handler.headers["content-length"]))
                with got:
                    self.deliveries.append((body, dict(handler.headers)))
                    got.notify_all()
                handler.send_response(200)
                handler.send_header("content-length", "0")
                handler.end_headers()

            def log_message(handler, *_):
                pass

        server = HTTPServer(("127.0.0.1", 0), Receive)
        self.url = f"http://127.0.0.1:{server.server_port}/hook"
        threading.Thread(target=server.serve_forever, daemon=True).start()

    def wait(self, count):
        """Waits for so many more deliveries, and takes them."""
        deadline = time.monotonic() + 20
        with self._got:
            while len(self.deliveries) < count:
                if not self._got.wait(deadline - time.monotonic()):
                    raise AssertionError(f"{len(self.deliveries)} of {count} deliveries came")
            taken, self.deliveries[:] = self.deliveries[:count], self.deliveries[count:]
            return taken
