// app/options.cpp: letters, glued or not ("-tq", "-cfile", "-c file"), as nginx reads them.
// Values may be glued to their letter or follow it; letters without a value may share a word.
#include "app/options.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <string_view>
#include <utility>

#include "app/installation.hpp"
#include "base/text.hpp"
#include "base/version.hpp"

namespace webserv::app {
namespace {

struct ValueOption {
    char letter;
    std::string Options::* value;
    std::string_view requires_what;
};
constexpr ValueOption value_options[] = {
    {'c', &Options::conf, "file name"},      {'p', &Options::prefix, "directory name"}, {'g', &Options::directives, "parameter"},
    {'e', &Options::error_log, "file name"}, {'s', &Options::signal, "parameter"},
};

// Without -p: the installation's folder; where there is none, here. So `webserv -c site.conf` works from any folder.
std::string default_prefix() {
    if (auto installation = own_installation()) return std::move(installation->state);
    std::error_code ignored;
    return std::filesystem::current_path(ignored).string() + "/";
}

// Without -c. A prefix of one's own has a configuration of its own, as in nginx.
std::string default_conf(const Options& options) {
    if (options.prefix.empty()) {
        if (auto installation = own_installation()) return std::move(installation->conf);
    }
    return "conf/webserv.conf";
}

std::string absolute(const std::string& base, const std::string& path) { return path.starts_with('/') ? path : base + path; }

void derive_paths(Options& options) {
    std::error_code ignored;
    const std::string here = std::filesystem::current_path(ignored).string() + "/";
    options.prefix_path = options.prefix.empty() ? default_prefix() : absolute(here, options.prefix);
    if (!options.prefix_path.ends_with('/')) options.prefix_path += '/';
    const std::string conf = options.conf.empty() ? default_conf(options) : options.conf;
    // nginx looks below the prefix; a file that is here is what was meant when no prefix was named.
    const bool is_here = options.prefix.empty() && !options.conf.empty() && std::filesystem::exists(absolute(here, conf), ignored);
    options.conf_path = absolute(is_here ? here : options.prefix_path, conf);
    if (!options.error_log.empty()) {
        options.error_log_path = options.error_log == "stderr" ? "stderr" : absolute(options.prefix_path, options.error_log);
    }
}

// Tools look for these words before they rely on a feature: modules that nginx has to be told to build, and that are here;
constexpr std::array additional_modules{
    "pcre-jit",
    "threads",
    "file-aio",
    "http_dav_module",
    "http_gzip_static_module",
    "http_random_index_module",
    "http_realip_module",
    "http_ssl_module",
    "http_stub_status_module",
    "http_v2_module",
};

// ... and those that it builds unless it is told not to, and that we lack.
constexpr std::array missing_modules{
    "http_charset_module",
    "http_gzip_module",
    "http_ssi_module",
    "http_userid_module",
    "http_mirror_module",
    "http_geo_module",
    "http_map_module",
    "http_split_clients_module",
    "http_referer_module",
    "http_rewrite_module",
    "http_proxy_module",
    "http_fastcgi_module",
    "http_uwsgi_module",
    "http_scgi_module",
    "http_grpc_module",
    "http_memcached_module",
    "http_limit_conn_module",
    "http_limit_req_module",
    "http_browser_module",
    "http_upstream_hash_module",
    "http_upstream_ip_hash_module",
    "http_upstream_least_conn_module",
    "http_upstream_random_module",
    "http_upstream_keepalive_module",
    "http_upstream_zone_module",
    "http_upstream_sticky_module",
    "http_upstream_least_time_module",
    "http-cache",
};

}  // namespace

std::expected<Options, std::string> parse_options(std::span<char* const> words) {
    Options options;
    for (std::size_t i = 0; i < words.size(); ++i) {
        const std::string_view word = words[i];
        if (word.size() < 2 || word.front() != '-') return std::unexpected{fmt::format("invalid option: \"{}\"", word)};
        for (std::size_t at = 1; at < word.size(); ++at) {
            const char letter = word[at];
            const auto* const taker = std::find_if(std::begin(value_options), std::end(value_options),
                                                   [letter](const ValueOption& option) { return option.letter == letter; });
            if (taker != std::end(value_options)) {
                std::string_view value = word.substr(at + 1);
                if (value.empty() && i + 1 < words.size()) value = words[++i];
                if (value.empty()) return std::unexpected{fmt::format("option \"-{}\" requires {}", letter, taker->requires_what)};
                options.*(taker->value) = value;
                break;
            }
            switch (letter) {
                case '?':
                case 'h':
                    options.version = options.help = true;
                    break;
                case 'v':
                    options.version = true;
                    break;
                case 'V':
                    options.version = options.build = true;
                    break;
                case 't':
                    options.test = true;
                    break;
                case 'T':
                    options.test = options.dump = true;
                    break;
                case 'q':
                    options.quiet = true;
                    break;
                default:
                    return std::unexpected{fmt::format("invalid option: \"{}\"", letter)};
            }
        }
    }
    constexpr std::array signals{"stop", "quit", "reopen", "reload"};
    if (!options.signal.empty() && std::find(signals.begin(), signals.end(), options.signal) == signals.end()) {
        return std::unexpected{fmt::format("invalid option: \"-s {}\"", options.signal)};
    }
    derive_paths(options);
    return options;
}

std::string help_text() {
    return fmt::format(R"(Usage: webserv [-?hvVtTq] [-s signal] [-p prefix]
               [-e filename] [-c filename] [-g directives]
       webserv serve [folder] [options]    (see webserv serve --help)
       webserv get URL [options]           (see webserv get --help)

Options:
  -?,-h         : this help
  -v            : show version and exit
  -V            : show version and configure options then exit
  -t            : test configuration and exit
  -T            : test configuration, dump it and exit
  -q            : suppress non-error messages during configuration testing
  -s signal     : send signal to a master process: stop, quit, reopen, reload
  -p prefix     : set prefix path (default: {})
  -e filename   : set error log file (default: logs/error.log)
  -c filename   : set configuration file (default: {})
  -g directives : set global directives out of configuration file
)",
                       default_prefix(), default_conf({}));
}

std::string build_text() {
    std::string text = fmt::format(
        "nginx version: nginx/{}\nbuilt with OpenSSL, PCRE2, fmt and CLI11\nTLS SNI support enabled\nconfigure arguments: --prefix={} "
        "--conf-path={}",
        nginx_version, default_prefix(), absolute(default_prefix(), default_conf({})));
    for (const char* const module : additional_modules) text += fmt::format(" --with-{}", module);
    for (const char* const module : missing_modules) text += fmt::format(" --without-{}", module);
    return text + "\n";
}

}  // namespace webserv::app
