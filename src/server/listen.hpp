// server/listen.hpp: the `listen` directive's words as a value.
// A value; what several servers say about one address is joined in listen_points.cpp.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "config/directive.hpp"
#include "config/loader.hpp"
#include "sys/address.hpp"
#include "sys/socket.hpp"

namespace webserv::server {

struct ListenSpec {
    sys::Address address;
    sys::ListenOptions options;
    bool default_server = false;
    bool proxy_protocol = false;
    bool secure = false;       ///< ssl
    bool http2 = false;        ///< the old way to say `http2 on`
    bool has_options = false;  ///< a socket option was given: this address gets a socket of its own
    config::Place place;
};

/// Parses `listen address[:port] | port | unix:PATH [parameters]`. A name gives one spec for each of its addresses.
/// Errors: nginx's: `invalid port in "x" of the "listen" directive`, `invalid parameter "x"`, `host not found in ...`.
[[nodiscard]] config::Checked<std::vector<ListenSpec>> parse_listen(const config::Statement& statement, config::Loader& loader);

/// What a server without `listen` listens on: *:80 for root, else *:8000.
[[nodiscard]] ListenSpec default_listen(bool is_root);

}  // namespace webserv::server
