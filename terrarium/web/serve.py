"""The site on this machine only, or in its network: files for browsers, and nothing else.

A page of another site can make a browser send requests to this machine, also under a name that
suddenly leads here (DNS rebinding). So an answer is given to our own names only, of files that lie
in the site itself, and tells the browser not to take them for anything else.
"""

import contextlib
import errno
import hashlib
import ipaddress
import os
import re
import socket
import socketserver
import stat
import sys
import threading
from functools import partial
from http import HTTPStatus
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote

from terrarium.errors import BadInput

HERE, EVERYWHERE = "127.0.0.1", "0.0.0.0"  # for this machine only, and at all of its addresses
TRIES = 20  # ports, if the first one is taken

SENTENCES = {
    HTTPStatus.BAD_REQUEST: "This is no request that a browser sends.",
    HTTPStatus.NOT_FOUND: "There is no such file in this site. Folders are not listed.",
    HTTPStatus.METHOD_NOT_ALLOWED: "This site can only be read (GET).",
    HTTPStatus.MISDIRECTED_REQUEST: "This server answers only to its own address, which "
    "export_for_web.py has printed.",
}


class Handler(SimpleHTTPRequestHandler):
    """Files as a browser wants them: types that do not depend on the machine, nothing outdated."""

    timeout = 30  # seconds without a byte from the browser, or without one that it takes
    request_seconds = 60  # for a whole request, however its bytes trickle in
    server_version, sys_version = "Terrarium", ""
    extensions_map = {
        ".html": "text/html",
        ".css": "text/css",
        ".js": "text/javascript",
        ".mjs": "text/javascript",
        ".py": "text/plain",
        ".txt": "text/plain",
        ".json": "application/json",
        ".wasm": "application/wasm",
        ".svg": "image/svg+xml",
        ".png": "image/png",
        ".ico": "image/x-icon",
        ".woff2": "font/woff2",
    }

    def guess_type(self, path):
        return self.extensions_map.get(
            os.path.splitext(path)[1].lower(), "application/octet-stream"
        )

    def handle(self):
        self.alarm = threading.Timer(self.request_seconds, self.hang_up)
        self.alarm.daemon = True
        self.alarm.start()
        try:
            super().handle()
        finally:
            self.alarm.cancel()

    def parse_request(self):
        complete = super().parse_request()
        self.alarm.cancel()
        return complete

    def hang_up(self):
        with contextlib.suppress(OSError):
            self.connection.shutdown(socket.SHUT_RDWR)

    def send_head(self):
        """Send the headers. Returns the file to send after them, or None after a refusal."""
        if not self.is_for_us():
            return self.send_error(HTTPStatus.MISDIRECTED_REQUEST)
        file = self.open_file()
        if file is None:
            return self.send_error(HTTPStatus.NOT_FOUND)
        tag = f'"{content_hash(file)}"'  # a time would not do: two writes can share one
        known = self.headers.get("If-None-Match", "")
        if tag in (one.strip().removeprefix("W/") for one in known.split(",")):
            file.close()
            self.send_response(HTTPStatus.NOT_MODIFIED)
            self.send_header("ETag", tag)
            return self.end_headers()
        self.send_response(HTTPStatus.OK)
        self.send_header("Content-Type", self.guess_type(file.name))
        self.send_header("Content-Length", str(os.fstat(file.fileno()).st_size))
        self.send_header("ETag", tag)
        self.end_headers()
        return file

    def is_for_us(self):
        """Was this server meant, by one of its own names? In a network, the address at which the
        browser has reached it is one: no name of another site can look like that."""
        port = self.server.server_port
        names = {"localhost", HERE, "[::1]"}
        if self.server.address_family == socket.AF_INET:
            names.add(self.connection.getsockname()[0])
        ours = {f"{name}:{port}" for name in names}
        if port == 80:
            ours |= names
        hosts = self.headers.get_all("Host", [])
        return len(hosts) == 1 and hosts[0].strip().lower() in ours

    def open_file(self):
        """The file that was asked for, if it lies in the site itself: no link, no hidden file."""
        names = names_in(self.path)
        if names is None:
            return None
        root = os.path.realpath(self.directory)
        path = os.path.join(root, *names)
        try:
            # Another path comes out where a link leads away, and where Windows knows a file by
            # several names (capitals, short names, full stops at the end).
            if os.path.realpath(path) == path and stat.S_ISREG(os.lstat(path).st_mode):
                return open(path, "rb")
        except (OSError, ValueError):
            pass
        return None

    def end_headers(self):
        self.send_header("Cache-Control", "no-cache")
        self.send_header("X-Content-Type-Options", "nosniff")
        self.send_header("Cross-Origin-Resource-Policy", "same-origin")
        if policy := policy_of(self.directory):
            self.send_header("Content-Security-Policy", policy)
        super().end_headers()

    def send_error(self, code, message=None, explain=None):
        """A refusal is one sentence, in which nothing of the request is repeated."""
        self.close_connection = True
        status = HTTPStatus(code)
        sentence = SENTENCES.get(status, f"{status.phrase}.").encode() + b"\n"
        self.send_response(status)
        self.send_header("Content-Type", "text/plain")
        self.send_header("Content-Length", str(len(sentence)))
        if status == HTTPStatus.METHOD_NOT_ALLOWED:
            self.send_header("Allow", "GET, HEAD")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(sentence)

    def refuse_method(self):
        """Whoever sends something is let finish, or would not hear the answer."""
        with contextlib.suppress(ValueError, OSError):
            length = int(self.headers.get("Content-Length", 0))
            self.rfile.read(max(0, min(length, 2**16)))
        self.send_error(HTTPStatus.METHOD_NOT_ALLOWED)

    do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = do_TRACE = do_CONNECT = refuse_method

    def log_message(self, *_):
        pass


