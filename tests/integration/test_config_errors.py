# integration/test_config_errors.py: what is wrong with a configuration, in nginx's words, and where, which nginx does not say.
# Tools look for the first line; people read the rest.
import re

from harness import process
from harness.marks import cases, covers, webserv_only

NAME = process.name_of(process.BINARY)


def complaint(site, text):
    """Tests a configuration that must be refused; the message's lines."""
    conf = site.configure(text)
    result = process.run(["-t", "-p", str(site.dir), "-c", str(conf)])
    assert result.returncode == 1, result.stderr
    lines = result.stderr.splitlines()
    assert lines[-1] == f"{NAME}: configuration file {conf} test failed"
    return [line.replace(str(conf), "FILE") for line in lines[:-1] if "[warn]" not in line and not line.endswith("syntax is ok")]


def http(text):
    return "events { }\nhttp {\n" + text + "\n}\n"


def server(text):
    return http("server {\n" + text + "\n}")


# What follows "[emerg] "; lines are counted in the whole text: http's begins at 3, server's at 4.
CASES = [
    ("servr { }", 'unknown directive "servr" in FILE:1'),
    (http("servr { }"), 'unknown directive "servr" in FILE:3'),
    (server("root /a\n}"), 'unexpected "}" in FILE:5'),
    (server("location ~ [a-f]{3} { }"), 'unknown directive "3}" in FILE:4'),
    (server("root /a /b;"), 'invalid number of arguments in "root" directive in FILE:4'),
    (server("root;"), 'invalid number of arguments in "root" directive in FILE:4'),
    (server("root /a;\nroot /b;"), '"root" directive is duplicate in FILE:5'),
    (http("listen 80;"), '"listen" directive is not allowed here in FILE:3'),
    ("http { } http { }", '"http" directive is duplicate in FILE:1'),
    ("events { } server { }", '"server" directive is not allowed here in FILE:1'),
    ("Events { }", 'unknown directive "Events" in FILE:1'),
    (server("sendfile maybe;"), 'invalid value "maybe" in "sendfile" directive, it must be "on" or "off" in FILE:4'),
    (server("etag 1;"), 'invalid value "1" in "etag" directive, it must be "on" or "off" in FILE:4'),
    (server("location /a { } location /a { }"), 'duplicate location "/a" in FILE:4'),
    (server("location ^~ /a { } location /a { }"), 'duplicate location "/a" in FILE:4'),
    (server("location = /a { } location = /a { }"), 'duplicate location "/a" in FILE:4'),
    (server("location /a { location /b { } }"), 'location "/b" is outside location "/a" in FILE:4'),
    (server("location = /a { location /a/b { } }"), 'location "/a/b" cannot be inside the exact location "/a" in FILE:4'),
    (server("location @a { location /b { } }"), 'location "/b" cannot be inside the named location "@a" in FILE:4'),
    (server("location /a { location @b { } }"), 'named location "@b" can be on the server level only in FILE:4'),
    (server("location x /a { }"), 'invalid location modifier "x" in FILE:4'),
    (server('client_max_body_size 1x;'), '"client_max_body_size" directive invalid value in FILE:4'),
    (server("client_header_timeout soon;"), '"client_header_timeout" directive invalid value in FILE:4'),
    (server("send_timeout 1h1d;"), '"send_timeout" directive invalid value in FILE:4'),
    (server("large_client_header_buffers 4;"), 'invalid number of arguments in "large_client_header_buffers" directive in FILE:4'),
    (server("lingering_close perhaps;"), 'invalid value "perhaps" in FILE:4'),
    (server("include /nope.conf;"), 'open() "/nope.conf" failed (2: No such file or directory) in FILE:4'),
    (server("return 200 $nosuch;"), 'unknown "nosuch" variable'),
    (http("log_format a '$nosuch';\naccess_log x a;"), 'unknown "nosuch" variable'),
    (server("return abc;"), 'invalid return code "abc" in FILE:4'),
    (server("return 1000;"), 'invalid return code "1000" in FILE:4'),
    (server("return;"), 'invalid number of arguments in "return" directive in FILE:4'),
    (server("listen 99999;"), 'invalid port in "99999" of the "listen" directive in FILE:4'),
    (server("listen nosuch.invalid:80;"), 'host not found in "nosuch.invalid:80" of the "listen" directive in FILE:4'),
    (server("listen 80 nosuch;"), 'invalid parameter "nosuch" in FILE:4'),
    (server("listen 80; listen 80;"), 'a duplicate listen 0.0.0.0:80 in FILE:4'),
    (http("server { listen 80 default_server; }\nserver { listen 80 default_server; }"),
    'a duplicate default server for 0.0.0.0:80 in FILE:4'),
    (http("server { server_name a*b.c; }\nserver { server_name b; }"), 'invalid server name or wildcard "a*b.c"'),
    (server('server_name "~^(";'), "pcre2_compile() failed: missing closing parenthesis in \"^(\""),
    (server("location ~ ( { }"), "pcre2_compile() failed: missing closing parenthesis in \"(\""),
    (server("error_page 200 /x;"), 'value "200" must be between 300 and 599 in FILE:4'),
    (server("error_page 404;"), 'invalid number of arguments in "error_page" directive in FILE:4'),
    (server("error_page abc /x;"), 'invalid value "abc" in FILE:4'),
    (server("access_log x nosuch;"), 'unknown log format "nosuch" in FILE:4'),
    (http("log_format a x;\nlog_format a y;"), 'duplicate "log_format" name "a" in FILE:4'),
    (server("error_log x loud;"), 'invalid log level "loud" in FILE:4'),
    (server("location / { root /a; alias /b; }"), '"alias" directive is duplicate, "root" directive was specified earlier in FILE:4'),
    (server("location @a { alias /b; }"), 'the "alias" directive cannot be used inside the named location in FILE:4'),
    (server("location / { alias $document_root/x; }"), 'the $document_root variable cannot be used in the "alias" directive in FILE:4'),
    (server("error_log x warn error;"), 'duplicate log level "error" in FILE:4'),
    (server("alias /a;"), '"alias" directive is not allowed here in FILE:4'),
    (server("internal;"), '"internal" directive is not allowed here in FILE:4'),
    (server("location / { internal on; }"), 'invalid number of arguments in "internal" directive in FILE:4'),
    (server("location { }"), 'invalid number of arguments in "location" directive in FILE:4'),
    (server("location /;"), 'directive "location" has no opening "{" in FILE:4'),
    (server("root /a { }"), 'directive "root" is not terminated by ";" in FILE:4'),
    (server('root "/a" x"b;'), 'invalid number of arguments in "root" directive'),
    (server('root "/a"b;'), 'unexpected "b" in FILE:4'),
    (server(";"), 'unexpected ";" in FILE:4'),
    (server("{ }"), 'unexpected "{" in FILE:4'),
    ("events { }\nhttp {", 'unexpected end of file, expecting "}" in FILE:2'),
    ("events { }\nhttp", 'unexpected end of file, expecting ";" or "}" in FILE:2'),
    ("events { }\n}", 'unexpected "}" in FILE:2'),
    ("http { }", 'no "events" section in configuration'),
    ("worker_processes many; events { }", '"worker_processes" directive invalid value in FILE:1'),
    ("events { worker_connections many; }", "invalid number \"many\" in FILE:1"),
    ("events { use nosuch; }", 'invalid event type "nosuch" in FILE:1'),
    ("events { use epoll; use epoll; }", '"use" directive is duplicate in FILE:1'),
    ("daemon on; daemon off; events { }", '"daemon" directive is duplicate in FILE:1'),
    (server("add_header X;"), 'invalid number of arguments in "add_header" directive in FILE:4'),
    (server("keepalive_timeout 1s 2s 3s;"), 'invalid number of arguments in "keepalive_timeout" directive in FILE:4'),
    (server("default_type;"), 'invalid number of arguments in "default_type" directive in FILE:4'),
    (server("return 200 ${host;"), 'the closing bracket in "host" variable is missing in FILE:4'),
    (server("location / { server { } }"), '"server" directive is not allowed here in FILE:4'),
]


