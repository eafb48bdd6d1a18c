// server/site.hpp: everything derived from one configuration: immutable once built, shared by the exchanges that use it.
// It owns values only. Sockets, logs and open files live outside, keyed by what the Site says about them.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "config/syntax.hpp"
#include "server/core_settings.hpp"
#include "server/listen.hpp"
#include "server/module.hpp"
#include "server/variables.hpp"
#include "server/virtual_host.hpp"

namespace webserv::server {

class AccessLog;

/// How lines of an access log gather.
struct AccessLogOptions {
    std::uint64_t buffer_bytes = 0;      ///< buffer=; 0: written at the end of the loop's turn
    std::chrono::milliseconds flush{0};  ///< flush=; 0: when the buffer is full
    int gzip_level = 0;                  ///< gzip=; 0: as they are

    bool operator==(const AccessLogOptions&) const = default;
};

/// One listening address with the servers behind it.
struct ListenPoint {
    sys::Address address;
    sys::ListenOptions options;
    bool proxy_protocol = false;     ///< connections begin with who is behind the proxy that speaks
    bool secure = false;             ///< TLS is spoken here
    bool http2 = false;              ///< HTTP/2 is spoken with whoever begins with it, whatever its default server says
    bool takes_underscores = false;  ///< some server here takes field names that have them: what is too much goes later
    const VirtualHost* default_host = nullptr;
    NameTable names;
    bool single = true;  ///< one server only, no regex names: the table need not be asked
    /// Addresses without a socket of their own, behind this wildcard's: chosen by getsockname(2).
    std::vector<std::unique_ptr<ListenPoint>> specific;
};

struct Site {
    config::SettingsTable main;  ///< main and events level
    std::vector<std::unique_ptr<VirtualHost>> hosts;
    std::vector<std::unique_ptr<ListenPoint>> points;  ///< one socket each
    VariableTable variables;
    std::vector<CompanionMaker> companions;   ///< of the modules that have one
    std::shared_ptr<const observe::Log> log;  ///< of the http level: before a server is known
    struct AccessLogFile {
        observe::LogPlace place;
        bool used = false;           ///< some location writes to it
        AccessLogOptions options{};  ///< all that write to it share them
    };
    std::vector<AccessLogFile> access_logs;                        ///< every access log named anywhere
    std::vector<std::shared_ptr<AccessLog>> access_log_writers;    ///< of the worker that runs this site; null for those not used
    std::vector<std::shared_ptr<const config::SourceFile>> files;  ///< what was read, for -T

    [[nodiscard]] const MainSettings& process() const { return main.get<MainSettings>(); }
};

}  // namespace webserv::server
