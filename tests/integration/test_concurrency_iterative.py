# integration/test_concurrency_iterative.py: `concurrency iterative`: one connection at a time, the others in the kernel's queue.
# What is the same in all models is in test_concurrency.py.
import signal
import time

from harness import process
from harness.client import head_of
from harness.marks import covers, webserv_only
from harness.sockets import queued, sockets_of, tcp_inodes

pytestmark = [webserv_only("nginx has one model"), covers("concurrency")]

ANSWER = 'location / { return 200 "$connection $connection_requests"; }'
EVENTS = "worker_connections 256; concurrency iterative;"


def test_the_next_waits_in_the_queue(serve):
    server = serve(main="worker_processes 1;", events=EVENTS, server=ANSWER)
    first = server.connect()
    process.wait_until(lambda: len(connected_by(server)) == 1, what="the first client's connection")
    later = [server.connect() for _ in range(3)]
    for client in later:
        client.send(head_of("GET", "/"))
    time.sleep(0.3)
    assert queued(server.port) == 3
    assert len(connected_by(server)) == 1
    assert not any(client.readable(0) for client in later)
    first.get("/", "Connection: close")
    texts = [client.read_response().text for client in later]
    numbers = [int(text.split()[0]) for text in texts]
    assert numbers == [numbers[0], numbers[0] + 1, numbers[0] + 2]
    assert queued(server.port) == 0


def connected_by(server):
    worker = server.process.worker()
    return sockets_of(worker) & tcp_inodes(server.port, "01")


def test_who_is_idle_gives_way(serve):
    server = serve(events=EVENTS, server=ANSWER)
    idle = server.connect()
    idle.get("/")
    idle.get("/")
    time.sleep(0.2)
    assert not idle.readable(0)
    assert server.get("/").status == 200
    assert idle.is_closed()


def test_who_is_busy_does_not(serve, site):
    site.write("large", b"x" * 8_000_000)
    server = serve(events=EVENTS, server="")
    busy = server.connect(receive_buffer=4096)
    busy.send(head_of("GET", "/large"))
    busy.read_head()
    waiting = server.connect()
    waiting.send(head_of("GET", "/none"))
    assert not waiting.readable(0.3)
    assert len(busy.take(8_000_000)) == 8_000_000
    assert waiting.read_response().status == 404
    assert busy.is_closed()


def test_two_addresses_share_the_one_place(serve):
    server = serve(events=EVENTS, server=ANSWER.replace("location", "listen 127.0.0.1:{port2}; location"))
    first = server.connect()
    process.wait_until(lambda: len(connected_by(server)) == 1, what="the first client's connection")
    second = server.connect(server.site.port("port2"))
    second.send(head_of("GET", "/"))
    assert not second.readable(0.3)
    first.get("/")
    assert second.read_response().status == 200
    assert first.is_closed()


def test_each_worker_takes_one(serve):
    server = serve(main="worker_processes 2;", events=EVENTS, server=ANSWER)
    for _ in range(10):
        first, second = server.connect(), server.connect()
        second.send(head_of("GET", "/"))
        assert second.read_response().status == 200
        assert first.get("/").status == 200
        first.close()
        second.close()


def test_an_end_with_clients_in_the_queue_answers_them(serve):
    server = serve(main="master_process off;", events=EVENTS, server=ANSWER)
    first = server.connect()
    later = [server.connect() for _ in range(3)]
    for client in later:
        client.send(head_of("GET", "/"))
    time.sleep(0.2)
    server.process.signal(signal.SIGQUIT)
    time.sleep(0.2)
    first.get("/")
    for client in later:
        assert client.read_response().status == 200
    assert server.process.wait(10) == 0
