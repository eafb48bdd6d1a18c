# integration/test_process_settings.py: what workers make of themselves: limits, priority, processors, folder, environment.
# Read from /proc, where the kernel tells what it thinks of a process; the environment shows in the zone of a log's times.
import os
import pwd
import signal
import struct
import subprocess
import sys
from pathlib import Path

import pytest
from harness import process
from harness.client import head_of
from harness.marks import cases, covers, webserv_only

ANSWER = 'location / { return 200 "$pid"; }'
CPUS = sorted(os.sched_getaffinity(0))
TOKYO = "JST-9"  # a zone that needs no file: tzset(3)
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="needs root")


def workers_of(server, count=1):
    """The workers' process ids, once each is what it is told to be: one that answers is."""
    process.wait_until(lambda: len(server.process.workers()) == count, what=f"{count} workers")
    seen = set()
    process.wait_until(lambda: seen.add(int(server.get("/").text)) or seen, what="an answer")
    return server.process.workers()


def limit(pid, name):
    """(soft, hard) as /proc tells them."""
    line = next(line for line in Path(f"/proc/{pid}/limits").read_text().splitlines() if line.startswith(name))
    return tuple(line[len(name):].split()[:2])


def nice_value(pid):
    return int(Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[16])


def cpus_of(pid):
    return sorted(os.sched_getaffinity(pid))


def mask_of(*cpus):
    return f"{sum(1 << cpu for cpu in cpus):b}"


@covers("worker_rlimit_nofile")
def test_worker_rlimit_nofile(serve):
    server = serve(main="worker_rlimit_nofile 700;", server=ANSWER)
    (worker,) = workers_of(server)
    assert limit(worker, "Max open files") == ("700", "700")
    assert limit(server.process.pid, "Max open files") == limit(os.getpid(), "Max open files")


@needs_root
def test_the_priority_is_set_before_root_is_given_up(serve):
    probe = "import os; os.setpriority(os.PRIO_PROCESS, 0, -3)"
    if subprocess.run([sys.executable, "-c", probe], stderr=subprocess.DEVNULL, check=False).returncode != 0:
        pytest.skip("this root lacks CAP_SYS_NICE")
    server = serve(main="user nobody nogroup; worker_priority -3;", server=ANSWER)
    (worker,) = workers_of(server)
    assert nice_value(worker) == -3
    assert Path(f"/proc/{worker}/status").read_text().split("Uid:")[1].split()[0] == str(pwd.getpwnam("nobody").pw_uid)


def test_a_worker_serves_without_a_limit_that_it_may_not_have(serve):
    server = serve(main="worker_rlimit_nofile 9223372036854775807;", server=ANSWER)
    (worker,) = workers_of(server)
    server.error_line(r"\[alert\] .*setrlimit\(RLIMIT_NOFILE, 9223372036854775807\) failed \(1: Operation not permitted\)")
    assert limit(worker, "Max open files") != ("9223372036854775807", "9223372036854775807")


@covers("worker_rlimit_core")
def test_worker_rlimit_core(serve):
    server = serve(main="worker_rlimit_core 12k;", server=ANSWER)
    (worker,) = workers_of(server)
    assert limit(worker, "Max core file size") == ("12288", "12288")


def is_dumpable(pid):
    """Files in /proc belong to root as long as the process may not be dumped: proc(5)."""
    return Path(f"/proc/{pid}/status").stat().st_uid != 0


@needs_root
@covers("worker_rlimit_core")
def test_a_worker_that_has_given_up_root_may_leave_a_core_file(serve):
    server = serve(main="user nobody nogroup; worker_rlimit_core 12k;", server=ANSWER)
    assert is_dumpable(*workers_of(server))


@needs_root
@webserv_only("its workers can always be dumped, and attached to by their user")
def test_without_core_files_nobody_attaches_to_a_worker(serve):
    assert not is_dumpable(*workers_of(serve(main="user nobody nogroup;", server=ANSWER)))


