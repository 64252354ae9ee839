# s3_server.py FOLDER [NAME=VALUE]...: a small S3 for tests, stricter than S3 itself.
#
# Objects are files of FOLDER/objects/BUCKET, whose buckets are there before. It writes its port to FOLDER/port, and each request to
# FOLDER/requests. It checks signatures by its own code, from the specification of AWS Signature Version 4: the path and the query as they
# were sent must be encoded canonically, all headers x-amz-* and Host must be signed, and x-amz-content-sha256 must be the hash of the body.
#
# NAME is key, secret, token, region, page (objects in a page of a list) or condition (0: If-None-Match is not heeded).
#
# FOLDER/faults has lines of four fields, with tabs between them: a method (or LIST), an expression that the key matches, what happens, and
# how many times. What happens: a status that is answered without doing anything; "slow S": nothing for S seconds, then the request is done;
# "cut": the connection ends in the middle of the body; "drop": it is done, and the connection ends without an answer; "done S": it is done
# and S is answered; "half": half of the object is sent; "race": another one puts the object just before; "hide": the list does not show
# objects whose keys match.
import base64
import datetime
import hashlib
import hmac
import os
import re
import sys
import threading
import time
import urllib.parse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from xml.sax.saxutils import escape

folder = sys.argv[1]
settings = {"key": "AKIDTEST", "secret": "secret/of+the=test", "token": "", "region": "eu-test-1", "page": "3", "condition": "1"}
settings.update(argument.split("=", 1) for argument in sys.argv[2:])
objects = os.path.join(folder, "objects").encode()
lock = threading.RLock()
faults = {"text": "", "lines": []}
MESSAGES = {
    403: ("AccessDenied", "Access Denied"),
    409: ("ConditionalRequestConflict", "A conflicting operation is in progress"),
    412: ("PreconditionFailed", "At least one of the pre-conditions you specified did not hold"),
    500: ("InternalError", "We encountered an internal error & ask you to \u201ctry again\u201d"),
    503: ("SlowDown", "Please reduce your request rate."),
}


class Refused(Exception):
    """A request that is answered with an error: its status, code and message."""


def encoded(text):
    return urllib.parse.quote(text, safe="-._~")


def mac(key, text):
    return hmac.new(key, text.encode(), hashlib.sha256).digest()