@cases("text, message", CASES, ids=[message for _, message in CASES])
def test_the_first_line_is_nginx_s(site, text, message):
    first = complaint(site, text)[0]
    assert first.startswith(f"{NAME}: [emerg] {message}"), first


PLACES = [
    (server("  servr { }"), 4, 3, "  servr { }", 'did you mean "server"?'),
    (server("server_nam a;"), 4, 1, "server_nam a;", 'did you mean "server_name"?'),
    (server("\trot /a;"), 4, 2, "\trot /a;", 'did you mean "root"?'),
    (server("return 200 $hots;"), 4, None, "return 200 $hots;", 'did you mean "$host"?'),
    (server("sendfile maybe;"), 4, 10, "sendfile maybe;", None),
    (server("root /a;\nroot /b;"), 5, 1, "root /b;", None),
]


@webserv_only("nginx shows neither column nor line")
@cases("text, line, column, source, suggestion", PLACES, ids=[case[3].strip() for case in PLACES])
def test_the_place_is_shown(site, text, line, column, source, suggestion):
    lines = complaint(site, text)
    place = re.fullmatch(r"FILE:(\d+):(\d+)", lines[1])
    assert place and int(place[1]) == line
    assert column is None or int(place[2]) == column
    assert lines[2] == source
    assert lines[3].endswith("^") and len(lines[3]) == int(place[2])
    if suggestion:
        assert any(line.startswith(suggestion) for line in lines[4:])


