"""export_for_web.py --serve: the site for this machine's browsers, and nothing for anybody else."""

import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from functools import partial

from helpers import (
    ROOT,
    opened,
)
from terrarium.errors import BadInput
from terrarium.web import serve
from terrarium.web.serve import Handler, Server

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

POLICY = "default-src 'none'; script-src 'self'"
PAGE = f'<meta http-equiv="Content-Security-Policy" content="{POLICY}"><p>Hello</p>'


@pytest.fixture
def site(tmp_path):
    """A small site with a secret beside it, a hidden file, and links in and out."""
    folder = tmp_path / "site"
    (folder / "engine").mkdir(parents=True)
    (folder / "index.html").write_text(PAGE)
    (folder / "engine" / "gpt.js").write_text("export const one = 1;")
    (folder / "größe 1.txt").write_text("large")
    (folder / ".hidden").write_text("SECRET")
    (folder / "exported" / ".new-x").mkdir(parents=True)
    (folder / "exported" / ".new-x" / "a.json").write_text("SECRET")
    (tmp_path / "secret.txt").write_text("SECRET")
    (tmp_path / "site-2").mkdir()
    (tmp_path / "site-2" / "a.txt").write_text("SECRET")
    (folder / "link.txt").symlink_to(tmp_path / "secret.txt")
    (folder / "away").symlink_to(tmp_path)
    (folder / "inside.js").symlink_to(folder / "engine" / "gpt.js")
    os.mkfifo(folder / "pipe")
    return folder


def start(server):
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()


@pytest.fixture
def server(site):
    server = Server(("127.0.0.1", 0), partial(Handler, directory=str(site)))
    start(server)
    yield server
    server.shutdown()
    server.server_close()


def talk(server, request, timeout=30):
    """Everything that comes back for these very bytes."""
    with socket.create_connection(("127.0.0.1", server.server_port), timeout=timeout) as connection:
        connection.sendall(request)
        connection.shutdown(socket.SHUT_WR)
        found = b""
        while part := connection.recv(2**16):
            found += part
    return found


def ask(server, path="/", method="GET", host=None, *headers):
    """(status, {header: value}, body) of a request."""
    host = f"localhost:{server.server_port}" if host is None else host
    lines = [f"{method} {path} HTTP/1.1", f"Host: {host}", *headers, "", ""]
    head, _, body = talk(server, "\r\n".join(lines).encode("latin-1")).partition(b"\r\n\r\n")
    status, *fields = head.decode("latin-1").split("\r\n")
    pairs = (field.split(": ", 1) for field in fields)
    return int(status.split()[1]), {name.lower(): value for name, value in pairs}, body


# Who is answered --------------------------------------------------------------------------------


@pytest.mark.parametrize("host", ["localhost:{}", "127.0.0.1:{}", "[::1]:{}", "LOCALHOST:{}"])
def test_its_own_names_are_answered(server, host):
    assert ask(server, host=host.format(server.server_port))[::2] == (200, PAGE.encode())


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "evil.example:{}",
        "localhost.evil.example:{}",
        "localhost",
        "127.0.0.1",
        "localhost:80",
        "localhost:{}:{}",
        "127.0.0.1.:{}",
        "127.1:{}",
        "0.0.0.0:{}",
        "[::]:{}",
        "",
        ":{}",
        "localhost:{}, evil.example",
        "evil.example@localhost:{}",
        "localhost:{}/x",
    ],
)
def test_no_other_name_is_answered(server, host):
    status, _, body = ask(server, host=host.format(*[server.server_port] * 2))
    assert status == 421 and b"Hello" not in body and len(body) > 20


@pytest.mark.parametrize(
    "hosts",
    [
        b"",
        b"Host: localhost:%d\r\nHost: evil.example\r\n",
        b"Host: evil.example\r\nHost: localhost:%d\r\n",
        b"Host: localhost:%d\r\nHost: localhost:%d\r\n",
    ],
)
def test_a_request_has_to_say_once_whom_it_means(server, hosts):
    hosts = hosts.replace(b"%d", b"%d" % server.server_port)
    for version in (b"1.0", b"1.1"):
        found = talk(server, b"GET / HTTP/" + version + b"\r\n" + hosts + b"\r\n")
        assert b" 421 " in found.split(b"\r\n")[0] and b"Hello" not in found


