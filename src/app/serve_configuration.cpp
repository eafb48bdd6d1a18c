// app/serve_configuration.cpp: the configuration of a folder: whom it listens to, what it shows, who may see it.
// Safe by default: this machine only (127.0.0.1), and no file whose name begins with a dot.
#include "app/serve_configuration.hpp"

#include <fmt/format.h>

#include "base/digest.hpp"
#include "base/text.hpp"

namespace webserv::app {

extern const char* const mime_types;  // conf/mime.types, built in

namespace {

std::string listen_word(const Folder& folder) {
    if (!folder.local_path.empty()) return "unix:" + folder.local_path;
    const bool is_ipv6 = folder.bind.find(':') != folder.bind.npos && !folder.bind.starts_with('[');
    return is_ipv6 ? fmt::format("[{}]:{}", folder.bind, folder.port) : fmt::format("{}:{}", folder.bind, folder.port);
}

// A folder without an index is answered by the one at the top as well; the index itself is tried only once.
std::string spa_words(const Folder& folder) {
    return fmt::format(R"(
        index "{0}" "/{0}";
        location / {{ try_files $uri $uri/ "/{0}"; }}
        location = "/{0}" {{ }})",
                       folder.index);
}

std::string auth_words(const Folder& folder) {
    return fmt::format(R"(
        auth_basic webserv;
        auth_basic_user_file "{}";)",
                       folder.user_file);
}

// Whoever types the address without its scheme is led to the right one.
std::string tls_words(const Folder& folder) {
    if (!folder.tls) return {};
    return fmt::format(R"(
        ssl_certificate "{}";
        ssl_certificate_key "{}";
        http2 on;
        error_page 497 =301 https://$http_host$request_uri;)",
                       certificate_name, key_name);
}

}  // namespace

std::string configuration(const Folder& folder) {
    return fmt::format(R"(daemon off;
master_process off;
error_log stderr crit;
events {{ worker_connections 1024; concurrency {}; }}
http {{
    {}
    default_type application/octet-stream;
    access_log off;
    sendfile on;
    tcp_nopush on;
    server {{
        listen "{}" backlog={}{};
        root .;
        autoindex {};
        autoindex_localtime on;
        location ~ /\. {{ return 404; }}{}{}{}
    }}
}}
)",
                       folder.concurrency, mime_types, listen_word(folder), folder.backlog, folder.tls ? " ssl" : "",
                       folder.listing ? "on" : "off", folder.spa ? spa_words(folder) : fmt::format("\n        index \"{}\";", folder.index),
                       folder.user_file.empty() ? "" : auth_words(folder), tls_words(folder));
}

std::string user_line(const std::string& auth) {
    const auto colon = auth.find(':');
    const Sha1Digest digest = sha1(std::string_view{auth}.substr(colon + 1));
    return auth.substr(0, colon) + ":{SHA}" + text::encode_base64(octets_of(digest)) + "\n";
}

std::string complaint_about_index(const std::string& name) {
    const bool is_plain = !name.empty() && name.find_first_of("/\\\"$\n\r") == name.npos;
    return is_plain ? "" : "an index is the name of a file, without / \\ \" $";
}

std::string complaint_about_auth(const std::string& auth) {
    const std::string user = auth.substr(0, auth.find(':'));
    if (user.empty() || user.size() == auth.size()) return "write USER:PASSWORD";
    if (user.front() == '#' || user.find_first_of("\n\r") != user.npos) return "this is no name for a user";
    return {};
}

}  // namespace webserv::app
