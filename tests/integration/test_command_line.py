# integration/test_command_line.py: options, exit codes and messages, which scripts rely on: they are nginx's.
import os
import re
import signal

import pytest
from harness import process
from harness.marks import cases, covers, webserv_only

NAME = process.name_of(process.BINARY)
CONFIG = ("pid {dir}/server.pid; error_log {dir}/error.log; events { } "
          "http { access_log off; server { listen 127.0.0.1:{port}; return 200 x; } }")
BROKEN = "events { } nosuch on;"


@pytest.fixture
def conf(site):
    return site.configure(CONFIG)


def run(site, *arguments):
    return process.run(["-p", str(site.dir), *arguments])


def test_t_tests(site, conf):
    result = run(site, "-t", "-c", str(conf))
    assert result.returncode == 0
    assert result.stderr == (f"{NAME}: the configuration file {conf} syntax is ok\n"
                             f"{NAME}: configuration file {conf} test is successful\n")
    assert not process.can_connect(("127.0.0.1", site.port()))


def test_t_says_what_is_broken(site):
    conf = site.configure(BROKEN)
    result = run(site, "-t", "-c", str(conf))
    assert result.returncode == 1
    lines = result.stderr.splitlines()
    assert lines[0] == f'{NAME}: [emerg] unknown directive "nosuch" in {conf}:1'
    assert lines[-1] == f"{NAME}: configuration file {conf} test failed"


def test_q_is_quiet(site, conf):
    result = run(site, "-t", "-q", "-c", str(conf))
    assert (result.returncode, result.stderr, result.stdout) == (0, "", "")
    result = run(site, "-t", "-q", "-c", str(site.configure(BROKEN)))
    assert result.returncode == 1
    assert "[emerg]" in result.stderr


@covers("include")
def test_big_t_dumps_every_file(site):
    site.write(site.dir / "inner.conf", "# inner\nserver { listen 127.0.0.1:1; }\n")
    conf = site.configure("pid {dir}/p; error_log {dir}/e;\nevents { }\nhttp { access_log off; include inner.conf; }\n")
    result = run(site, "-T", "-c", str(conf))
    assert result.returncode == 0
    inner = f"# configuration file {site.dir}/inner.conf:\n# inner\nserver {{ listen 127.0.0.1:1; }}\n"
    assert result.stdout.startswith(f"# configuration file {conf}:\n{conf.read_text()}\n")
    assert inner in result.stdout
    assert f"{NAME}: configuration file {conf} test is successful" in result.stderr


def test_a_relative_c_is_relative_to_the_prefix(site, conf):
    result = process.run(["-t", "-p", str(site.dir), "-c", conf.name], cwd="/")
    assert result.returncode == 0, result.stderr


def test_a_configuration_that_is_missing(site):
    result = run(site, "-t", "-c", "/nope.conf")
    assert result.returncode == 1
    assert f'{NAME}: [emerg] open() "/nope.conf" failed (2: No such file or directory)' in result.stderr


def test_g_adds_directives(serve, site):
    server = serve("error_log {dir}/error.log; events { } http { access_log off; server { listen 127.0.0.1:{port}; } }",
                   arguments=["-g", "daemon off; pid {dir}/other.pid;".replace("{dir}", str(site.dir))])
    path = site.dir / "other.pid"
    process.wait_until(lambda: path.exists() and path.read_text() == f"{server.process.pid}\n", what="the pid file")


def test_g_may_be_broken(site, conf):
    result = run(site, "-t", "-c", str(conf), "-g", "nosuch;")
    assert result.returncode == 1
    assert f'{NAME}: [emerg] unknown directive "nosuch" in command line' in result.stderr


def test_g_and_the_file_may_not_say_the_same(site, conf):
    result = run(site, "-t", "-c", str(conf), "-g", "pid /tmp/x;")
    assert result.returncode == 1
    assert f'{NAME}: [emerg] "pid" directive is duplicate in {conf}:1' in result.stderr