def test_a_page_of_another_site_can_use_nothing_of_it(server):
    _, headers, _ = ask(server, "/engine/gpt.js", "GET", None, "Origin: http://evil.example")
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["cross-origin-resource-policy"] == "same-origin"
    assert not any(name.startswith("access-control") for name in headers)


# What is answered -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "path",
    [
        "/secret.txt",
        "/../secret.txt",
        "/..%2fsecret.txt",
        "/%2e%2e/secret.txt",
        "//secret.txt",
        "/engine/../../secret.txt",
        "/..\\secret.txt",
        "/..%5csecret.txt",
        "/%2e%2e%5csecret.txt",
        "/....//secret.txt",
        "/.%00./secret.txt",
        "/engine/%2e%2e/%2e%2e/secret.txt",
        "/link.txt",
        "/away/secret.txt",
        "/away/",
        "/inside.js",
        "/.hidden",
        "/exported/.new-x/a.json",
        "/%2ehidden",
        "/pipe",
        "/../site-2/a.txt",
        "/%00",
        "/index.html%00",
        "/index.html%00.js",
        "/engine",
        "/engine/",
        "/exported/",
        "/index.html/",
        "/%",
        "/%zz",
        "/%ff",
        "/%c0%ae%c0%ae/secret.txt",
        "/\xff",
        "/" + "a" * 300,
        "/" + "a/" * 2000,
        "/C:/Windows/win.ini",
        "/index.html::$DATA",
        "/index.html.",
        "/con",
        "/*",
        "/|",
        "/engine//gpt.js",
        "/./index.html",
        "/%2f",
        "/%2findex.html",
        "/~root",
        "/%0d%0aX: 1",
        "http://evil.example/",
        "http://localhost/index.html",
        "*",
        "index.html",
        "?",
        "/engine/gpt.js/x",
    ],
)
def test_what_is_no_file_of_the_site_is_refused_with_a_sentence(server, path):
    status, headers, body = ask(server, path)
    assert status in (400, 404)
    assert b"SECRET" not in body and body.decode().strip().endswith(".")
    assert headers["content-type"] == "text/plain" and "x" not in headers
    assert ask(server)[0] == 200  # and it goes on


def test_folders_are_not_listed(server, site):
    (site / "index.html").unlink()
    status, _, body = ask(server, "/")
    assert status == 404 and b"engine" not in body


@pytest.mark.parametrize(
    "path, body",
    [
        ("/", PAGE),
        ("/index.html", PAGE),
        ("/?run=x#y", PAGE),
        ("/engine/gpt.js?v=1", None),
        ("/gr%C3%B6%C3%9Fe%201.txt", "large"),
    ],
)
def test_files_of_the_site_are_sent(server, path, body):
    status, headers, found = ask(server, path)
    assert status == 200 and int(headers["content-length"]) == len(found)
    assert body is None or found == body.encode()


@pytest.mark.parametrize(
    "method", ["POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT"]
)
def test_the_site_can_only_be_read(server, site, method):
    before = {path: path.stat() for path in site.rglob("*.js")}
    status, headers, body = ask(server, "/engine/gpt.js", method, None, "Content-Length: 5")
    assert (status, headers["allow"]) == (405, "GET, HEAD") and body
    assert {path: path.stat() for path in site.rglob("*.js")} == before


def test_head_is_get_without_a_body(server):
    for path, status in (("/engine/gpt.js", 200), ("/none", 404)):
        found, headers, body = ask(server, path, "HEAD")
        assert (found, body) == (status, b"") and int(headers["content-length"]) > 0


def test_half_of_a_file_may_be_asked_for_and_the_whole_one_comes(server):
    status, _, body = ask(server, "/", "GET", None, "Range: bytes=2-5")
    assert (status, body) == (200, PAGE.encode())


