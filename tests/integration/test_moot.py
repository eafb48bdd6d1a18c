# integration/test_moot.py: directives of nginx's that change nothing here: accepted, with a notice in the log that says so.
# A server that refused them would refuse most configurations there are.
import pytest
from harness import process, reload
from harness.marks import cases, covers, webserv_only

pytestmark = webserv_only("they mean something to nginx")

MAIN = {"timer_resolution": "100ms", "pcre_jit": "on", "lock_file": "{dir}/lock", "debug_points": "abort", "load_module": "modules/x.so",
        "ssl_engine": "dynamic", "google_perftools_profiles": "{dir}/profile",
        "ssl_object_cache_inheritable": "off", "quic_bpf": "on"}
EVENTS = {"multi_accept": "on", "accept_mutex": "off", "accept_mutex_delay": "500ms", "epoll_events": "512", "worker_aio_requests": "32"}
HTTP = {"variables_hash_max_size": "2048", "variables_hash_bucket_size": "64", "server_names_hash_max_size": "512",
        "server_names_hash_bucket_size": "64", "types_hash_max_size": "2048", "types_hash_bucket_size": "64", "connection_pool_size": "512",
        "request_pool_size": "4k", "msie_padding": "on",
        "msie_refresh": "off", "client_body_in_single_buffer": "on", "map_hash_max_size": "2048",
        "map_hash_bucket_size": "64", "proxy_headers_hash_max_size": "512", "proxy_headers_hash_bucket_size": "64",
        "postpone_output": "0", "read_ahead": "128k", "send_lowat": "0", "aio_write": "on", "open_file_cache": "max=1000 inactive=20s",
        "http2_push_preload": "off", "http2_max_concurrent_pushes": "10", "http2_max_requests": "1000", "http2_max_field_size": "4k",
        "http2_max_header_size": "16k", "http2_recv_timeout": "30s", "http2_idle_timeout": "3m", "http2_pool_size": "4k",
        "http2_streams_index_size": "32", "http2_push": "off",
        "open_file_cache_valid": "30s", "open_file_cache_min_uses": "2", "open_file_cache_errors": "on", "open_file_cache_events": "off",
        "log_subrequest": "on", "subrequest_output_buffer_size": "8k", "early_hints": "$http2 $http_x"}
SERVER = {"referer_hash_max_size": "2048", "referer_hash_bucket_size": "64"}


def lines(words):
    return " ".join(f"{name} {value};" for name, value in words.items())


@pytest.fixture(scope="module")
def server(shared_serve):
    return shared_serve(main="worker_processes 1; " + lines(MAIN), events="worker_connections 256; " + lines(EVENTS),
                        http=lines(HTTP) + " server { listen 127.0.0.1:{port}; " + lines(SERVER) + " return 200 x; }")


@covers("ssl_engine", "google_perftools_profiles", "map_hash_max_size", "map_hash_bucket_size", "proxy_headers_hash_max_size",
        "proxy_headers_hash_bucket_size", "referer_hash_max_size", "referer_hash_bucket_size", "timer_resolution", "pcre_jit",
        "lock_file", "debug_points", "load_module", "multi_accept", "accept_mutex", "accept_mutex_delay", "epoll_events",
        "worker_aio_requests", "variables_hash_max_size", "variables_hash_bucket_size", "server_names_hash_max_size",
        "server_names_hash_bucket_size", "types_hash_max_size", "types_hash_bucket_size", "connection_pool_size", "request_pool_size",
        "msie_padding", "msie_refresh", "client_body_in_single_buffer", "postpone_output", "read_ahead", "send_lowat", "aio_write",
        "http2_push", "http2_push_preload", "http2_max_concurrent_pushes", "http2_max_requests", "http2_max_field_size",
        "http2_max_header_size", "http2_recv_timeout", "http2_idle_timeout", "http2_pool_size", "http2_streams_index_size",
        "open_file_cache_valid", "open_file_cache_min_uses", "open_file_cache_errors", "open_file_cache_events",
        "log_subrequest", "subrequest_output_buffer_size", "early_hints", "ssl_object_cache_inheritable", "quic_bpf")
@cases("name", [*MAIN, *EVENTS, *HTTP, *SERVER])
def test_a_notice_in_the_log(server, name):
    line = server.error_line(f'"{name}" changes nothing: ')
    assert "[notice]" in line and "test.conf:" in line


def test_the_server_serves(server):
    assert server.get("/").text == "x"


def test_a_reload_says_it_again(serve):
    server = serve(server="return 200 x;")
    assert "changes nothing" not in server.error_log()
    reload.reload(server, http="server { listen 127.0.0.1:{port}; types_hash_max_size 2048; return 200 x; }")
    server.error_line('"types_hash_max_size" changes nothing')


def test_their_places_and_words_are_checked(site):
    for words, complaint in (("lock_file x", '"lock_file" directive is not allowed here'),
                             ("types_hash_max_size 1 2", 'invalid number of arguments in "types_hash_max_size" directive')):
        conf = site.configure(server=words + ";")
        answer = process.run(["-p", str(site.dir), "-c", str(conf), "-t"])
        assert answer.returncode == 1 and complaint in answer.stderr


@cases("place, words", [
    ("main", "pcre_jit maybe"), ("main", "timer_resolution soon"), ("main", "debug_points x"), ("events", "multi_accept maybe"),
    ("events", "accept_mutex_delay x"), ("events", "worker_aio_requests many"), ("defaults", "types_hash_max_size x"),
    ("defaults", "request_pool_size x"), ("server", "msie_padding maybe"), ("server", "postpone_output x"), ("server", "read_ahead x"),
    ("server", "send_lowat x"), ("server", "aio_write maybe"), ("server", "open_file_cache_valid x"),
    ("server", "open_file_cache_min_uses x"), ("server", "open_file_cache_errors x"), ("server", "http2_push_preload maybe"),
    ("main", "quic_bpf 1"), ("main", "ssl_object_cache_inheritable maybe"), ("defaults", "http2_max_requests many"), ("defaults", "http2_max_field_size x"), ("defaults", "http2_idle_timeout soon"),
])
def test_values_that_mean_nothing_are_refused(site, place, words):
    conf = site.configure(**{"server": "", place: f"{words};"})
    answer = process.run(["-p", str(site.dir), "-c", str(conf), "-t"])
    assert answer.returncode == 1 and "invalid" in answer.stderr and words.split()[0] in answer.stderr


@cases("words, complaint", [
    ("early_hints $nothing", 'unknown "nothing" variable'), ("early_hints", 'invalid number of arguments in "early_hints"'), ("early_hints $", "invalid variable name"),
])
def test_conditions_are_understood(site, words, complaint):
    for place in ("defaults", "server"):
        conf = site.configure(**{"server": "", place: f"{words};"})
        answer = process.run(["-p", str(site.dir), "-c", str(conf), "-t"])
        assert answer.returncode == 1 and complaint in answer.stderr


def test_each_of_several_is_told_about(serve):
    server = serve(server="early_hints $http_a; early_hints $http_b 1; location / { early_hints 0; return 200 x; }")
    assert server.error_log().count('"early_hints" changes nothing') == 3
