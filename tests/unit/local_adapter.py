# SPDX-License-Identifier: Apache-2.0
"""A played adapter: a local socket that answers by a function of the request, and keeps what was asked."""
import json
import os
import select
import socket
import struct
import threading

from commands import Place


class Adapter(Place):
    """A local socket that answers by a function of the request, and keeps what was asked."""

    def __init__(self, answer):
        super().__init__()
        self.answer, self.asked = answer, []
        self.path_ = os.path.join(self.path, "s")
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(self.path_)
        self.listener.listen(8)
        self.stop_read, self.stop_write = os.pipe()
        self.env["ALMONER_SOCKET"] = self.path_
        self.thread = threading.Thread(target=self.serve)
        self.thread.start()

    def __exit__(self, *exc):
        os.write(self.stop_write, b"x")
        self.thread.join()
        self.listener.close()
        os.close(self.stop_read)
        os.close(self.stop_write)
        super().__exit__(*exc)

    def serve(self):
        while self.stop_read not in select.select([self.listener, self.stop_read], [], [])[0]:
            with self.listener.accept()[0] as s, s.makefile("rwb") as f:
                size = f.read(4)
                if len(size) < 4:
                    continue
                request = json.loads(f.read(struct.unpack(">I", size)[0]))
                self.asked.append(request)
                reply = json.dumps(self.answer(request)).encode()
                try:
                    f.write(struct.pack(">I", len(reply)) + reply)
                    f.flush()
                except OSError:
                    pass  # it was killed while it asked