@pytest.mark.parametrize(
    "request_",
    [
        b"",
        b"\r\n\r\n",
        b"GET\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"GET / HTTP/x\r\n\r\n",
        b"\x16\x03\x01\x02\x00",
        b"FOO / HTTP/1.1\r\n\r\n",
        b"GET / " + b"a" * 70_000,
        b"GET /" + b"a" * 70_000 + b" HTTP/1.1\r\n\r\n",
        b"GET / HTTP/1.1\r\n" + b"X: y\r\n" * 200 + b"\r\n",
        b"GET / HTTP/1.1\r\nX: " + b"y" * 70_000 + b"\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost\r\n\r\n",
        b"GET /\r\n\r\n",
        b"GET  /  HTTP/1.1\r\n\r\n",
        b"\0" * 100,
        b"\xff\xfe / HTTP/1.1\r\n\r\n",
        b"POST / HTTP/1.1\r\nContent-Length: x\r\n\r\n",
        b"POST / HTTP/1.1\r\nContent-Length: -5\r\n\r\n",
        b"GET / a b c HTTP/1.1\r\n\r\n",
    ],
)
def test_what_is_no_request_ends_no_server(server, request_, capsys):
    found = talk(server, request_)
    assert b"Hello" not in found and not re.match(rb"HTTP/1.0 [23]", found)
    assert ask(server)[0] == 200
    assert capsys.readouterr().err == ""


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=40))
def test_any_bytes_are_survived(server, content):
    path = content.replace(b" ", b"").replace(b"\n", b"").replace(b"\r", b"")
    found = talk(
        server, b"GET /" + path + b" HTTP/1.1\r\nHost: localhost:%d\r\n\r\n" % server.server_port
    )
    assert b"SECRET" not in found and re.match(rb"HTTP/1.0 [24]\d\d ", found)


# What is new ------------------------------------------------------------------------------------


def test_a_file_that_changed_within_a_second_is_sent_again(server, site):
    file, tags = site / "engine" / "gpt.js", set()
    stamp = file.stat().st_mtime_ns
    for content in ("const a = 1;", "const a = 2;", "const b = 1;"):
        file.write_text(content)
        os.utime(file, ns=(stamp, stamp))  # of the same size, at the same time
        _, headers, _ = ask(server, "/engine/gpt.js")
        for tag in tags:
            status, _, body = ask(server, "/engine/gpt.js", "GET", None, f"If-None-Match: {tag}")
            assert (status, body.decode()) == (200, content)
        tags.add(headers["etag"])
    assert len(tags) == 3 and "last-modified" not in headers
    later = "If-Modified-Since: Fri, 01 Jan 2100 00:00:00 GMT"
    assert ask(server, "/engine/gpt.js", "GET", None, later)[0] == 200


def test_a_file_that_did_not_change_is_not_sent_again(server):
    tag = ask(server, "/engine/gpt.js")[1]["etag"]
    for known in (tag, f"W/{tag}", f'"other", {tag}'):
        known = f"If-None-Match: {known}"
        status, headers, body = ask(server, "/engine/gpt.js", "GET", None, known)
        assert (status, body, headers["cache-control"]) == (304, b"", "no-cache")


def test_the_policy_of_the_pages_is_sent_with_everything(server, site):
    for path in ("/", "/engine/gpt.js", "/none"):
        assert ask(server, path)[1]["content-security-policy"] == POLICY
    (site / "index.html").write_text("<p>Hello</p>")
    assert "content-security-policy" not in ask(server, "/")[1]


def test_every_page_has_the_policy_that_is_sent():
    policy = serve.policy_of(ROOT / "site")
    assert "default-src 'none'" in policy and "wasm-unsafe-eval" in policy
    pages = [*(ROOT / "site").glob("*.html"), *(ROOT / "site" / "figures").glob("*.html")]
    assert all(f'content="{policy}"' in page.read_text("utf-8") for page in pages) and pages


def test_types_do_not_depend_on_the_machine(server, monkeypatch):
    monkeypatch.setattr("mimetypes.guess_type", lambda *_: ("text/html", None))
    kinds = {
        name: Handler.guess_type(Handler, f"a.{name}")
        for name in ("html", "css", "js", "json", "wasm", "woff2", "svg", "bin", "JS", "xyz")
    }
    assert kinds == dict(
        html="text/html",
        css="text/css",
        js="text/javascript",
        json="application/json",
        wasm="application/wasm",
        woff2="font/woff2",
        svg="image/svg+xml",
        bin="application/octet-stream",
        JS="text/javascript",
        xyz="application/octet-stream",
    )


# Many, slow, impatient --------------------------------------------------------------------------