def names_in(address):
    """["engine", "gpt.js"] of "/engine/gpt.js?now"; None for what is no file of a site."""
    path = address.partition("?")[0].partition("#")[0]
    if not path.startswith("/"):
        return None
    if path.endswith("/"):
        path += "index.html"
    try:
        names = unquote(path, errors="strict").split("/")[1:]
    except UnicodeDecodeError:
        return None
    # Names that begin with a full stop are "..", and files that nobody means to show.
    odd = re.compile(r'^$|^\.|[\x00-\x1f\x7f\\:*?"<>|]')
    return None if any(odd.search(name) for name in names) else names


def content_hash(file):
    """The hash of an open file, which is then read from its beginning again."""
    found = hashlib.sha256()
    while block := file.read(2**20):
        found.update(block)
    file.seek(0)
    return found.hexdigest()


def policy_of(folder):
    """What the site's pages forbid themselves. In a header it also holds for their workers."""
    try:
        with open(os.path.join(folder, "index.html"), encoding="utf-8") as page:
            head = page.read(4000)
    except (OSError, ValueError):
        return None
    found = re.search(r'http-equiv="Content-Security-Policy"\s+content="([^"\r\n]+)"', head)
    return found and found[1]


class Server(ThreadingHTTPServer):
    """A thread for each request; a class of thirty may open the site at the same moment."""

    request_queue_size = 256
    daemon_threads = True
    allow_reuse_address = os.name != "nt"  # there it would share a port with another program

    def __init__(self, address, handler):
        self.address_family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
        super().__init__(address, handler)

    def server_bind(self):
        if self.address_family == socket.AF_INET6:
            self.socket.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        socketserver.TCPServer.server_bind(self)  # HTTPServer would ask a name server who we are
        self.server_name, self.server_port = "localhost", self.server_address[1]

    def handle_error(self, request, client_address):
        """A browser that does not wait for the end of a file is no mistake."""
        if not isinstance(sys.exc_info()[1], (ConnectionError, TimeoutError)):
            super().handle_error(request, client_address)


def serve(site, port, name, host=HERE):
    """Serve a folder until Ctrl-C, to this machine only or to those that reach it at an address
    (host). What is printed leads to a run."""
    servers = open_servers(partial(Handler, directory=str(site)), port, host)
    port = servers[0].server_port
    for server in servers[1:]:
        threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        own = host if host not in (HERE, EVERYWHERE) else "localhost"
        print(
            f"The site is at http://{own}:{port}/#run={name} as long as this runs; Ctrl-C ends it.",
            flush=True,
        )
        if host != HERE:
            print(
                for_others(network_addresses() if host == EVERYWHERE else [host], port), flush=True
            )
        servers[0].serve_forever()
    except KeyboardInterrupt:
        print()
    finally:
        for server in servers[1:]:
            server.shutdown()
        for server in servers:
            server.server_close()


def for_others(addresses, port):
    """What a teacher reads out."""
    typed = " or ".join(f"http://{address}:{port}" for address in addresses)
    typed = typed or f"http://, the address of this machine, and :{port}"
    return f"Others in this network type {typed}. Everyone in it can see this site."


def check_host(host):
    """Raise BadInput for what is no address of this machine."""
    try:
        ipaddress.IPv4Address(host)
        with socket.socket(socket.AF_INET) as probe:
            probe.bind((host, 0))
    except (ValueError, OSError):
        own = ", ".join(network_addresses()) or HERE
        raise BadInput(
            f"{host} is no address of this machine: take --host {EVERYWHERE} for everyone in its "
            f"network, or one of {own}."
        ) from None


def network_addresses():
    """The addresses at which others may reach this machine, the most likely one first."""
    found = []
    for target in ("192.0.2.1", "192.168.255.254", "172.31.255.254", "10.255.255.254"):
        # Nothing is sent: this only asks the system by which of its addresses it would go there.
        with contextlib.suppress(OSError), socket.socket(type=socket.SOCK_DGRAM) as probe:
            probe.connect((target, 9))
            found.append(probe.getsockname()[0])
    if not found:  # a network that leads nowhere else
        with contextlib.suppress(OSError):
            found = socket.gethostbyname_ex(socket.gethostname())[2]
    return [one for one in dict.fromkeys(found) if not ipaddress.ip_address(one).is_loopback]


def open_servers(handler, port, host=HERE):
    """A server at one port of an address; one for each kind of address if this machine may call it
    localhost. Raises BadInput."""
    ports = [0] * TRIES if port == 0 else range(port, min(port + TRIES, 2**16))
    for one in ports:
        with contextlib.suppress(OSError), contextlib.ExitStack() as opened:
            servers = [opened.enter_context(Server((host, one), handler))]
            if host not in (HERE, EVERYWHERE):
                opened.pop_all()
                return servers
            try:
                # A browser asks ::1 first for "localhost", and must not find another program.
                server = Server(("::1", servers[0].server_port), handler)
                servers.append(opened.enter_context(server))
            except OSError as error:
                if error.errno == errno.EADDRINUSE:
                    raise
            opened.pop_all()
            return servers
    raise BadInput(f"None of the ports {port} to {ports[-1]} is free: choose another --port.")