def take_fault(method, key):
    """What is to go wrong with this request, if anything; "hide" is not taken here."""
    with lock:
        path = os.path.join(folder, "faults")
        text = open(path, encoding="utf-8").read() if os.path.exists(path) else ""
        if text != faults["text"]:
            faults["text"] = text
            faults["lines"] = [line.split("\t") for line in text.splitlines() if line.count("\t") == 3]
        for line in faults["lines"]:
            if line[0] == method and line[2] != "hide" and int(line[3]) > 0 and re.search(line[1], key):
                line[3] = str(int(line[3]) - 1)
                return line[2]
        return ""


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    answered = 0

    def log_message(self, *arguments):
        pass

    def answer(self, status, body=b"", headers=()):
        self.answered = status
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        if status != 204:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def refuse(self, status, code, message):
        body = f'<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>{code}</Code><Message>{escape(message)}</Message><RequestId>1</RequestId></Error>'
        self.answer(status, body.encode())

    def find(self):
        """The bucket and the key, by the path or by the host, and the query's names and values."""
        raw, _, query = self.path.partition("?")
        path = urllib.parse.unquote(raw)
        if urllib.parse.quote(path, safe="/-._~") != raw:
            raise Refused(400, "InvalidURI", "the path is not encoded canonically")
        host = self.headers["Host"].split(":")[0]
        if host.endswith(".localhost"):
            path = "/" + host[: -len(".localhost")] + path
        self.bucket, _, self.key = path[1:].partition("/")
        self.query = urllib.parse.parse_qsl(query, keep_blank_values=True, strict_parsing=bool(query))
        if "&".join(f"{encoded(name)}={encoded(value)}" for name, value in self.query) != query:
            raise Refused(400, "InvalidURI", "the query is not encoded canonically")

    def check_signature(self, body):
        header = self.headers.get("Authorization", "")
        match = re.fullmatch(r"AWS4-HMAC-SHA256 Credential=([^/]+)/(\d{8})/([^/]+)/s3/aws4_request, ?SignedHeaders=([a-z0-9;-]+), ?Signature=([0-9a-f]{64})", header)
        if not match:
            raise Refused(403, "AccessDenied", "there is no signature")
        key, date, region, names, signature = match.groups()
        sent = self.headers.get("X-Amz-Date", "")
        if key != settings["key"]:
            raise Refused(403, "InvalidAccessKeyId", "The AWS Access Key Id you provided does not exist in our records.")
        if region != settings["region"]:
            raise Refused(400, "AuthorizationHeaderMalformed", f"the region '{region}' is wrong; expecting '{settings['region']}'")
        if self.headers.get("X-Amz-Security-Token", "") != settings["token"]:
            raise Refused(400, "InvalidToken", "The provided token is malformed or otherwise invalid.")
        then = datetime.datetime.strptime(sent, "%Y%m%dT%H%M%SZ").replace(tzinfo=datetime.timezone.utc)
        if abs((datetime.datetime.now(datetime.timezone.utc) - then).total_seconds()) > 900 or sent[:8] != date:
            raise Refused(403, "RequestTimeTooSkewed", "The difference between the request time and the current time is too large.")
        signed = names.split(";")
        must = {"host"} | {name.lower() for name in self.headers if name.lower().startswith("x-amz-")}
        if signed != sorted(signed) or not must <= set(signed):
            raise Refused(403, "AccessDenied", f"not signed: {must - set(signed)}")
        digest = self.headers.get("X-Amz-Content-Sha256", "")
        if digest != hashlib.sha256(body).hexdigest():
            raise Refused(400, "XAmzContentSHA256Mismatch", "x-amz-content-sha256 is not the hash of the body")
        lines = [self.command, self.path.partition("?")[0]]
        lines.append("&".join(f"{n}={v}" for n, v in sorted((encoded(name), encoded(value)) for name, value in self.query)))
        lines += [f"{name}:{' '.join(self.headers[name].split())}" for name in signed]
        lines += ["", names, digest]
        scope = f"{date}/{region}/s3/aws4_request"
        text = "\n".join(["AWS4-HMAC-SHA256", sent, scope, hashlib.sha256("\n".join(lines).encode()).hexdigest()])
        secret = mac(mac(mac(mac(("AWS4" + settings["secret"]).encode(), date), region), "s3"), "aws4_request")
        if not hmac.compare_digest(hmac.new(secret, text.encode(), hashlib.sha256).hexdigest(), signature):
            raise Refused(403, "SignatureDoesNotMatch", "The request signature we calculated does not match the signature you provided.")

    def file(self, key=None):
        return os.path.join(objects, self.bucket.encode(), (self.key if key is None else key).encode())

    def put(self, body):
        condition = self.headers.get("If-None-Match")
        with lock:
            if condition not in (None, "*"):
                raise Refused(501, "NotImplemented", "A header you provided implies functionality that is not implemented")
            if condition == "*" and settings["condition"] == "1" and os.path.exists(self.file()):
                raise Refused(412, *MESSAGES[412])
            os.makedirs(os.path.dirname(self.file()), exist_ok=True)
            with open(self.file() + b".new", "wb") as file:
                file.write(body)
            os.rename(self.file() + b".new", self.file())

    def get(self, fault):
        try:
            with open(self.file(), "rb") as file:
                body = file.read()
        except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
            raise Refused(404, "NoSuchKey", "The specified key does not exist.") from None
        if fault == "half":
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body[: len(body) // 2])
            self.close_connection = True
        else:
            self.answer(200, body)

    def all_keys(self):
        root = os.path.join(objects, self.bucket.encode())
        for path, _, names in os.walk(root):
            for name in names:
                yield os.path.relpath(os.path.join(path, name), root).decode()

    def list(self):
        query = dict(self.query)
        if query.get("list-type") != "2" or not set(query) <= {"list-type", "prefix", "continuation-token", "delimiter", "encoding-type"}:
            raise Refused(501, "NotImplemented", "no such list")
        token = query.get("continuation-token")
        after = base64.b64decode(token[4:]).decode() if token else ""
        hidden = [line[1] for line in faults["lines"] if line[0] == "LIST" and line[2] == "hide"]
        keys = [key for key in self.all_keys() if key.startswith(query.get("prefix", "")) and key > after]
        keys = sorted((key for key in keys if not any(re.search(expression, key) for expression in hidden)), key=str.encode)
        page = keys[: int(settings["page"])]
        body = f'<?xml version="1.0" encoding="UTF-8"?>\n<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Name>{self.bucket}</Name>'
        body += f"<KeyCount>{len(page)}</KeyCount><IsTruncated>{str(len(page) < len(keys)).lower()}</IsTruncated>"
        if len(page) < len(keys):
            body += f"<NextContinuationToken>1/+={base64.b64encode(page[-1].encode()).decode()}</NextContinuationToken>"
        for key in page:
            status = os.stat(self.file(key))
            at = datetime.datetime.fromtimestamp(status.st_mtime, datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.000Z")
            name = "".join(escape(c, {"'": "&apos;", '"': "&quot;"}) if c < "\x7f" else f"&#x{ord(c):x};" for c in key)
            body += f"<Contents><Key>{name}</Key><LastModified>{at}</LastModified><ETag>&quot;1&quot;</ETag><Size>{status.st_size}</Size><Owner/></Contents>"
        self.answer(200, (body + "</ListBucketResult>").encode())

    def do(self, fault, body):
        if not os.path.isdir(os.path.join(objects, self.bucket.encode())):
            raise Refused(404, "NoSuchBucket", "The specified bucket does not exist")
        if self.command == "GET" and self.key == "":
            self.list()
        elif self.command == "GET":
            self.get(fault)
        elif self.command == "PUT":
            if fault == "race":
                os.makedirs(os.path.dirname(self.file()), exist_ok=True)
                with open(self.file(), "wb") as file:
                    file.write(b'{"commitInfo":{"operation":"WRITE"}}\n')
            self.put(body)
            self.done()
        elif self.command == "DELETE":
            if os.path.exists(self.file()):
                os.unlink(self.file())
            self.done()
        else:
            raise Refused(405, "MethodNotAllowed", "The specified method is not allowed against this resource.")

    def done(self):
        if self.fault == "drop":
            self.close_connection = True
        elif self.fault.startswith("done "):
            status = int(self.fault[5:])
            self.refuse(status, *MESSAGES[status])
        else:
            self.answer(204 if self.command == "DELETE" else 200)

    def serve(self):
        length = int(self.headers.get("Content-Length", "0"))
        self.fault = ""
        self.bucket = self.key = ""
        try:
            self.find()
            self.fault = take_fault("LIST" if self.command == "GET" and self.key == "" else self.command, self.key)
            body = self.rfile.read(length // 2 if self.fault == "cut" else length)
            if self.fault == "cut":
                self.close_connection = True
                return
            self.check_signature(body)
            if self.fault.startswith("slow "):
                time.sleep(float(self.fault[5:]))
            if self.fault.isdigit():
                raise Refused(int(self.fault), *MESSAGES[int(self.fault)])
            self.do(self.fault, body)
        except Refused as error:
            self.refuse(*error.args)
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True
        finally:
            with lock, open(os.path.join(folder, "requests"), "a", encoding="utf-8") as file:
                file.write(f"{self.command} {self.bucket}/{self.key} {self.answered} {self.fault}\n")
            self.answered = 0

    do_GET = do_PUT = do_DELETE = do_HEAD = do_POST = serve


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64


server = Server(("127.0.0.1", 0), Handler)
with open(os.path.join(folder, "port.new"), "w", encoding="ascii") as file:
    file.write(str(server.server_address[1]))
os.rename(os.path.join(folder, "port.new"), os.path.join(folder, "port"))
server.serve_forever()