def test_a_class_of_thirty_opens_the_site_at_once(server):
    gate, answers = threading.Barrier(30), []

    def load():
        gate.wait()
        for _ in range(5):
            answers.append(ask(server, "/engine/gpt.js")[0])

    readers = [threading.Thread(target=load) for _ in range(30)]
    for reader in readers:
        reader.start()
    for reader in readers:
        reader.join()
    assert answers == [200] * 150


def test_thirty_may_wait_at_the_door(site):
    server = Server(("127.0.0.1", 0), partial(Handler, directory=str(site)))  # answers nobody yet
    address = ("127.0.0.1", server.server_port)
    waiting = [socket.create_connection(address, timeout=60) for _ in range(200)]
    for connection in waiting:
        connection.close()
    server.server_close()


def test_who_says_nothing_or_next_to_nothing_is_not_waited_for_for_ever(server, monkeypatch):
    monkeypatch.setattr(Handler, "timeout", 0.3)
    monkeypatch.setattr(Handler, "request_seconds", 0.6)
    address = ("127.0.0.1", server.server_port)
    with socket.create_connection(address, timeout=60) as silent:
        assert silent.recv(100) == b""
    monkeypatch.setattr(Handler, "timeout", 60)
    with socket.create_connection(address, timeout=60) as slow:
        try:
            while True:  # a byte now and then
                slow.sendall(b"G")
                time.sleep(0.05)
        except ConnectionError:
            pass
    assert ask(server)[0] == 200


def test_a_browser_that_leaves_is_no_mistake(server, site, capsys):
    (site / "large.bin").write_bytes(bytes(20_000_000))
    for _ in range(3):
        with socket.create_connection(("127.0.0.1", server.server_port)) as impatient:
            impatient.sendall(
                b"GET /large.bin HTTP/1.1\r\nHost: localhost:%d\r\n\r\n" % server.server_port
            )
            impatient.recv(10)
    assert ask(server)[0] == 200
    assert capsys.readouterr().err == ""


# Ports ------------------------------------------------------------------------------------------


def servers_at(port, site):
    servers = serve.open_servers(partial(Handler, directory=str(site)), port)
    for server in servers:
        server.server_close()
    return [server.server_address[:2] for server in servers]


def test_a_port_of_0_is_one_that_is_free(site):
    addresses = servers_at(0, site)
    assert addresses[0][0] == "127.0.0.1" and addresses[0][1] > 0
    assert all(port == addresses[0][1] for _, port in addresses)


