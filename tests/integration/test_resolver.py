# integration/test_resolver.py: the name servers that are asked while we serve, seen by the OCSP responders that they lead to.
# The name servers are ours (harness/name_server.py); the hosts they know are this machine.
import pytest
from harness import process, reload, responder
from harness.marks import cases, covers, webserv_only
from harness.name_server import SERVER_FAILURE, NameServer
from harness.scripted import ScriptedServer, answers
from test_tls_stapling import GOOD, LISTEN, NOTHING, configuration, made, ocsp, said, status, wait_until_stapled  # noqa: F401

pytestmark = webserv_only("it resolves responders when it starts, too, and needs to find them then")

HOST = "ocsp.test"
HERE = [("A", "127.0.0.1", 300)]


@pytest.fixture
def start():
    """Starts name servers and responders; what is started ends with the test."""
    started = []

    def start(one):
        started.append(one)
        return one

    yield start
    for one in started:
        one.stop()


@pytest.fixture
def asked(made, start):  # noqa: F811
    about = responder.response(made, "server")
    return start(ScriptedServer(answers(lambda request: ocsp(about))))


def site_of(made, asked, servers, settings="", host=HOST):  # noqa: F811
    resolver = f"resolver {servers};" if servers else ""
    return configuration(made, f"http://{host}:{asked.port}/", f"{resolver} {settings}")


@covers("resolver")
def test_a_name_is_resolved(serve, made, start, asked):  # noqa: F811
    names = start(NameServer({HOST: HERE}))
    server = serve(http=site_of(made, asked, names.address))
    wait_until_stapled(server)
    assert set(names.asked) == {(HOST, 1, "udp"), (HOST, 28, "udp")}
    assert asked.requests[0].field("Host") == f"{HOST}:{asked.port}"


@covers("resolver")
def test_an_alias_is_followed(serve, made, start, asked):  # noqa: F811
    names = start(NameServer({HOST: [("CNAME", "edge.test", 300)], "edge.test": HERE}))
    wait_until_stapled(serve(http=site_of(made, asked, names.address)))


@covers("resolver")
@cases(("parameter", "kinds"), [("ipv6=off", {1}), ("ipv4=off", {28}), ("", {1, 28})])
def test_the_families_that_are_asked_for(serve, made, start, parameter, kinds):  # noqa: F811
    about = responder.response(made, "server")
    family, record = ("::1", "AAAA") if parameter == "ipv4=off" else ("127.0.0.1", "A")
    asked = start(ScriptedServer(answers(lambda request: ocsp(about)), (family, 0)))  # noqa: F811
    names = start(NameServer({HOST: [(record, family, 300)]}))
    wait_until_stapled(serve(http=site_of(made, asked, f"{names.address} {parameter}")))
    assert {kind for _, kind, _ in names.asked} == kinds


@covers("resolver")
def test_too_long_an_answer_is_asked_for_over_tcp(serve, made, start, asked):  # noqa: F811
    names = start(NameServer({HOST: HERE}, truncates=True))
    wait_until_stapled(serve(http=site_of(made, asked, names.address)))
    assert "tcp" in {transport for _, _, transport in names.asked}


@covers("resolver")
def test_a_silent_server_gives_way_to_the_next(serve, made, start, asked):  # noqa: F811
    silent, names = start(NameServer({}, silent=True)), start(NameServer({HOST: HERE}))
    wait_until_stapled(serve(http=site_of(made, asked, f"{silent.address} {names.address} ipv6=off")))
    assert silent.questions() and names.questions()


@covers("resolver")
def test_a_server_that_fails_gives_way_to_the_next(serve, made, start, asked):  # noqa: F811
    failing, names = start(NameServer({}, failure=SERVER_FAILURE)), start(NameServer({HOST: HERE}))
    wait_until_stapled(serve(http=site_of(made, asked, f"{failing.address} {names.address} ipv6=off")))


def ask_for_another(server, made, asked, names, parameters):  # noqa: F811
    """Another server asks the same host about another certificate, with the same resolver."""
    resolver = f"resolver {names.address} {parameters};"
    one = configuration(made, f"http://{HOST}:{asked.port}/", resolver)
    two = configuration(made, f"http://{HOST}:{asked.port}/again", resolver, listen="listen 127.0.0.1:{port2} ssl;")
    reload.reload(server, http=one + two)
    wait_until_stapled(server, port=server.site.port("port2"))


@covers("resolver")
@cases(("seconds", "parameters", "is_asked_again"), [(300, "", False), (0, "", True), (0, "valid=30s", False)])
def test_how_long_an_answer_is_kept(serve, made, start, asked, seconds, parameters, is_asked_again):  # noqa: F811
    names = start(NameServer({HOST: [("A", "127.0.0.1", seconds)]}))
    parameters += " ipv6=off"
    server = serve(http=site_of(made, asked, f"{names.address} {parameters}"))
    wait_until_stapled(server)
    ask_for_another(server, made, asked, names, parameters)
    assert len(names.questions()) == (2 if is_asked_again else 1)


