// server/core_settings.hpp: what the core's own directives set, in the shape the code reads it.
// Defaults are nginx's. One struct for the process, one for connections, one for exchanges.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "config/expression.hpp"
#include "config/loader.hpp"
#include "config/settings.hpp"
#include "observe/log.hpp"
#include "sys/limits.hpp"
#include "sys/network.hpp"
#include "sys/symlinks.hpp"

namespace webserv::server {

using std::chrono::milliseconds;
using std::chrono::seconds;

/// How accepted connections are served: all upon the worker's loop, each by a child process, or one after another.
enum class ConcurrencyModel : unsigned char { event, fork, iterative };

/// Threads of a worker that read files.
struct ThreadPoolSettings {
    std::string name = "default";
    std::size_t threads = 32;
    std::size_t max_queue = 65536;

    bool operator==(const ThreadPoolSettings&) const = default;
};

/// Directives of the main context and of `events`.
struct MainSettings {
    bool daemon = true;
    bool master_process = true;
    std::string pid = "logs/webserv.pid";      ///< relative to the prefix
    std::optional<config::UserIdentity> user;  ///< what workers become when started as root
    std::string user_name = "nobody";
    unsigned worker_processes = 1;  ///< 0: one for each processor
    std::uint64_t worker_connections = 512;
    ConcurrencyModel concurrency = ConcurrencyModel::event;

    // What a worker makes of itself right after its fork.
    std::optional<std::uint64_t> worker_rlimit_nofile;
    std::optional<std::uint64_t> worker_rlimit_core;  ///< octets
    int worker_priority = 0;                          ///< nice value; 0: as it is
    bool worker_cpu_affinity_auto = false;
    std::vector<sys::CpuMask> worker_cpu_affinity;  ///< with auto: at most one, the processors to choose from
    std::string working_directory;                  ///< as written; "": not changed
    std::vector<std::string> environment;           ///< "NAME=value"; TZ among them, if it is set
    milliseconds worker_shutdown_timeout{0};        ///< 0: none

    std::vector<sys::Network> debug_connections;   ///< whose connections are logged with every detail
    std::vector<ThreadPoolSettings> thread_pools;  ///< those that are named; "default" exists in any case
};

/// error_log, which may stand at every level.
struct ErrorLogSettings {
    struct Target {
        observe::LogPlace place;
        observe::Level level = observe::Level::error;
        observe::LogForm form = observe::LogForm::text;
    };
    config::ScopedList<Target> targets;
};

/// How files are read that are not small.
struct FileReadingSettings {
    bool threads = false;     ///< aio
    config::Expression pool;  ///< its name
    std::optional<std::uint64_t> directio;
    std::uint64_t directio_alignment = 512;
    sys::SymlinkRule symlinks = sys::SymlinkRule::follow;
    config::Expression symlinks_from;  ///< links of this part of a path are followed in any case
};

/// What holds for a connection before a request has chosen its server, and for reading requests.
struct ConnectionSettings {
    milliseconds client_header_timeout{60'000};
    std::uint64_t client_header_buffer_size = 1024;
    std::uint64_t large_buffer_count = 4;
    std::uint64_t large_buffer_size = 8192;
    std::uint64_t max_headers = 1000;
    bool ignore_invalid_headers = true;
    bool underscores_in_headers = false;
    bool merge_slashes = true;

    [[nodiscard]] bool takes_underscores() const noexcept { return underscores_in_headers || !ignore_invalid_headers; }
};

enum class Lingering : unsigned char { off, on, always };
/// Request content goes to a file if it is large; always, and the file is removed; always, and it stays.
enum class InFile : unsigned char { large, removed, kept };
enum class Tokens : unsigned char { off, on, build };
enum class Satisfy : unsigned char { all, any };

/// A file name extension (lower case) to a content type.
using TypeMap = std::unordered_map<std::string, std::string>;

/// One `error_page` status with its page.
struct ErrorPage {
    int status = 0;
    config::Expression target;  ///< "/path", "@name" or a URL
    bool overrides = false;     ///< "=" was given
    int new_status = 0;         ///< of "=200"; 0 with overrides: the page's own status
};

/// What an exchange is answered by: http, server and location level.
struct CoreSettings {
    config::Expression root = config::Expression::literal("html");  ///< absolute once set; the default is made absolute at load
    static constexpr std::size_t whole_name = static_cast<std::size_t>(-1);
    bool root_is_own = false;  ///< this level has a root or an alias
    bool root_is_alias = false;
    std::size_t alias_cut = 0;  ///< octets of the path that alias stands for; whole_name: of all of it (regex location)
    bool internal = false;

    std::shared_ptr<const TypeMap> types;  ///< null: nginx's three built-in types
    bool types_are_own = false;
    config::Expression default_type = config::Expression::literal("text/plain");

    bool log_not_found = true;

    bool sendfile = false;
    bool tcp_nopush = false;
    bool tcp_nodelay = true;
    bool chunked_transfer_encoding = true;
    bool etag = true;
    Tokens server_tokens = Tokens::on;
    Satisfy satisfy = Satisfy::all;
    milliseconds auth_delay{0};  ///< before a refused exchange is answered with 401

    milliseconds keepalive_timeout{75'000};  ///< 0: no keep-alive
    seconds keepalive_header{0};             ///< Keep-Alive: timeout=N; 0: not sent
    std::uint64_t keepalive_requests = 1000;
    milliseconds keepalive_time{3'600'000};  ///< since the connection was accepted
    milliseconds keepalive_min_timeout{0};   ///< an idle connection is not ended by us before
    bool keepalive_off_for_msie6 = true;     ///< keepalive_disable, after a POST
    bool keepalive_off_for_safari = false;
    milliseconds send_timeout{60'000};
    std::uint64_t sendfile_max_chunk = 2U << 20;  ///< 0: unlimited
    std::uint64_t output_buffer_count = 2;
    std::uint64_t output_buffer_size = 32768;
    bool reset_timedout_connection = false;

    std::uint64_t client_max_body_size = 1U << 20;  ///< 0: unlimited
    std::uint64_t client_body_buffer_size = 16384;
    milliseconds client_body_timeout{60'000};
    InFile client_body_in_file_only = InFile::large;
    bool client_body_temp_path_is_own = false;
    std::string client_body_temp_path;  ///< absolute
    std::vector<unsigned> client_body_temp_levels;
    bool wants_request_content = false;   ///< a value refers to $request_body or $request_body_file
    bool stores_request_content = false;  ///< a module puts content into client_body_temp_path, so that must be there

    Lingering lingering_close = Lingering::on;
    milliseconds lingering_time{30'000};
    milliseconds lingering_timeout{5'000};

    bool absolute_redirect = true;
    bool port_in_redirect = true;
    bool server_name_in_redirect = false;

    config::ScopedList<ErrorPage> error_pages;
    bool recursive_error_pages = false;
    std::string post_action;  ///< "/path" or "@name"; "": nothing is done behind an answer

    void enter_scope() { root_is_own = types_are_own = client_body_temp_path_is_own = false; }
};

}  // namespace webserv::server