@pytest.mark.parametrize("family, host", [(socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")])
def test_a_port_that_another_program_has_on_either_address_is_passed_over(site, family, host):
    with socket.socket(family) as other:
        try:
            other.bind((host, 0))
        except OSError:
            pytest.skip("This machine has no such addresses.")
        other.listen()
        taken = other.getsockname()[1]
        assert servers_at(taken, site)[0][1] > taken


def test_a_class_reaches_the_site_by_the_address_that_it_is_told_and_by_no_other_name(site):
    (own, *_) = serve.network_addresses() or pytest.skip("This machine has no network.")
    servers = serve.open_servers(partial(Handler, directory=str(site)), 0, serve.EVERYWHERE)
    for one in servers:
        start(one)
    port = servers[0].server_port
    said = serve.for_others([own], port)

    def status(reached, name):
        with socket.create_connection((reached, port), timeout=60) as connection:
            connection.sendall(f"GET / HTTP/1.0\r\nHost: {name}:{port}\r\n\r\n".encode())
            return int(connection.makefile("rb").readline().split()[1])

    try:
        assert f"http://{own}:{port}" in said
        assert status(own, own) == status("127.0.0.1", "localhost") == 200
        for name in ("evil.example", "192.0.2.7", own + ".evil.example"):  # DNS rebinding
            assert status(own, name) == 421
    finally:
        for one in servers:
            one.shutdown()
            one.server_close()


def test_without_a_host_only_this_machine_reaches_the_site(site):
    (own, *_) = serve.network_addresses() or pytest.skip("This machine has no network.")
    servers = serve.open_servers(partial(Handler, directory=str(site)), 0)
    try:
        with pytest.raises(OSError):
            socket.create_connection((own, servers[0].server_port), timeout=5)
    finally:
        for one in servers:
            one.server_close()


@pytest.mark.parametrize("host", ["192.0.2.1", "evil.example", "0.0.0", "::1", "", "0.0.0.0:80"])
def test_a_host_that_is_no_address_of_this_machine_is_refused_with_those_that_are(host):
    with pytest.raises(BadInput) as error:
        serve.check_host(host)
    assert all(one in str(error.value) for one in ["0.0.0.0", *serve.network_addresses()])


def test_no_name_is_looked_up(site, monkeypatch):
    def look_up(*_):
        raise AssertionError("a name server was asked")

    for name in ("getfqdn", "gethostbyaddr", "gethostbyname", "getnameinfo"):
        monkeypatch.setattr(socket, name, look_up)
    server = Server(("127.0.0.1", 0), partial(Handler, directory=str(site)))
    start(server)
    assert ask(server)[0] == 200
    server.shutdown()
    server.server_close()


def test_ctrl_c_ends_it_with_everything_closed(site):
    program = (
        "import sys; sys.path.insert(0, sys.argv[1])\n"
        "from terrarium.web.serve import serve; serve(sys.argv[2], 0, 'tale')"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", program, ROOT, site],
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )
    port = int(re.search(r"http://localhost:(\d+)/#run=tale", process.stdout.readline())[1])
    with socket.create_connection(("127.0.0.1", port)):  # even with somebody at the door
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=60) as answer:
            assert answer.read() == PAGE.encode()
        with pytest.raises(urllib.error.HTTPError):
            urllib.request.urlopen(f"http://127.0.0.1:{port}/.hidden", timeout=60)
        process.send_signal(signal.SIGINT)
        _, error = process.communicate(timeout=60)
    assert (process.returncode, error) == (0, "")


# In a browser -----------------------------------------------------------------------------------

WORKER = """
import { one } from "./engine/gpt.js";
const tries = {
  fetch: () => fetch("http://127.0.0.1:ELSEWHERE/fetch"),
  module: () => import("http://127.0.0.1:ELSEWHERE/module.js"),
  Function: async () => new Function("return 1")(),
};
const wasm = new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0]);
await WebAssembly.compile(wasm);
const found = { one };
for (const [name, act] of Object.entries(tries)) {
  found[name] = await act().then(() => "allowed", () => "refused");
}
postMessage(found);
"""


def test_a_worker_of_the_served_site_has_the_policy_of_its_page(browser, site, server, tmp_path):
    policy = re.sub("worker-src [^;]+", "worker-src 'self'", serve.policy_of(ROOT / "site"))
    (site / "index.html").write_text(
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">'
        '<script type="module" src="page.js"></script>'
    )
    (site / "page.js").write_text(
        'new Worker("worker.js", { type: "module" }).onmessage = '
        "({ data }) => document.body.append(JSON.stringify(data));"
    )
    with socket.create_server(("127.0.0.1", 0)) as elsewhere:
        elsewhere.settimeout(0.2)
        (site / "worker.js").write_text(
            WORKER.replace("ELSEWHERE", str(elsewhere.getsockname()[1]))
        )
        page = browser.new_page()
        page.goto(f"http://localhost:{server.server_port}/")
        page.get_by_text("one").wait_for(timeout=60_000)
        said = page.inner_text("body")
        page.close()
        assert said == '{"one":1,"fetch":"refused","module":"refused","Function":"refused"}'
        with pytest.raises(TimeoutError):
            elsewhere.accept()


def test_the_real_pages_complain_about_nothing_when_they_are_served(browser, smoke_site):
    server = Server(("127.0.0.1", 0), partial(Handler, directory=str(smoke_site)))
    start(server)
    try:
        for name in ("index.html", "explore.html"):
            with opened(browser, f"http://localhost:{server.server_port}/{name}#run=smoke"):
                pass
    finally:
        server.shutdown()
        server.server_close()


def test_all_ports_in_reach_may_be_taken(monkeypatch, tmp_path):
    def taken(address, handler):
        tried.append(address)
        raise OSError

    tried = []
    monkeypatch.setattr(serve, "Server", taken)
    with pytest.raises(BadInput, match="None of the ports 8000 to 8019 is free: choose another"):
        serve.serve(tmp_path, 8000, "tale")
    assert tried == [("127.0.0.1", port) for port in range(8000, 8020)]  # of this machine only
    with pytest.raises(BadInput, match="None of the ports 65530 to 65535 is free"):
        serve.serve(tmp_path, 65530, "tale")
