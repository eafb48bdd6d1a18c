# integration/test_network_variables.py: variables about how a request came, and where its files really are.
# Values that the kernel measures are only compared with what they can be.
import os
import socket

from harness.marks import cases, webserv_only


def value(serve, variable, config="", **request):
    server = serve(server=config + f'location / {{ return 200 "{variable}"; }}')
    return server.get("/", **request)


def test_binary_addresses(serve, site):
    path = str(site.dir / "socket")
    server = serve(http="""log_format binary escape=none "$binary_remote_addr"; server { listen 127.0.0.1:{port}; listen [::1]:{port};
        listen unix:{dir}/socket; return 200 "$binary_remote_addr"; }""")
    assert server.get("/").content == socket.inet_aton("127.0.0.1")
    assert server.get("/", address=("::1", server.port)).content == socket.inet_pton(socket.AF_INET6, "::1")
    assert server.get("/", address=path).content == b"unix:"


@cases("variable, least", [("$tcpinfo_rtt", 1), ("$tcpinfo_rttvar", 1), ("$tcpinfo_snd_cwnd", 1), ("$tcpinfo_rcv_space", 1000)])
def test_what_the_kernel_knows(serve, variable, least):
    assert int(value(serve, variable).text) >= least


def test_what_the_kernel_does_not_know(serve, site):
    path = str(site.dir / "socket")
    server = serve(http='server { listen unix:{dir}/socket; return 200 "[$tcpinfo_rtt]"; }', wait_for=[path])
    assert server.get("/", address=path).text == "[]"


@webserv_only("of 1.29.3")
@cases("host, text", [("h", "[][]"), ("h:81", "[:][81]"), ("h:80", "[:][80]"), ("[::1]:443", "[:][443]"), ("[::1]", "[][]")])
def test_the_port_that_was_asked_for(serve, host, text):
    assert value(serve, "[$is_request_port][$request_port]", host=host).text == text


def test_the_real_root(serve, site):
    (site.dir / "real").mkdir()
    os.symlink(site.dir / "real", site.dir / "link")
    real = os.path.realpath(site.dir / "real")
    assert value(serve, "[$realpath_root][$document_root]", f"root {site.dir}/link/../link;").text == f"[{real}][{site.dir}/link/../link]"


def test_a_root_that_is_missing(serve, site):
    server = serve(server=f"root {site.dir}/missing; location / {{ return 200 \"[$realpath_root]\"; }}")
    assert server.get("/").status in (200, 500)
    server.error_line("realpath.. \"?.*missing\"? failed")


@webserv_only("there it has a value from elsewhere")
def test_a_value_that_asks_for_itself(serve):
    """It has none, the log says so once a question, and the server lives."""
    server = serve(server='limit_rate "$limit_rate$limit_rate"; location / { return 200 "answer $limit_rate"; }')
    assert server.get("/").text == "answer 0"
    assert server.get("/").text == "answer 0"
    assert server.error_line('cycle while evaluating variable "limit_rate"')
    assert server.error_log().count("cycle while") < 20