@covers("resolver")
def test_several_who_want_to_know_ask_once(serve, made, start, asked):  # noqa: F811
    names = start(NameServer({HOST: [("A", "127.0.0.1", 0)]}))
    resolver = f"resolver {names.address} ipv6=off;"
    servers = [configuration(made, f"http://{HOST}:{asked.port}/{number}", resolver, listen=f"listen 127.0.0.1:{{port{number}}} ssl;")
               for number in range(2, 6)]
    server = serve(http=" ".join(servers))
    for number in range(2, 6):
        wait_until_stapled(server, port=server.site.port(f"port{number}"))
    assert len(names.questions()) == 1


@covers("resolver")
@cases(("names", "why"), [({}, "3: Host not found"), ({HOST: [("AAAA", "::1", 300)]}, "3: Host not found")])
def test_a_name_that_nobody_knows(serve, made, start, asked, names, why):  # noqa: F811
    names = start(NameServer(names))
    server = serve(http=site_of(made, asked, f"{names.address} ipv6=off"))
    line = server.error_line("while requesting certificate status")
    assert f"{HOST} could not be resolved ({why})" in line and f"responder: {HOST}" in line
    assert NOTHING in status(server)


@covers("resolver", "resolver_timeout")
def test_nobody_answers(serve, made, start, asked):  # noqa: F811
    names = start(NameServer({}, silent=True))
    server = serve(http=site_of(made, asked, names.address, "resolver_timeout 100ms;"))
    line = server.error_line("while requesting certificate status")
    assert f"{HOST} could not be resolved (110: Operation timed out)" in line
    assert NOTHING in status(server)


@covers("resolver")
def test_a_reload_while_names_are_asked_for(serve, made, start, asked):  # noqa: F811
    silent, names = start(NameServer({}, silent=True)), start(NameServer({HOST: HERE}))
    server = serve(http=site_of(made, asked, silent.address))
    process.wait_until(lambda: silent.asked, what="a question")
    worker = server.process.worker()
    reload.reload(server, http=site_of(made, asked, names.address))
    wait_until_stapled(server)
    assert server.process.workers() == [worker] and "while requesting" not in server.error_log()


@covers("resolver")
def test_servers_inherit_it(serve, made, start, asked):  # noqa: F811
    names = start(NameServer({HOST: HERE}))
    server = serve(http=f"resolver {names.address}; resolver_timeout 5s; " + site_of(made, asked, ""))
    wait_until_stapled(server)


def test_without_a_resolver_the_system_is_asked(serve, made, asked):  # noqa: F811
    wait_until_stapled(serve(http=site_of(made, asked, "", host="localhost")))


@covers("resolver", "resolver_timeout")
def test_where_and_how_they_stand(site):
    """As nearly every configuration has them."""
    usual = "resolver 1.1.1.1 [2606:4700:4700::1111]:5353 valid=300s ipv6=off; resolver_timeout 5s;"
    told = said(site, usual + " server { listen 127.0.0.1:{port}; " + usual + " location / { " + usual + " } }")
    assert told.returncode == 0 and "resolver" not in told.stderr


@covers("resolver")
def test_a_zone_of_figures_is_not_kept(serve):
    server = serve(http="resolver 127.0.0.1 status_zone=dns; server { listen 127.0.0.1:{port}; }")
    assert "[notice]" in server.error_line('"status_zone" of "resolver" changes nothing')


@covers("resolver", "resolver_timeout")
@cases(("words", "why"), [
    ("resolver valid=10s;", "no name servers defined"),
    ("resolver 127.0.0.1:0;", 'invalid port in resolver "127.0.0.1:0"'),
    ("resolver [::1;", 'invalid host in resolver "[::1"'),
    ("resolver no.such.host.invalid;", 'host not found in resolver "no.such.host.invalid"'),
    ("resolver 127.0.0.1 valid=soon;", "invalid parameter: valid=soon"),
    ("resolver 127.0.0.1 ipv6=maybe;", "invalid parameter: ipv6=maybe"),
    ("resolver 127.0.0.1 ipv4=off ipv6=off;", '"ipv4" and "ipv6" cannot both be "off"'),
    ("resolver 127.0.0.1; resolver 127.0.0.2;", '"resolver" directive is duplicate'),
    ("resolver_timeout soon;", '"resolver_timeout" directive invalid value'),
])
def test_what_is_wrong_is_said(site, words, why):
    told = said(site, words + " server { listen 127.0.0.1:{port}; }")
    assert told.returncode == 1 and why in told.stderr, told.stderr
