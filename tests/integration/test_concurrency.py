# integration/test_concurrency.py: one connection code, three ways to run it: `concurrency event | fork | iterative`.
# What must be the same in all three; what each promises beside that is in test_concurrency_fork.py and _iterative.py.
import re
import signal
import time

import pytest
from harness import process
from harness.client import Connection, head_of
from harness.marks import cases, covers, webserv_only

pytestmark = [webserv_only("nginx has one model"), covers("concurrency")]

MODELS = ["event", "fork", "iterative"]
LARGE = 3_000_000
ANSWER = 'location / { return 200 "$connection $connection_requests"; }'


def events(model, more="worker_connections 256;"):
    return f"{more} concurrency {model};"


@pytest.fixture(scope="module", params=MODELS)
def model(request):
    return request.param


@pytest.fixture(scope="module")
def any_model(model, shared_site, shared_serve):
    """A server for what is the same in all models."""
    shared_site.write("index.html", "home")
    shared_site.write("large", bytes(range(250)) * (LARGE // 250))
    server = shared_serve(events=events(model), server="""
        client_header_timeout 600ms; client_body_timeout 300ms;
        location /idle { keepalive_timeout 300ms; return 200 idle; }
        location /content { return 200 $request_body; }
        location /log { access_log {dir}/MODEL.log; root {root}; }
    """.replace("MODEL", model))
    yield server
    server.stop()


# The same in all three


def test_keep_alive(any_model):
    with any_model.connect() as client:
        for _ in range(5):
            assert client.get("/").text == "home"
        assert client.get("/none").status == 404
        assert client.persists()


def test_pipelining(any_model):
    with any_model.connect() as client:
        client.send(head_of("GET", "/") * 3 + head_of("GET", "/none", ["Connection: close"]))
        assert [client.read_response().status for _ in range(4)] == [200, 200, 200, 404]
        assert client.is_closed()


def test_ranges_and_large_files(any_model):
    whole = bytes(range(250)) * (LARGE // 250)
    with any_model.connect() as client:
        response = client.get("/large", "Range: bytes=1000-1999999")
        assert (response.status, response.content) == (206, whole[1000:2_000_000])
        assert client.get("/large").content == whole


def test_request_content(any_model):
    with any_model.connect() as client:
        assert client.request("POST", "/content", content=b"abc" * 1000).content == b"abc" * 1000
        client.send(head_of("POST", "/content", ["Transfer-Encoding: chunked"]) + b"3\r\nabc\r\n0\r\n\r\n")
        assert client.read_response().text == "abc"


def test_what_is_malformed_is_refused(any_model):
    assert any_model.raw(head_of("GET", "/") + b"x\r\n\r\n").count(b"HTTP/1.1 400") == 1


@cases("begun", [b"", b"GET / HT", head_of("POST", "/content", ["Content-Length: 5"]) + b"ab"])
def test_a_client_that_is_slow_is_given_up(any_model, begun):
    with any_model.connect() as client:
        client.send(begun)
        began = time.monotonic()
        client.read_to_end()
        assert 0.2 < time.monotonic() - began < 5


def test_an_idle_client_is_given_up(any_model):
    with any_model.connect() as client:
        client.get("/idle")
        assert client.is_closed(5)


def test_log_lines(any_model, model):
    with any_model.connect() as client:
        client.get("/log?first")
        client.get("/log?second")
    lines = any_model.log_lines(2, f"{model}.log")
    assert [re.search(r"GET (\S+)", line)[1] for line in lines] == ["/log?first", "/log?second"]


def test_error_log(any_model):
    assert any_model.get("/unheard-of").status == 404
    line = any_model.error_line("unheard-of")
    assert "No such file" in line
    assert re.search(r" \[error\] (\d+)#\1: \*\d+ open\(\)", line)


@cases("model", MODELS)
@cases("master", ["on", "off"])
def test_numbers_of_connections_are_unique(serve, model, master):
    server = serve(main=f"master_process {master};", events=events(model), server=ANSWER)
    numbers = [server.get("/").text for _ in range(20)]
    assert numbers == sorted(set(numbers), key=lambda text: int(text.split()[0]))
    assert all(text.split()[1] == "1" for text in numbers)


@cases("model", MODELS)
@cases("master", ["on", "off"])
def test_the_end_waits_for_answers(serve, site, model, master):
    site.write("large", b"x" * 8_000_000)
    server = serve(main=f"master_process {master};", events=events(model), server="")
    client = server.connect(receive_buffer=4096)
    client.send(head_of("GET", "/large"))
    head = client.read_head()
    server.process.signal(signal.SIGQUIT)
    time.sleep(0.2)
    assert server.process.popen.poll() is None
    assert len(client.take(int(head.field("Content-Length")))) == 8_000_000
    assert client.is_closed()
    assert server.process.wait(10) == 0
    assert process.wait_until(server.process.group_is_gone, what="the end of all processes")


@cases("model", MODELS)
@cases("master", ["on", "off"])
def test_the_end_does_not_wait_for_idle_clients(serve, model, master):
    server = serve(main=f"master_process {master};", events=events(model), server=ANSWER)
    clients = [server.connect() for _ in range(1 if model == "iterative" else 3)]
    for client in clients:
        client.get("/")
    server.process.signal(signal.SIGQUIT)
    assert all(client.is_closed() for client in clients)
    assert server.process.wait(10) == 0


@cases("model", MODELS)
@cases("master", ["on", "off"])
def test_a_stop_waits_for_nobody(serve, site, model, master):
    site.write("large", b"x" * 8_000_000)
    server = serve(main=f"master_process {master};", events=events(model), server="")
    client = server.connect(receive_buffer=4096)
    client.send(head_of("GET", "/large"))
    client.read_head()
    server.process.signal(signal.SIGTERM)
    assert server.process.wait(5) == 0
    assert process.wait_until(server.process.group_is_gone, what="the end of all processes")
    assert len(client.read_to_end()) < 8_000_000


@cases("model", MODELS)
def test_reload(serve, site, model):
    server = serve(events=events(model), server='location / { return 200 "old"; }')
    workers = process.wait_until(server.process.workers, what="a worker")
    with server.connect() as client:
        assert client.get("/").text == "old"
        site.configure(events=events(model), server='location / { return 200 "new"; }')
        server.process.signal(signal.SIGHUP)
        process.wait_until(lambda: server.get("/").text == "new", what="the new configuration")
    assert server.process.workers() == workers


@cases("before, after", [("event", "fork"), ("fork", "iterative"), ("iterative", "event")])
def test_another_model_needs_other_workers(serve, site, before, after):
    server = serve(events=events(before), server=ANSWER)
    workers = process.wait_until(server.process.workers, what="a worker")
    site.configure(events=events(after), server=ANSWER)
    server.process.signal(signal.SIGHUP)

    def successor():
        now = server.process.workers()
        return now[0] if len(now) == 1 and now != workers else None

    worker = process.wait_until(successor, what="another worker")
    with server.connect() as client:
        client.get("/")
        assert len(process.children_of(worker)) == (1 if after == "fork" else 0)


def test_mistakes(site):
    conf = site.configure(events="concurrency threads;", server="")
    result = process.run(["-t", "-p", str(site.dir), "-c", str(conf)])
    assert result.returncode == 1
    assert 'invalid value "threads"' in result.stderr


@cases("model", MODELS)
def test_serve(site, model):
    site.write("file", "x")
    words = ["serve", str(site.root), "--port", str(site.port()), "--concurrency", model, "--trace"]
    with open(site.dir / "stdout", "wb") as stdout:
        server = process.Process(words, site.dir / "stderr", stdout=stdout)
    server.wait_ready([("127.0.0.1", site.port())])
    with Connection(("127.0.0.1", site.port())) as client:
        assert client.get("/file").text == "x"
        name = "127.0.0.1:%d" % client.socket.getsockname()[1]
        if model == "fork":
            process.wait_until(lambda: len(process.children_of(server.pid)) == 1, what="the end of the first child")
            [child] = process.children_of(server.pid)
    trace = site.dir / "stdout"
    process.wait_until(lambda: len(re.findall(r"close\(\d+\) = 0  after", trace.read_text())) == 2, what="the end of both connections")
    text = trace.read_text()
    server.signal(signal.SIGTERM)
    assert server.wait() == 0
    assert not server.stop()
    [listener, connection] = re.search(rf"accept\((\d+)\) = (\d+)  from {name}\n", text).groups()
    if model == "fork":
        for words in (rf"{server.pid} close\({connection}\) = 0  the child has it too",
                      rf"{child} fork: a child of {server.pid}, which has its sockets too: {listener} {connection}\n",
                      rf"{child} close\({listener}\) = 0  process {server.pid}, our parent, goes on with it",
                      rf"{child} read\({connection}, \d+\) = [1-9]", rf"{child} write\({connection}, \d+\) = [1-9]",
                      rf"{child} close\({connection}\) = 0  after .* the client hung up first"):
            assert re.search(rf" {words}", text), words
        assert not re.search(rf" {server.pid} (read|write)", text)
    else:
        assert "fork" not in text
        assert set(re.findall(r"^ *\d+\.\d+ +(\d+) ", text, re.M)) == {str(server.pid)}


def test_serve_knows_three_models(site):
    result = process.run(["serve", str(site.root), "--concurrency", "threads"])
    assert result.returncode != 0
    assert "threads" in result.stderr + result.stdout