@covers("working_directory")
def test_working_directory(serve, site):
    site.write("work/file")
    server = serve(main="working_directory {root}/work;", server=ANSWER)
    (worker,) = workers_of(server)
    assert os.readlink(f"/proc/{worker}/cwd") == str(site.root / "work")
    assert os.readlink(f"/proc/{server.process.pid}/cwd") == os.getcwd()


@covers("worker_priority")
@cases("value, expected", [("7", 7), ("+3", 3), ("99", 19)])
def test_worker_priority(serve, value, expected):
    server = serve(main=f"worker_priority {value};", server=ANSWER)
    (worker,) = workers_of(server)
    assert nice_value(worker) == expected
    assert nice_value(server.process.pid) == nice_value(os.getpid())


@covers("worker_cpu_affinity")
def test_masks_are_for_one_worker_each_and_the_last_for_the_rest(serve):
    first, last = CPUS[0], CPUS[-1]
    server = serve(main=f"worker_processes 3; worker_cpu_affinity {mask_of(last)} {mask_of(first)};", server=ANSWER)
    process.wait_until(lambda: sorted(map(cpus_of, workers_of(server, 3))) == sorted([[last], [first], [first]]), what="the masks")


@covers("worker_cpu_affinity")
def test_one_mask_is_for_all_workers(serve):
    some = CPUS[:-1] or CPUS
    server = serve(main=f"worker_processes 2; worker_cpu_affinity 0{mask_of(*some)};", server=ANSWER)
    process.wait_until(lambda: [cpus_of(worker) for worker in workers_of(server, 2)] == [some] * 2, what="the mask")


@covers("worker_cpu_affinity")
def test_auto_gives_each_worker_one_processor(serve):
    server = serve(main=f"worker_processes {len(CPUS) + 1}; worker_cpu_affinity auto;", server=ANSWER)
    expected = sorted([cpu] for cpu in [*CPUS, CPUS[0]])
    process.wait_until(lambda: sorted(map(cpus_of, workers_of(server, len(CPUS) + 1))) == expected, what="a processor each")


@covers("worker_cpu_affinity")
def test_auto_chooses_from_a_mask(serve):
    server = serve(main=f"worker_processes 2; worker_cpu_affinity auto {mask_of(CPUS[-1])};", server=ANSWER)
    process.wait_until(lambda: [cpus_of(worker) for worker in workers_of(server, 2)] == [[CPUS[-1]]] * 2, what="the processor")


@webserv_only("it counts the machine's processors, not those that it may run on")
def test_auto_takes_no_processor_that_is_not_allowed(site):
    conf = site.configure(main=f"worker_cpu_affinity auto {mask_of(*CPUS, CPUS[-1] + 1)}; worker_processes 2;", server=ANSWER)
    command = ["taskset", "-c", str(CPUS[-1]), process.BINARY, "-p", str(site.dir), "-c", str(conf), "-g", "daemon off;"]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as started:
        try:
            process.wait_until(lambda: process.can_connect(("127.0.0.1", site.port())), what="a connection")
            process.wait_until(lambda: [cpus_of(pid) for pid in process.children_of(started.pid)] == [[CPUS[-1]]] * 2, what="the processor")
        finally:
            started.send_signal(signal.SIGQUIT)
            started.wait(10)
    assert "sched_setaffinity() failed" not in (site.dir / "error.log").read_text()


def test_masks_that_do_not_fit_are_worth_a_warning(site):
    warning = 'the number of "worker_processes" is not equal to the number of "worker_cpu_affinity" masks'
    for count, expected in ((2, False), (3, True)):
        conf = site.configure(main=f"worker_processes {count}; worker_cpu_affinity 01 10;", server="")
        result = process.run(["-t", "-p", str(site.dir), "-c", str(conf)])
        assert result.returncode == 0
        assert (warning in result.stderr) == expected


