# integration/compared/ports.py: several addresses: who answers where, and which port an answer names.
import socket

from .ground import Difference, Ground, Request, get

PORTS = Ground(r"""
    server { listen 127.0.0.1:{port}; listen 127.0.0.1:{port2}; server_name first.org; location / { return 200 "first :$server_port $server_addr"; }
        location /folder { root {root}; } location /go { return 302 /there; } location /no { port_in_redirect off; return 302 /there; } }
    server { listen 127.0.0.1:{port2} default_server; server_name second.org; return 200 "second :$server_port"; }
    server { listen 127.0.0.1:{port3}; server_name first.org; location / { return 200 "third :$server_port"; } location /go { return 302 /there; } }
    server { listen 127.0.0.1:{port4} proxy_protocol; set_real_ip_from 127.0.0.1; real_ip_header proxy_protocol;
        return 200 "$proxy_protocol_addr :$proxy_protocol_port $remote_addr"; }
""", lambda site: site.write("folder/index.html", "x"))


def at(port, *pieces, before=b""):
    return Request(pieces, port, before)


HEADER = b"PROXY TCP4 192.0.2.1 192.0.2.2 1234 80\r\n"
IPV4 = socket.inet_aton("192.0.2.1") + socket.inet_aton("192.0.2.2") + bytes([4, 210, 0, 80])

SAME = {PORTS: {
    **{f"{host} at {port}": at(port, get("/", host=host)) for host in ("first.org", "second.org", "unknown") for port in ("port", "port2", "port3")},
    **{f"redirect from {port}": at(port, get("/go")) for port in ("port", "port2", "port3")},
    **{f"folder at {port}": at(port, get("/folder")) for port in ("port", "port2")},
    "no port in the redirect": at("port2", get("/no")), "another port in the Host field": at("port", get("/go", host="first.org:81")),
    "PROXY protocol": at("port4", get("/"), before=HEADER), "PROXY protocol, unknown": at("port4", get("/"), before=b"PROXY UNKNOWN\r\n"),
    "PROXY protocol, version 2": at("port4", get("/"), before=b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c" + IPV4), "PROXY protocol, none": at("port4", get("/")),
    "PROXY protocol where nobody expects it": at("port", get("/"), before=HEADER),
}}

DIFFERENT = {PORTS: {
    "in pieces": Difference(at("port4", HEADER[:20], HEADER[20:] + get("/")), 0, 200, "a header of the PROXY protocol that comes in pieces", only="http"),
    "no address": Difference(at("port4", get("/"), before=b"PROXY TCP4 1.2.3.4.5 192.0.2.2 1 2\r\n"), 200, 0,
                             "... with an address that is none (`TCP4 1.2.3.4.5 ...`)"),
}}
