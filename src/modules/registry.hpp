// modules/registry.hpp: every module there is, in the order in which their handlers and filters run.
// No static initialisers: what is not in the list does not exist.
#pragma once

#include <span>

#include "server/module.hpp"

namespace webserv::modules {

[[nodiscard]] std::span<const server::Module* const> all() noexcept;

extern const server::Module redirect_module;       // return
extern const server::Module realip_module;         // set_real_ip_from ...
extern const server::Module early_read_module;     // client_body_early_read
extern const server::Module access_module;         // allow, deny
extern const server::Module auth_basic_module;     // auth_basic, auth_basic_user_file
extern const server::Module try_files_module;      // try_files
extern const server::Module stub_status_module;    // stub_status
extern const server::Module empty_gif_module;      // empty_gif
extern const server::Module static_coding_module;  // gzip_static ...
extern const server::Module more_headers_module;   // more_set_headers, more_clear_headers
extern const server::Module expires_module;        // expires
extern const server::Module random_index_module;   // random_index
extern const server::Module index_module;          // index
extern const server::Module autoindex_module;      // autoindex, autoindex_*
extern const server::Module dav_module;            // dav_methods, dav_access
extern const server::Module static_module;         // files
extern const server::Module conditional_module;    // If-* fields, etag
extern const server::Module headers_module;        // add_header, add_trailer
extern const server::Module range_module;          // Range
extern const server::Module limit_rate_module;     // limit_rate
extern const server::Module upstreams_module;      // $upstream_addr ...
extern const server::Module access_log_module;     // access_log, log_format
extern const server::Module stapling_module;       // asks OCSP responders

}  // namespace webserv::modules