@cases("directive, message", [
    ("worker_rlimit_nofile -1;", '"worker_rlimit_nofile" directive invalid number'),
    ("worker_rlimit_core unlimited;", '"worker_rlimit_core" directive invalid value'),
    ("worker_priority --5;", '"worker_priority" directive invalid number'),
    ("worker_cpu_affinity 012;", 'invalid character "2" in "worker_cpu_affinity"'),
    ("worker_cpu_affinity auto 01 10;", 'invalid number of arguments in "worker_cpu_affinity" directive'),
    (f"worker_cpu_affinity {'1' * 1025};", '"worker_cpu_affinity" supports up to 1024 CPUs only'),
    ("worker_shutdown_timeout 1M;", '"worker_shutdown_timeout" directive invalid value'),
    ("working_directory /a; working_directory /b;", '"working_directory" directive is duplicate'),
    ("env A B;", 'invalid number of arguments in "env" directive'),
])
def test_mistakes(site, directive, message):
    conf = site.configure(main=directive, server="")
    result = process.run(["-t", "-p", str(site.dir), "-c", str(conf)])
    assert result.returncode == 1
    assert f"[emerg] {message} in {conf}:4" in result.stderr


def zone_file():
    """A TZif file (RFC 8536) for nine hours east of Greenwich."""
    header = b"TZif2" + bytes(15) + struct.pack(">6I", 0, 0, 0, 0, 1, 4)
    block = header + struct.pack(">iBB", 9 * 3600, 0, 0) + b"JST\0"
    return block + block + b"\nJST-9\n"


def zone_of(server):
    """What the log says at the time of a request: "+0900"."""
    server.get("/")
    return server.log_lines()[-1].split("]")[0].split()[-1]


@covers("env")
@webserv_only("its workers get the variable, but have read their zone before")
@cases("mode", ["on", "off"])
def test_env_sets_a_variable(serve, monkeypatch, mode):
    monkeypatch.setenv("TZ", "UTC")
    assert zone_of(serve(main=f"env TZ={TOKYO}; master_process {mode};", server=ANSWER)) == "+0900"


@covers("env")
@webserv_only("its workers get the variable, but have read their zone before")
def test_of_a_variable_that_is_set_twice_the_first_counts(serve):
    assert zone_of(serve(main=f"env TZ={TOKYO}; env TZ=UTC; env TZ;", server=ANSWER)) == "+0900"


@covers("env")
@webserv_only("its workers get the variable, but have read their zone before")
@cases("mode", ["on", "off"])
def test_env_keeps_a_variable_that_would_go(serve, site, monkeypatch, mode):
    site.write(site.dir / "Zone", zone_file())
    monkeypatch.setenv("TZDIR", str(site.dir))
    assert zone_of(serve(main=f"env TZDIR; env TZ=Zone; master_process {mode};", server=ANSWER)) == "+0900"


@webserv_only("its workers have read their zone before")
@cases("mode", ["on", "off"])
def test_variables_that_nobody_names_go(serve, site, monkeypatch, mode):
    site.write(site.dir / "Zone", zone_file())
    monkeypatch.setenv("TZDIR", str(site.dir))
    assert zone_of(serve(main=f"env TZ=Zone; master_process {mode};", server=ANSWER)) == "+0000"


@cases("names", ["", "env TZ;", "env OTHER=x;"])
def test_the_time_zone_stays(serve, monkeypatch, names):
    monkeypatch.setenv("TZ", TOKYO)
    assert zone_of(serve(main=names, server=ANSWER)) == "+0900"


@covers("worker_shutdown_timeout")
def test_worker_shutdown_timeout(serve, site):
    site.write("big", b"x" * 16_000_000)
    server = serve(main="worker_shutdown_timeout 300ms;", server="")
    with server.connect(receive_buffer=4096) as connection:
        connection.send(head_of("GET", "/big"))
        connection.read_head()
        server.process.signal(signal.SIGQUIT)
        assert server.process.wait(8) == 0
        assert len(connection.read_to_end()) < 16_000_000


def test_workers_that_finish_earlier_do_not_wait_for_the_timeout(serve):
    server = serve(main="worker_shutdown_timeout 1h;", server=ANSWER)
    server.get("/")
    server.process.signal(signal.SIGQUIT)
    assert server.process.wait(8) == 0
