// server/core_modules.hpp: the core's own directives and variables, in the same shape as any module's.
// They stand first in the registry; nothing else makes them special.
#pragma once

#include "server/module.hpp"

namespace webserv::server {

extern const Module main_module;               ///< main and events: processes
extern const Module process_module;            ///< main: limits, priority, processors and environment of workers
extern const Module error_log_module;          ///< error_log
extern const Module core_module;               ///< http, server, location: blocks, names, files, errors
extern const Module connection_module;         ///< reading requests, timeouts, keep-alive, sending
extern const Module http2_module;              ///< http2, its bounds, $http2
extern const Module output_module;             ///< portions and buffers of what is sent
extern const Module file_reading_module;       ///< aio, directio, thread_pool, disable_symlinks
extern const Module open_file_module;          ///< open_file_cache
extern const Module content_coding_module;     ///< gzip_vary, gzip_proxied ...: who may have a content coding
extern const Module tls_module;                ///< ssl_certificate ...
extern const Module tls_variables_module;      ///< $ssl_protocol ...
extern const Module resolver_module;           ///< resolver
extern const Module moot_module;               ///< nginx's directives that change nothing here
extern const Module network_variables_module;  ///< $tcpinfo_rtt, $proxy_protocol_addr, ...
extern const Module variables_module;          ///< $uri, $host, $status, ...

}  // namespace webserv::server
