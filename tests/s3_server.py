"""`FakeS3` on a port of this machine, for programs that bring their own client."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from botocore.awsrequest import AWSPreparedRequest
from botocore.compat import HTTPHeaders
from fakes_s3 import FakeS3
from s3_wire import Wire
from typing_extensions import override


@contextmanager
def serve(world: FakeS3) -> Iterator[str]:
    """The address of a server that answers out of *world* while in the context."""
    wire = Wire(world)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True  # or every reply waits for the head's receipt

        def answer(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            request = AWSPreparedRequest(
                method=self.command,
                url=self.path,
                headers=HTTPHeaders.from_dict(dict(self.headers.items())),
                body=self.rfile.read(length),
                stream_output=False,
            )
            reply = wire.answer(request)
            self.send_response_only(reply.status_code)
            headers = {"Content-Length": str(len(reply.content)), **reply.headers}
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(reply.content)

        do_GET = do_HEAD = do_PUT = do_DELETE = answer  # noqa: N815 - http.server's

        @override
        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
