#!/usr/bin/env python3
"""A receiver of webhooks that behaves as a file tells it to, and writes down each request as a line of JSON.

    webhook_receiver.py PORT FOLDER [CERTIFICATE KEY]

FOLDER/mode has one word: ok, busy (429), down (503), fail (500), gone (410), close, hang, redirect, long, refuse N (400 for
incident N).  FOLDER/log gets the requests; FOLDER/started says that it listens.
"""
import http.server
import json
import os
import ssl
import sys
import threading
import time

port, folder = int(sys.argv[1]), sys.argv[2]
lock = threading.Lock()


def mode():
    try:
        with open(folder + "/mode") as file:
            return file.read().strip().split()
    except OSError:
        return ["ok"]


class Receiver(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *arguments):
        pass

    def note(self, body, status):
        line = {"path": self.path, "status": status, "at": time.time(), "body": body.decode(),
                "headers": {name.lower(): value for name, value in self.headers.items()}}
        with lock, open(folder + "/log", "a") as file:
            file.write(json.dumps(line) + "\n")

    def answer(self, body, status, headers=(), content=b"{}"):
        self.note(body, status)
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def do_GET(self):
        self.answer(b"", 200)

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        word, *rest = mode()
        if word == "close":
            self.note(body, 0)
            self.close_connection = True
            self.connection.close()
        elif word == "hang":
            self.note(body, 0)
            time.sleep(30)
            self.close_connection = True
        elif word == "busy":
            self.answer(body, 429, [("Retry-After", rest[0])] if rest else [])
        elif word == "down":
            when = time.strftime("%a, %d %b %Y %H:%M:%S GMT", time.gmtime(time.time() + float(rest[0])))
            self.answer(body, 503, [("Retry-After", when)])
        elif word == "redirect":
            self.answer(body, 307, [("Location", "/stolen")])
        elif word == "long":
            self.answer(body, 200, [], b"x" * 1000000)
        elif word == "refuse":
            same = json.loads(body).get("data", {}).get("incident_id") == int(rest[0])
            self.answer(body, 400 if same else 200)
        else:
            self.answer(body, {"ok": 204, "fail": 500, "gone": 410}[word], content=b"")


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    allow_reuse_address = True

    def handle_error(self, request, address):
        pass


server = Server(("127.0.0.1", port), Receiver)
if len(sys.argv) > 3:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(sys.argv[3], sys.argv[4])
    server.socket = context.wrap_socket(server.socket, server_side=True)
open(folder + "/started", "w").close()
server.serve_forever()
