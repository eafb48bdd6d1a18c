// server/log_place.cpp: the parameters of `syslog:`, in nginx's words.
// Names of facilities and severities are those of RFC 5424 section 6.2.1, as nginx spells them.
#include "server/log_place.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <span>

#include "config/values.hpp"
#include "server/endpoint.hpp"
#include "server/site_builder.hpp"

namespace webserv::server {
namespace {

using config::Checked;
using config::complain;
using config::Word;
using observe::SyslogServer;

constexpr std::string_view kind = "syslog:";
constexpr std::uint16_t default_port = 514;
constexpr std::size_t tag_bytes_max = 32;

constexpr std::array<std::string_view, 24> facilities = {"kern",   "user",   "mail",     "daemon", "auth",   "intern", "lpr",    "news",
                                                         "uucp",   "clock",  "authpriv", "ftp",    "ntp",    "audit",  "alert",  "cron",
                                                         "local0", "local1", "local2",   "local3", "local4", "local5", "local6", "local7"};
constexpr std::array<std::string_view, 8> severities = {"emerg", "alert", "crit", "error", "warn", "notice", "info", "debug"};

std::optional<unsigned> number_of(std::span<const std::string_view> names, std::string_view name) {
    const auto found = std::find(names.begin(), names.end(), name);
    if (found == names.end()) return std::nullopt;
    return static_cast<unsigned>(found - names.begin());
}

/// One `syslog:...` while its parameters are read.
class Parameters {
public:
    Parameters(SiteBuilder& builder, const config::Place& place) : builder_{builder}, place_{place} {}

    Checked<> take(std::string_view parameter) {
        const auto equals = parameter.find('=');
        const std::string_view name = parameter.substr(0, equals);
        const std::string_view value = equals == parameter.npos ? std::string_view{} : parameter.substr(equals + 1);
        if (parameter == "nohostname") {
            has_hostname_ = false;
            return {};
        }
        if (equals == parameter.npos || (name != "server" && name != "facility" && name != "severity" && name != "tag")) {
            return complain(fmt::format("unknown syslog parameter \"{}\"", parameter), place_);
        }
        if (std::find(seen_.begin(), seen_.end(), name) != seen_.end()) {
            return complain(fmt::format("duplicate syslog \"{}\"", name), place_);
        }
        seen_.push_back(name);
        if (name == "server") return take_server(value);
        if (name == "tag") return take_tag(value);
        const auto number = name == "facility" ? number_of(facilities, value) : number_of(severities, value);
        if (!number) return complain(fmt::format("unknown syslog {} \"{}\"", name, value), place_);
        (name == "facility" ? server_.facility : server_.severity) = *number;
        return {};
    }

    Checked<observe::LogPlace> finish() {
        if (server_.address.family() == AF_UNSPEC) return complain("no syslog server specified", place_);
        if (has_hostname_) server_.hostname = builder_.loader().hostname();
        return observe::LogPlace{.path = server_.identity(), .syslog = std::make_shared<const SyslogServer>(server_)};
    }

private:
    Checked<> take_server(std::string_view value) {
        const auto refuse = [&](std::string_view why) { return complain(fmt::format("{} in syslog server \"{}\"", why, value), place_); };
        if (value.starts_with("unix:")) {
            const auto local = sys::Address::local(value.substr(5));
            if (!local) return refuse("invalid path");
            server_.address = *local;
            return {};
        }
        const HostAndPort parts = split_endpoint(value);
        if (parts.host.empty()) return refuse("no host");
        const auto port = parts.port ? parse_port(*parts.port) : std::optional{default_port};
        if (!port) return refuse("invalid port");
        const auto addresses = addresses_of(parts.host, *port, builder_.loader());
        if (addresses.empty()) return refuse("host not found");
        server_.address = addresses.front();
        return {};
    }

    Checked<> take_tag(std::string_view value) {
        if (value.size() > tag_bytes_max) return complain(fmt::format("syslog tag length exceeds {}", tag_bytes_max), place_);
        const auto is_plain = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_'; };
        if (!std::all_of(value.begin(), value.end(), is_plain)) {
            return complain("syslog \"tag\" only allows alphanumeric characters and underscore", place_);
        }
        server_.tag = value;
        return {};
    }

    SiteBuilder& builder_;
    const config::Place& place_;
    SyslogServer server_{};
    std::vector<std::string_view> seen_;
    bool has_hostname_ = true;
};

}  // namespace

Checked<observe::LogPlace> parse_log_place(SiteBuilder& builder, const Word& word) {
    const std::string_view text = word.text;
    if (!text.starts_with(kind)) return observe::LogPlace{.path = builder.absolute(text)};
    Parameters parameters{builder, word.place};
    std::string_view rest = text.substr(kind.size());
    while (!rest.empty()) {
        const auto comma = std::min(rest.find(','), rest.size());
        if (auto taken = parameters.take(rest.substr(0, comma)); !taken) return std::unexpected{std::move(taken.error())};
        rest.remove_prefix(std::min(comma + 1, rest.size()));
    }
    return parameters.finish();
}

}  // namespace webserv::server
