# integration/compared/forms.py: words of directives that nginx takes, and words that it refuses, by the context they stand in.
# A line is what stands in one block, less the last semicolon. PORT is a port of the line's own.
TAKEN = {
    "main": [
        "worker_processes auto", "worker_rlimit_nofile 1024", "worker_rlimit_core 10m", "worker_cpu_affinity auto", "worker_cpu_affinity auto 0101",
        "worker_cpu_affinity 01 10", "worker_priority -5", "worker_priority 20", "worker_priority 100", "worker_shutdown_timeout 1h30m", 'worker_shutdown_timeout "1h 30m"',
        "error_log stderr info; error_log {dir}/a; error_log {dir}/b crit", "error_log {dir}/a debug_core debug_http debug_event", "error_log {dir}/a debug",
        "error_log syslog:server=127.0.0.1:5140,facility=local7,tag=nginx,severity=info,nohostname warn", "error_log syslog:server=unix:/tmp/x",
        "env A; env A=b; env A=; env TZ", "thread_pool a threads=32 max_queue=65536; thread_pool b threads=1", "thread_pool default threads=4 max_queue=0",
        "timer_resolution 100ms", "pcre_jit on", "debug_points abort", "lock_file logs/x", "include {dir}/none*.conf", "'daemon' \"on\"", "working_directory /tmp",
    ],
    "events": [
        "use epoll", "multi_accept on", "accept_mutex_delay 500ms", "worker_connections 1", "epoll_events 512", "worker_aio_requests 32",
        "debug_connection 127.0.0.1; debug_connection 192.168.1.0/24; debug_connection ::1; debug_connection 2001:db8::/32; debug_connection unix:; debug_connection localhost",
    ],
    "http": [
        "log_format a escape=json '$uri' \" $args\"; log_format b escape=none '${uri}x'; access_log {dir}/a a; access_log {dir}/b b",
        "access_log off; access_log {dir}/a", "access_log {dir}/a combined buffer=32k flush=1m gzip=9 if=$arg_a", "access_log {dir}/a combined gzip",
        "access_log {dir}/$host.log combined if=$arg_a; open_log_file_cache max=10 inactive=10s min_uses=2 valid=1m", "open_log_file_cache off",
        "access_log syslog:server=127.0.0.1,tag=a,facility=mail,severity=debug,nohostname combined if=$arg_a",
        "access_log {dir}/a combined buffer=32k; server { access_log {dir}/a combined; }", "types { text/html html htm; text/plain txt; } types { text/css css; }",
        "types { text/html; }", "types { }", "set_real_ip_from 10.0.0.0/8; set_real_ip_from ::1; set_real_ip_from unix:; set_real_ip_from localhost",
        "open_log_file_cache max=10 off", "real_ip_header proxy_protocol", "large_client_header_buffers 4 8k; client_header_buffer_size 1k", "server_names_hash_bucket_size 128",
    ],
    "server": [
        *(f"listen 127.0.0.1:PORT {words}" for words in (
            "so_keepalive=on", "so_keepalive=30m::10", "so_keepalive=30m", "so_keepalive=1d", "so_keepalive=:10s", "so_keepalive=::10", "backlog=512", "rcvbuf=1k sndbuf=1m",
            "deferred", "bind", "reuseport", "fastopen=3", "fastopen=0", "default_server", "default", "proxy_protocol", "backlog=1 backlog=2")),
        "listen 127.0.0.1:PORT-PORT", "listen localhost:PORT", "listen *:PORT", "listen PORT", "listen PORT-PORT", "listen [::1]:PORT ipv6only=on", "listen unix:{dir}/PORT backlog=10",
        'server_name ""', "server_name a b c; server_name d", "server_name *.a.b a.* .c.d _ $hostname 127.0.0.1 [::1]", "server_name ~^(?<named>.+)$ ~^(?P<other>.)",
        'server_name "~^a{1,2}$"', "merge_slashes off; underscores_in_headers on; ignore_invalid_headers off", "client_header_timeout 1m",
        "location / { } location = / { } location ^~ /a { } location ~ a { } location ~* a { } location @a { }", "location =/a { } location ^~/b { } location ~a { }",
        "location /a { location /a/b { location /a/b/c { } } location ~ b { } }", "location ~ b { location = b/a { } location ~ c { } }", 'location "/a b" { } location "" { }',
        'location ~ "^/(?<name>.*)$" { } location ~ a { } location ~ a { }', "return 301 /x; return 300", "try_files /a =404", "types { }",
    ],
    "location": [
        *(f"keepalive_timeout {words}" for words in ("65", "65 60", "65s 60s", "0", "0 0", "100ms", "1d", "1w2d", '"1w 2d 3h"', "1s500ms")),
        "keepalive_requests 0", "keepalive_time 1h", "keepalive_disable msie6 safari", "keepalive_disable none; keepalive_disable msie6",
        "lingering_close always; lingering_time 30s; lingering_timeout 100ms", "reset_timedout_connection on", "send_timeout 0", "client_body_timeout 1m",
        "client_max_body_size 1G", "client_max_body_size 0", "client_body_buffer_size 1M", "client_body_temp_path {dir}/t1", "client_body_temp_path {dir}/t2 1 2 3",
        "client_body_temp_path {dir}/t3 4 4 2", "client_body_temp_path {dir}/t4 10", "client_body_in_file_only clean", "chunked_transfer_encoding off", "sendfile_max_chunk 0",
        "output_buffers 1 32k", "postpone_output 0", "limit_rate 100k; limit_rate_after 1m", "limit_rate $arg_a; limit_rate_after 10k$arg_a", "aio threads", "aio threads=default",
        "aio off", "aio threads=$arg_a", "directio 4m; directio_alignment 4k", "directio off", "open_file_cache max=1000 inactive=20s; open_file_cache_valid 30s; open_file_cache_min_uses 2",
        "open_file_cache off", "open_file_cache off max=10", "open_file_cache max=10 off", "disable_symlinks on from=/tmp", "disable_symlinks if_not_owner from=$document_root", "disable_symlinks off",
        "disable_symlinks from=/tmp on", "if_modified_since before", "max_ranges 0", "server_tokens build", "satisfy any", "auth_delay 100ms", "error_page 404 403 =200 /x", "error_page 404 = @x", "error_page 404 http://x/",
        "error_page 404 $arg_a", "error_page 494 495 496 497 /x?$args", "error_page 404 /x; error_page 404 /y", "error_page 300 /x; error_page 599 /x", 'default_type ""', "default_type $arg_a",
        "root /", 'root ""', "root /srv/$host", "alias /x", "alias /srv/$arg_a", "index a b.$host /c", "index a; index b", "autoindex_format jsonp; autoindex_exact_size off", 'add_header A ""',
        "add_header A $arg_b always; add_header A c", "add_trailer A b always", "expires @15h30m", "expires modified +1h", "expires modified 1h", "expires -1", "expires max", "expires epoch", "expires $arg_a", "expires modified $arg_a",
        "allow 127.0.0.0/8; allow ::1; allow 2001:db8::/32; allow unix:; deny all", "allow 2001:db8::1/32", "try_files $uri $uri/ /index.html?a", "try_files a b", "stub_status", "stub_status on", "stub_status; stub_status",
        "return 200 $arg_a", "return https://x", "return $scheme://x", "return 999", "return 0", "internal", "limit_except GET POST { deny all; auth_basic a; auth_basic_user_file b; }", "limit_except get { deny all; }",
        "dav_methods PUT DELETE; dav_methods MKCOL", "dav_access user:rw group:rw all:r; create_full_put_path on; min_delete_depth 2", "dav_access all:rw group:r", "random_index on", "empty_gif",
        "gzip_proxied any; gzip_proxied off", "gzip_proxied expired no-cache no-store private no_last_modified no_etag auth", "gzip_http_version 1.0", "gzip_disable msie6; gzip_disable \"MSIE [4-6]\\.\"", "gzip_static always",
        "auth_basic $arg_a; auth_basic_user_file $arg_a", "error_log {dir}/x debug_http", "post_action /x", "post_action @x", "http2_chunk_size 8k"],
}
REFUSED = {
    "main": [
        "user", "worker_processes -1", "worker_processes two", "worker_rlimit_nofile 1k", "worker_cpu_affinity auto auto", "worker_cpu_affinity 012", "worker_priority x",
        "worker_shutdown_timeout 30m1h", "daemon yes", "error_log {dir}/a nolevel", "error_log {dir}/a warn error", "error_log {dir}/a debug debug", "error_log {dir}/a debug_http debug", "error_log {dir}/a warn debug_http",
        "error_log syslog:tag=a", "error_log syslog:server=127.0.0.1,facility=x", "error_log syslog:server=127.0.0.1,tag=a-b", "error_log syslog:server=127.0.0.1,foo=x", "env", "env A B", "thread_pool a", "thread_pool a threads=0",
        "thread_pool a threads=4; thread_pool a threads=8", "timer_resolution x", "debug_points x", "include none.conf", "http { } http { }", "Daemon on", "}",
    ],
    "events": ["use nosuch", "use poll", "use epoll; use epoll", "worker_connections 1k", "worker_connections 1; worker_connections 2", "debug_connection 127.0.0.1/33", "debug_connection 127.0.0.1 127.0.0.2", "epoll_events x"],
    "http": [
        "log_format a", "log_format a '$uri'; log_format a '$args'", "log_format a escape=x '$uri'", "log_format a '${uri'", "access_log {dir}/a nosuch", "access_log off combined", "access_log {dir}/a combined flush=1m",
        "access_log {dir}/a combined gzip=10", "access_log {dir}/a combined buffer=x", "access_log {dir}/a if=$arg_a", "access_log {dir}/$host combined buffer=1k", "access_log syslog:server=127.0.0.1 combined buffer=1k",
        "access_log {dir}/a combined buffer=32k; server { access_log {dir}/a combined buffer=64k; }", "open_log_file_cache inactive=10s", "open_log_file_cache max=10 x=y", "types { text/html { } }", "types x { }",
        "set_real_ip_from 127.0.0.1/99", "real_ip_header a b", "large_client_header_buffers 4 0", "server { listen PORT default_server; } server { listen PORT default_server; }", "location / { }",
    ],
    "server": [
        *(f"listen 127.0.0.1:PORT {words}" for words in ("so_keepalive=", "so_keepalive=x", "so_keepalive=::", "so_keepalive=1:2:3:4", "backlog=0", "rcvbuf=x", "fastopen=x", "nosuch", "setfib=1", "ipv6only=x")),
        "listen 127.0.0.1:0", "listen 65536", "listen 127.0.0.1:", "listen 127.0.0.1:8010-8000", "listen 127.0.0.1:8000-", "listen 127.0.0.1:8000-x", "listen [::1", "listen unix:", "listen 127.0.0.1:PORT; listen 127.0.0.1:PORT",
        "server_name", "server_name *", "server_name ~", "server_name ~(", "server_name ~^(?<host>.+)$", "server_name ~^a{2}$", "location !~ a { }", "location = /a { location /a/b { } }", "location /a { location /b { } }",
        "location /a { } location /a { }", "location /a /b { }", "location / { server_name a; }", "etag \"on\"x", "etag on } {", "server { }",
    ],
    "location": [
        *(f"keepalive_timeout {words}" for words in ("65 60 50", "65 x", "-1", "2d1w", "1.5", '""', "1s1s")), *(f"keepalive_timeout {words}" for words in ("1M", "1y", '"1 s"')), "keepalive_requests 1k", "keepalive_disable x", "lingering_close x", "client_max_body_size 1t", "client_max_body_size -1",
        "client_body_buffer_size 1g", "client_body_temp_path {dir}/t 1 2 3 4", "client_body_temp_path {dir}/t 0", "client_body_temp_path {dir}/t 11", "output_buffers 1", "limit_rate x", 'limit_rate ""', "limit_rate -1", "aio x", "aio threads=", "directio x",
        "open_file_cache inactive=20s", "open_file_cache max=0", "disable_symlinks from=/tmp", "disable_symlinks on x", "if_modified_since x", "max_ranges -1", "server_tokens x", "satisfy one", "error_page 404", "error_page 299 /x", "error_page 499 /x",
        "error_page 600 /x", "error_page 404 =x /x", "error_page 404 /$nosuch", "default_type a b", "root $document_root", "alias $document_root/x", "root /x; alias /y", "index", "autoindex_format x", "add_header A b never", "add_header A",
        "expires @25h", "expires modified", "expires modified @1h", "expires x", "allow 127.0.0.256", "allow 127.0.0.1/33", "allow localhost", "allow", "try_files $uri", "try_files /a =x", "return 1000", "return x", "return /x", "return 200 a b", "internal on",
        "limit_except FOO { deny all; }", "limit_except GET { root /x; }", "dav_methods GET", "dav_access rw", "gzip_proxied x", "gzip_http_version 2.0", "gzip_static x", "post_action a b", "merge_slashes off", "client_header_timeout 1s", "log_format a b",
    ],
}
# Where we differ: the line, whether webserv takes it, and words of docs/DIFFERENCES.md that say why.
DIFFERENT = {
    "main": [("user nobody", True, "`user` without a group"), ("worker_processes 0", False, "`worker_processes 0`"), ("error_log memory:32k debug", False, "`error_log memory:`"),
             ("error_log {dir}/a; error_log {dir}/a warn", False, "twice at one level")],
    "http": [("log_format a '$1'", True, "in `log_format`"), ("large_client_header_buffers 2000 8k", False, "`large_client_header_buffers` of more than 1024"), ("connection_pool_size 17", True, "for their form only")],
    "server": [("listen 127.0.0.1:PORT accept_filter=x", False, "`accept_filter`"), ("server_name a*", False, "in the middle of a name"), ("location @a { } location @a { }", False, "two named locations"),
               ("http2_max_concurrent_streams 0", False, "`http2_max_concurrent_streams 0`")],
    "location": [("aio on", True, "`aio on`"), ("directio_alignment 500", False, "`directio_alignment`"), ('add_header "A B" c', False, "no name of a field"), ("disable_symlinks on from=", False, "`from=`"),
                 ("post_action x", False, "`post_action off`"), ("root $request_filename", False, "`$request_filename`")],
}