@cases("name, number", [("stop", signal.SIGTERM), ("quit", signal.SIGQUIT)])
def test_s_sends_a_signal(serve, site, name, number):
    server = serve(CONFIG)
    server.get("/")
    result = run(site, "-c", str(site.dir / "test.conf"), "-s", name)
    assert (result.returncode, result.stderr) == (0, "")
    assert server.process.wait() == 0


def test_s_without_a_server(site, conf):
    result = run(site, "-c", str(conf), "-s", "stop")
    assert result.returncode == 1
    assert f'open() "{site.dir}/server.pid" failed (2: No such file or directory)' in result.stderr


def test_s_with_a_pid_file_that_is_rubbish(site, conf):
    site.write(site.dir / "server.pid", "rubbish\n")
    result = run(site, "-c", str(conf), "-s", "stop")
    assert result.returncode == 1
    assert f'invalid PID number "rubbish" in "{site.dir}/server.pid"' in result.stderr


def test_s_knows_its_signals(site, conf):
    result = run(site, "-c", str(conf), "-s", "nosuch")
    assert result.returncode == 1
    assert f'{NAME}: invalid option: "-s nosuch"' in result.stderr


def test_e_names_the_first_error_log(site):
    conf = site.configure("pid {dir}/server.pid; events { } nosuch;")
    log = site.dir / "first.log"
    assert run(site, "-e", str(log), "-c", str(conf), "-t").returncode == 1
    assert re.search(r'\[emerg\] \d+#\d+: unknown directive "nosuch" in ', log.read_text())


def test_v(site):
    result = process.run(["-v"])
    assert result.returncode == 0
    assert re.fullmatch(rf"{NAME} version: {NAME}/\d+\.\d+\.\d+\n", result.stderr + result.stdout)


@webserv_only("nginx is only one of these")
def test_big_v_tells_which_nginx_we_are_like():
    result = process.run(["-V"])
    assert result.returncode == 0
    output = result.stderr
    assert re.search(r"^webserv version: webserv/\d+\.\d+\.\d+$", output, re.M)
    assert re.search(r"^nginx version: nginx/1\.31\.4$", output, re.M)  # certbot and others look for this line
    assert re.search(r"^TLS SNI support enabled$", output, re.M)
    assert re.search(r"^configure arguments: .* --with-http_ssl_module\b", output, re.M)
    assert "--without-http_access_module" not in output  # it is there


@cases("option", ["-h", "-?"])
def test_help(option):
    result = process.run([option])
    output = result.stderr + result.stdout
    assert result.returncode == 0
    for word in ("Usage:", "-t", "-T", "-q", "-s", "-p", "-e", "-c", "-g", "-v", "-V"):
        assert word in output


@cases("arguments, message", [
    (["-x"], 'invalid option: "x"'), (["-c"], 'option "-c" requires file name'), (["-p"], 'option "-p" requires directory name'),
    (["-g"], 'option "-g" requires parameter'), (["-s"], 'option "-s" requires parameter'),
])
def test_wrong_options(arguments, message):
    result = process.run(arguments)
    assert result.returncode == 1
    assert f"{NAME}: {message}" in result.stderr


def test_options_may_be_glued(site, conf):
    result = process.run(["-tq", f"-p{site.dir}", f"-c{conf}"])
    assert (result.returncode, result.stderr) == (0, "")


def test_a_second_server_on_the_same_port_fails(serve, site):
    serve(CONFIG)
    result = run(site, "-c", str(site.dir / "test.conf"), "-g", "daemon off;")
    assert result.returncode == 1
    assert f"{NAME}: [emerg] bind() to 127.0.0.1:{site.port()} failed (98: Address already in use)" in result.stderr


def test_relative_paths_are_relative_to_the_prefix(serve, site):
    site.write(site.dir / "documents/file", "document")
    site.write(site.dir / "logs/README", "")
    server = serve("pid logs/server.pid; error_log logs/error.log; events { } http { access_log logs/access.log; "
                   "client_body_temp_path temp; server { listen 127.0.0.1:{port}; root documents; } }")
    assert server.get("/file").text == "document"
    assert {"server.pid", "error.log", "access.log"} <= set(os.listdir(site.dir / "logs"))
