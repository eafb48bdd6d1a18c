# integration/compared/general_ground.py: the ground of most requests: files, answers of the configuration, error pages, names.
# Its documents have one date, so that validators are known.
from .ground import Ground, dated

CONFIG = r"""
    log_format own escape=json '$uri|$args|$status|$body_bytes_sent|$request|$host|$server_name';
    access_log {dir}/own.log own;
    types { text/html html; text/css css; application/javascript js; image/png png; text/plain txt; }
    server {
        listen 127.0.0.1:{port};
        server_name first.org *.first.org;
        client_max_body_size 1000;
        error_page 402 /pages/402.html;
        error_page 403 =200 /pages/200.html;
        error_page 406 = /made/by/location;
        error_page 410 = @gone;
        error_page 411 =410 @gone;
        error_page 415 http://other.org/415;
        add_header X-Site first;
        location /pages/ { internal; }
        location /made/ { return 201 "made $request_method $uri"; }
        location @gone { add_header X-Gone "$uri"; return 200 "gone $request_method $uri $args"; }
        location ~ ^/code/(?<code>\d+)$ { add_header X-Always a always; error_page 404 =204 /none; return 404 "text $code"; }
        location = /c402 { return 402; }
        location = /c403 { return 403; }
        location = /c406 { return 406; }
        location = /c410 { return 410; }
        location = /c411 { return 411; }
        location = /c415 { return 415; }
        location = /c500 { return 500; }
        location = /c503 { return 503; }
        location = /text { default_type text/special; return 200 "text $uri"; }
        location = /empty { return 200; }
        location = /204 { return 204; }
        location = /301 { return 301 /to/there; }
        location = /302 { return 302 http://other.org$request_uri; }
        location = /303 { return 303 /a?b; }
        location = /307 { return 307 https://other.org; }
        location = /308 { return 308 /x; }
        location = /url { return http://other.org/; }
        location /vars { return 200 "$scheme $host $http_host $server_name $request_method $request_uri $uri $args $is_args
            $arg_a $cookie_c $content_length $remote_addr $server_protocol"; }
        location /headers { add_header X-One 1; add_header X-Two "two words"; add_header X-None ""; return 200 h;
            location /headers/deep { return 200 d; } location /headers/own { add_header X-Own o; return 404 n; } }
        location /alias/ { alias {root}/folder/; }
        location ~ \.cgi$ { return 200 "cgi $uri"; }
        location /types/ { types { text/other txt; } default_type a/b; }
        location /noetag/ { etag off; alias {root}/; }
        location /nokeep { keepalive_timeout 0; return 200 n; }
        location /keep { keepalive_timeout 60s 30s; return 200 k; }
        location /index/ { index missing.html start.txt; }
        location ^~ /prefix/ { return 200 prefix; }
        location /prefix/in/ { return 200 in; }
        location /big { client_max_body_size 100k; return 200 big; }
        location /leave { alias {root}/folder/; }
        location /405/ { error_page 405 =200 $uri; alias {root}/; }
    }
    server { listen 127.0.0.1:{port}; server_name second.org .dots.org; server_tokens off;
        location / { return 200 second; } location /no { return 404; } }
    server { listen 127.0.0.1:{port}; server_name ~^re(\d+)\.org$; location / { return 200 "regex $1"; } }
"""


def documents(site):
    files = {
        "index.html": "<p>index", "ten": "0123456789", "style.css": "a{}", "script.js": "x", "image.png": "\x89PNG", "note.txt": "note",
        "noextension": "x", "UPPER.CSS": "b{}", "a b.txt": "space", "folder/index.html": "in folder", "folder/file.txt": "file",
        "empty": "",
        "types/a.txt": "t", "types/a.css": "c", "index/start.txt": "start", "noindex/file": "x", "pages/402.html": "page 402",
        "pages/200.html": "page 200", "code.cgi": "source", "large.txt": "large " * 20_000, ".hidden": "h", "two.dots.css": "c",
    }
    for name, content in files.items():
        dated(site.write(name, content))
    (site.root / "bare").mkdir(exist_ok=True)


GENERAL = Ground(CONFIG, documents)
