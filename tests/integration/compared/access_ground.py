# integration/compared/access_ground.py: a ground where what is asked for is refused, marked, redirected or stored in another coding.
# Clients may say who they are: their machine is a trusted proxy.
from .ground import Ground, dated

CONFIG = r"""
    types { text/html html; text/plain txt; }
    log_format who "$remote_addr|$realip_remote_addr|$status|$sent_trailer_x_t|$request_uri";
    access_log {dir}/who.log who;
    server {
        listen 127.0.0.1:{port};
        server_name first.org;
        root {root};
        set_real_ip_from 127.0.0.0/8; set_real_ip_from 10.0.0.0/8;
        location /deny/ { alias {root}/; deny 192.0.2.0/24; allow 127.0.0.1; deny all; }
        location /denied { deny all; error_page 403 = @denied; }
        location @denied { allow all; return 200 "denied $uri $remote_addr"; }
        location /any/ { alias {root}/; satisfy any; deny all; }
        location /limit/ { alias {root}/; limit_except GET POST { deny all; } }
        location /limit_return { limit_except GET { deny all; } return 200 "returned"; }
        location /limit_error { limit_except GET { deny all; } error_page 403 /ten.txt; }
        location /xff/ { alias {root}/; real_ip_header X-Forwarded-For; real_ip_recursive on; deny 192.0.2.1; }
        location /real { return 200 "$remote_addr|$remote_port"; }
        location /expires/ { alias {root}/;
            location /expires/epoch/ { alias {root}/; expires epoch; }
            location /expires/max/ { alias {root}/; expires max; add_header Cache-Control public; }
            location /expires/modified/ { alias {root}/; expires modified 1h; }
            location /expires/none/ { alias {root}/; expires $arg_e; }
            location /expires/always { expires max; return 404; } }
        location /trailer/ { alias {root}/; add_trailer X-T "$uri"; add_trailer X-Always 1 always; add_header X-H 1; }
        location /trailer_404 { add_trailer X-T 1; return 404; }
        location /trailer_made { add_trailer X-T "$status"; return 200 "made"; }
        location /gzip/ { alias {root}/; gzip_static on; gzip_vary on; add_header X-H 1; }
        location /gzip_always/ { alias {root}/; gzip_static always; }
        location /gzip_proxied/ { alias {root}/; gzip_static on; gzip_proxied auth; gzip_http_version 1.0; gzip_disable "bot"; }
        location /pixel { empty_gif; }
        location /ims_off/ { alias {root}/; if_modified_since off; }
        location /ims_before/ { alias {root}/; if_modified_since before; }
        location /ranges_0/ { alias {root}/; max_ranges 0; }
        location /ranges_1/ { alias {root}/; max_ranges 1; }
        location /relative/ { absolute_redirect off; alias {root}/; return 302 /x?y; }
        location /relative_folder { absolute_redirect off; alias {root}/folder; }
        location /named { server_name_in_redirect on; port_in_redirect off; return 301 /x; }
        location /recursive { recursive_error_pages on; error_page 404 /recursive_2; return 404; }
        location /recursive_2 { error_page 403 = /recursive_3; return 403; }
        location /recursive_3 { return 200 "third"; }
        location /once { error_page 404 /recursive_2; return 404; }
        location /keepalive { keepalive_disable safari; return 200 k; }
        location /keepalive_msie { return 200 k; }
        location /underscores { return 200 "[$http_a_b]"; }
        location /line_ends/added { add_header X-Path $uri; return 200 "x"; }
        location /line_ends/sent { return 302 http://x$uri; }
        location /variables { return 200 "[$proxy_protocol_addr][$connections_waiting][$binary_remote_addr][$realpath_root]"; }
    }
    server { listen 127.0.0.1:{port}; server_name second.org; underscores_in_headers on; deny 127.0.0.2;
        location / { return 200 "[$http_a_b]"; } location /folder { root {root}; port_in_redirect off; } }
    server { listen 127.0.0.1:{port}; server_name list.org; set_real_ip_from 127.0.0.1; set_real_ip_from 10.0.0.0/8;
        real_ip_header X-Forwarded-For; real_ip_recursive on; return 200 "$remote_addr|$remote_port|$realip_remote_addr"; }
    server { listen 127.0.0.1:{port}; server_name third.org; ignore_invalid_headers off; location / { return 200 "[$http_a_b]"; } }
"""


def documents(site):
    for name, content in {"ten.txt": "0123456789", "ten.txt.gz": "gzip", "page.html": "<p>", "empty.txt": "", "folder/x": "x",
                          "large.txt": "large " * 50_000}.items():
        dated(site.write(name, content))


ACCESS = Ground(CONFIG, documents)
