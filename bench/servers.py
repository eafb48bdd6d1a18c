"""bench/servers.py: how each server is configured and started.

Every server gets one generated configuration per variant, tuned the way its own
documentation advises for static files, with one worker.  `webserv` is given the
newer nginx's configuration unchanged.
"""

import os
import resource
import shutil
from dataclasses import dataclass, field
from pathlib import Path

DESCRIPTORS = min(65000, resource.getrlimit(resource.RLIMIT_NOFILE)[1])
CONNECTIONS = min(30000, DESCRIPTORS - 500)


@dataclass
class Site:
    """What one server instance is to serve."""

    variant: str  # plain, log, tls, proxy, gzip1, gzip6
    folder: Path
    root: Path
    port: int
    upstream: int = 0
    certificate: Path = Path()
    key: Path = Path()
    close: bool = False  # the limit programs serve either kind of connection
    body: int = 1024  # the limit programs' body size
    admin: int = 0  # caddy's admin port, for reloads
    extra: dict = field(default_factory=dict)

    @property
    def tls(self):
        return self.variant == "tls"

    @property
    def gzip(self):
        return int(self.variant[4:]) if self.variant.startswith("gzip") else 0

    def write(self, name, text):
        path = self.folder / name
        path.write_text(text)
        return str(path)


class Server:
    program = ""  # looked up in PATH unless --bin names it
    variants = {"plain", "log", "tls", "proxy", "gzip1", "gzip6"}
    arbitrary_files = True
    reload_signal = None

    def __init__(self, name, binary=None):
        self.name = name
        self.binary = binary or shutil.which(self.program, path=os.environ["PATH"] + ":/usr/sbin:/usr/local/sbin")
        self.environment = {}

    def supports(self, workload):
        return workload.variant in self.variants and (self.arbitrary_files or workload.fixed)

    def command(self, site):
        raise NotImplementedError

    @property
    def can_reload(self):
        return self.reload_signal is not None

    def reloadable(self, command):
        """The command line of a server that is going to be reloaded."""
        return command

    def reload_command(self, site):
        return None


class Nginx(Server):
    program = "nginx"
    reload_signal = "HUP"
    http2_directive = False
    listen_options = ""

    def configuration(self, site):
        tls = proxy = gzip = ""
        listen = f"listen 127.0.0.1:{site.port} backlog=4096{self.listen_options}"
        if site.tls:
            listen += " ssl" if self.http2_directive else " ssl http2"
            tls = f"""
        {"http2 on;" if self.http2_directive else ""}
        ssl_certificate {site.certificate};
        ssl_certificate_key {site.key};
        ssl_protocols TLSv1.2 TLSv1.3;
        ssl_session_cache shared:tls:10m;"""
        location = f"root {site.root};"
        if site.variant == "proxy":
            proxy = f"upstream backend {{ server 127.0.0.1:{site.upstream}; keepalive 128; keepalive_requests 1000000000; }}"
            location = 'proxy_pass http://backend; proxy_http_version 1.1; proxy_set_header Connection "";'
        if site.gzip:
            gzip = f"gzip on; gzip_comp_level {site.gzip}; gzip_types text/plain; gzip_min_length 256;"
        log = {"log": f"access_log {site.folder}/access.log combined;"}.get(site.variant, "access_log off;")
        return f"""daemon off;
user www-data;
worker_processes 1;
worker_rlimit_nofile {DESCRIPTORS};
error_log {site.folder}/error.log error;
pid {site.folder}/server.pid;
events {{ worker_connections {CONNECTIONS}; }}
http {{
    types {{ text/plain txt; }}
    default_type application/octet-stream;
    {log}
    log_not_found off;
    sendfile on;
    tcp_nopush on;
    tcp_nodelay on;
    keepalive_timeout 600s;
    keepalive_requests 1000000000;
    open_file_cache max=1000 inactive=60s;
    open_file_cache_valid 60s;
    open_file_cache_errors on;
    {gzip}
    {proxy}
    server {{
        {listen};
        server_name localhost;{tls}
        location / {{ {location} }}
    }}
}}
"""

    def command(self, site):
        path = site.write("nginx.conf", self.configuration(site))
        return [self.binary, "-c", path, "-p", str(site.folder)]


class NewNginx(Nginx):
    http2_directive = True


class Webserv(NewNginx):
    """Gets nginx's configuration as it is."""
    program = "webserv"


class WebservDeferred(Webserv):
    """The kernel waits for the request, as it always does for h2o: of interest for new connections alone."""
    listen_options = " deferred"

    def supports(self, workload):
        return super().supports(workload) and workload.close and workload.variant == "plain"