@webserv_only("it is about what we do not have yet")
@cases("text, name", [
    (server("location / { proxy_pass http://h; }"), "proxy_pass"), (server("gzip on;"), "gzip"), (server("rewrite a b;"), "rewrite"),
    (server("limit_req zone=a;"), "limit_req"), (server("ssl_ocsp on;"), "ssl_ocsp"), (http("map $a $b { }"), "map"),
    (http("upstream u { server a; }"), "upstream"), ("events { } stream { }", "stream"), (server("ssi on;"), "ssi"),
    (server("slice 1m;"), "slice"), (server("auth_request /x;"), "auth_request"), (server("userid on;"), "userid"),
])
def test_a_directive_that_nginx_knows_and_we_do_not(site, text, name):
    assert complaint(site,
        text)[0].startswith(f'{NAME}: [emerg] directive "{name}" is known to nginx but not supported by webserv yet in FILE:')


@webserv_only("nginx names the brace, not the directive")
def test_a_missing_semicolon_is_explained(site):
    text = "\n".join(complaint(site, server("root /a\n}")))
    assert "root" in text and ";" in text


def test_a_broken_configuration_starts_nothing(site):
    conf = site.configure(server("listen 127.0.0.1:{port}; nosuch;"))
    result = process.run(["-p", str(site.dir), "-c", str(conf), "-g", "daemon off;"])
    assert result.returncode == 1
    assert not process.can_connect(("127.0.0.1", site.port()))


@covers("use")
def test_the_event_method_is_checked(site):
    assert complaint(site, "events { use nosuch; }")[0].startswith(f'{NAME}: [emerg] invalid event type "nosuch" in FILE:1')


# Grammar that is right

@cases("text", [
    server('root "/a b"; # comment'), server("root '/a;b';"), server("root /a#b;"), server('return 200 "a\\"b";'),
    server("return 200 a\\;b;"),
    server("location ~ \"[a-f]{3}\" { }"), server("location ~* \\.(?:a|b)$ { }"), server("return 200 ${host}x;"),
    server("return 200 \"multi\nline\";"),
    "events{}http{server{listen 127.0.0.1:1;}}", "events {\r\n}\r\nhttp {\r\n}\r\n", "\n\n# only\nevents { }\n# end",
    server("sendfile ON;"),
    server("client_max_body_size 1G; client_header_timeout 1m30s; send_timeout '1h 30m'; keepalive_timeout 500ms;"),
    server("types { } types { a/b c; }"), server("location / { } location = / { } location ~ / { }"),
], ids=str)
def test_accepted(site, text):
    conf = site.configure(text)
    result = process.run(["-t", "-p", str(site.dir), "-c", str(conf)])
    assert result.returncode == 0, result.stderr