class H2o(Server):
    program = "h2o"
    reload_signal = "HUP"
    timeouts = ""

    def reloadable(self, command):
        return command + ["-m", "master"]

    def command(self, site):
        listen = f"listen:\n  host: 127.0.0.1\n  port: {site.port}\n"
        if site.tls:
            listen += f"  ssl:\n    certificate-file: {site.certificate}\n    key-file: {site.key}\n"
        handler = f"        file.dir: {site.root}\n"
        options = ""
        if site.variant == "proxy":
            handler = f"        proxy.reverse.url: http://127.0.0.1:{site.upstream}/\n        proxy.timeout.keepalive: 60000\n"
        if site.gzip:
            options = f"compress:\n  gzip: {site.gzip}\n"
        log = f"access-log: {site.folder}/access.log\n" if site.variant == "log" else ""
        path = site.write("h2o.conf", f"""num-threads: 1
user: www-data
max-connections: {CONNECTIONS}
pid-file: {site.folder}/server.pid
error-log: {site.folder}/error.log
http1-request-timeout: 600
{self.timeouts}{log}{options}{listen}hosts:
  default:
    paths:
      /:
{handler}""")
        return [self.binary, "-c", path]


class NewH2o(H2o):
    timeouts = "http1-request-io-timeout: 600\n"  # 2.2 does not know it


class Lighttpd(Server):
    program = "lighttpd"
    reload_signal = "USR1"

    def command(self, site):
        modules, settings = [], ""
        if site.tls:
            modules.append("mod_openssl")
            settings += f'ssl.engine = "enable"\nssl.pemfile = "{site.certificate}"\nssl.privkey = "{site.key}"\n'
        if site.variant == "proxy":
            modules.append("mod_proxy")
            settings += f'proxy.server = ( "" => ( ( "host" => "127.0.0.1", "port" => {site.upstream} ) ) )\n'
        if site.variant == "log":
            modules.append("mod_accesslog")
            settings += f'accesslog.filename = "{site.folder}/access.log"\n'
        if site.gzip:
            modules.append("mod_deflate")
            settings += ('deflate.mimetypes = ( "text/plain" )\ndeflate.allowed-encodings = ( "gzip" )\n'
                         f'deflate.params = ( "gzip.level" => {site.gzip} )\n')
        path = site.write("lighttpd.conf", f"""server.modules = ( {", ".join(f'"{module}"' for module in modules)} )
server.document-root = "{site.root}"
server.bind = "127.0.0.1"
server.port = {site.port}
server.username = "www-data"
server.errorlog = "{site.folder}/error.log"
server.max-fds = {DESCRIPTORS}
server.max-connections = {CONNECTIONS}
server.max-keep-alive-requests = 65535
server.max-keep-alive-idle = 600
server.max-read-idle = 600
server.max-write-idle = 600
mimetype.assign = ( ".txt" => "text/plain" )
{settings}""")
        return [self.binary, "-D", "-f", path]


class Haproxy(Server):
    """A proxy; it can also answer one small file from memory, which is all it gets to do here."""

    program = "haproxy"
    reload_signal = "USR2"
    variants = {"plain", "log", "tls", "proxy"}
    arbitrary_files = False
    connections = (DESCRIPTORS - 100) // 2  # it wants two descriptors for each

    def supports(self, workload):
        return super().supports(workload) and workload.connections <= self.connections

    def command(self, site):
        bind = f"bind 127.0.0.1:{site.port} backlog 4096"
        if site.tls:
            bundle = site.write("bundle.pem", site.certificate.read_text() + site.key.read_text())
            bind += f" ssl crt {bundle} alpn h2,http/1.1"
        if site.variant == "proxy":
            action = f"default_backend pool\nbackend pool\n  http-reuse always\n  server one 127.0.0.1:{site.upstream}"
        else:
            action = (f"http-request return status 200 content-type text/plain file {site.root}/k1.txt if {{ path /k1.txt }}\n"
                      "  http-request return status 404 content-type text/plain string missing")
        log = "log global\n  option httplog" if site.variant == "log" else ""
        path = site.write("haproxy.cfg", f"""global
  nbthread 1
  maxconn {self.connections}
  log stdout format raw local0
defaults
  mode http
  timeout connect 10s
  timeout client 600s
  timeout server 600s
  timeout http-keep-alive 600s
frontend site
  {bind}
  {log}
  {action}
""")
        return [self.binary, "-db", "-f", path]

    def reloadable(self, command):
        return [self.binary, "-W", *command[1:]]


class Caddy(Server):
    program = "caddy"
    can_reload = True

    def __init__(self, name, binary=None):
        super().__init__(name, binary)
        self.environment = {"GOMAXPROCS": "1"}

    def command(self, site):
        tls = f"tls {site.certificate} {site.key}" if site.tls else ""
        scheme = "https" if site.tls else "http"
        handler = f"root * {site.root}\n  file_server"
        if site.variant == "proxy":
            handler = f"reverse_proxy 127.0.0.1:{site.upstream}"
        if site.gzip:
            handler = f"encode {{\n    gzip {site.gzip}\n  }}\n  {handler}"
        log = f"log {{\n    output file {site.folder}/access.log\n  }}" if site.variant == "log" else ""
        admin = f"127.0.0.1:{site.admin}" if site.admin else "off"
        self.environment.update(XDG_DATA_HOME=str(site.folder), XDG_CONFIG_HOME=str(site.folder))
        site.extra["caddyfile"] = site.write("Caddyfile", f"""{{
  admin {admin}
  auto_https off
  servers {{
    protocols h1 h2
  }}
}}
{scheme}://127.0.0.1:{site.port} {{
  bind 127.0.0.1
  {tls}
  {log}
  {handler}
}}
""")
        return [self.binary, "run", "--adapter", "caddyfile", "--config", site.extra["caddyfile"]]

    def reload_command(self, site):
        return [self.binary, "reload", "--adapter", "caddyfile", "--config", site.extra["caddyfile"],
                "--address", f"127.0.0.1:{site.admin}"]


class Apache(Server):
    program = "apache2"
    reload_signal = "USR1"

    def command(self, site):
        modules = ["mpm_event", "authz_core", "mime"]
        settings = ""
        if site.tls:
            modules += ["socache_shmcb", "ssl", "http2"]
            settings += (f"SSLEngine on\nSSLCertificateFile {site.certificate}\nSSLCertificateKeyFile {site.key}\n"
                         f"SSLSessionCache shmcb:{site.folder}/ssl_cache(512000)\nProtocols h2 http/1.1\n")
        if site.variant == "proxy":
            modules += ["proxy", "proxy_http"]
            settings += f'ProxyPass "/" "http://127.0.0.1:{site.upstream}/" keepalive=On\n'
        if site.gzip:
            modules += ["filter", "deflate"]
            settings += f"AddOutputFilterByType DEFLATE text/plain\nDeflateCompressionLevel {site.gzip}\n"
        if site.variant == "log":
            settings += f'CustomLog {site.folder}/access.log "%h %l %u %t \\"%r\\" %>s %O \\"%{{Referer}}i\\" \\"%{{User-Agent}}i\\""\n'
        load = "\n".join(f"LoadModule {name}_module /usr/lib/apache2/modules/mod_{name}.so" for name in modules)
        path = site.write("apache.conf", f"""{load}
ServerRoot {site.folder}
ServerName localhost
Listen 127.0.0.1:{site.port}
ListenBacklog 4096
User www-data
Group www-data
PidFile {site.folder}/server.pid
ErrorLog {site.folder}/error.log
Mutex posixsem
TypesConfig /dev/null
AddType text/plain .txt
ServerLimit 1
StartServers 1
ThreadLimit 128
ThreadsPerChild 128
MinSpareThreads 1
MaxSpareThreads 128
MaxRequestWorkers 128
AsyncRequestWorkerFactor 200
MaxConnectionsPerChild 0
KeepAlive On
MaxKeepAliveRequests 0
KeepAliveTimeout 600
Timeout 600
EnableSendfile On
DocumentRoot {site.root}
<Directory {site.root}>
  AllowOverride None
  Options FollowSymLinks
  Require all granted
</Directory>
{settings}""")
        return [self.binary, "-DFOREGROUND", "-d", str(site.folder), "-f", path]


class Limit(Server):
    """A limit program from bench/limit: one fixed response, so no files, no 404 and no TLS."""

    variants = {"plain"}
    arbitrary_files = False

    def __init__(self, name, binary=None, options=()):
        super().__init__(name, binary)
        self.options = list(options)

    def supports(self, workload):
        return super().supports(workload) and workload.status == 200

    def command(self, site):
        if site.close:
            return [self.binary, "-c", str(site.port), "-m", *self.options]
        return [self.binary, "-p", str(site.port), "-b", str(site.body), *self.options]


class LimitDeferred(Limit):
    """The limit of those for whom the kernel waits for the request."""

    def supports(self, workload):
        return super().supports(workload) and workload.close


class LimitFiles(Limit):
    """The limit program that also knows larger bodies; with sendfile() it is of interest for those alone."""

    arbitrary_files = True

    def supports(self, workload):
        return super().supports(workload) and (not self.options or workload.size > 1024)


def make(name, binaries, limit_folder):
    program = name.removesuffix("-deferred")
    binary = binaries.get(program) or os.environ.get("PEER_" + program.upper().replace("-", "_"))
    known = {
        "nginx": Nginx, "nginx-new": NewNginx, "webserv": Webserv, "webserv-deferred": WebservDeferred, "h2o": H2o, "h2o-new": NewH2o,
        "lighttpd": Lighttpd, "haproxy": Haproxy, "caddy": Caddy, "apache": Apache,
    }
    limits = {
        "limit-epoll": (LimitFiles, "limit_epoll"), "limit-uring": (LimitFiles, "limit_uring"),
        "limit-sendfile": (LimitFiles, "limit_epoll", "-f"), "limit-deferred": (LimitDeferred, "limit_epoll", "-d"),
    }
    if name in known:
        if program in ("nginx-new", "h2o-new", "webserv") and not binary:
            raise SystemExit(f"{name}: give its binary with --bin {program}=PATH")
        server = known[name](name, binary)
    elif name in limits:
        kind, file, *arguments = limits[name]
        server = kind(name, binary or str(Path(limit_folder) / file), arguments)
    else:
        raise SystemExit(f"unknown server {name}")
    if not server.binary or not os.access(server.binary, os.X_OK):
        raise SystemExit(f"{name}: no program {server.binary or server.program}")
    server.binary = str(Path(server.binary).resolve())
    return server
