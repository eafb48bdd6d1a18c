// modules/upstream_variables.cpp: what nginx knows of a request that it has proxied. Nothing is proxied here, so they have no value:
// log formats that name them stay as they are, with a dash in their place, as in nginx for what it answers itself.
#include "modules/registry.hpp"
#include "server/exchange.hpp"

namespace webserv::modules {
namespace {

using server::Exchange;
using Value = std::optional<std::string_view>;

Value none(Exchange& /*exchange*/, std::string_view /*rest*/) { return std::nullopt; }

constexpr server::Variable variables[] = {
    {.name = "upstream_addr", .get = none},
    {.name = "upstream_status", .get = none},
    {.name = "upstream_connect_time", .get = none},
    {.name = "upstream_header_time", .get = none},
    {.name = "upstream_response_time", .get = none},
    {.name = "upstream_response_length", .get = none},
    {.name = "upstream_bytes_received", .get = none},
    {.name = "upstream_bytes_sent", .get = none},
    {.name = "upstream_cache_status", .get = none},
    {.name = "upstream_cache_last_modified", .get = none},
    {.name = "upstream_cache_etag", .get = none},
    {.name = "upstream_http_", .get = none, .prefix = true},
    {.name = "upstream_cookie_", .get = none, .prefix = true},
    {.name = "upstream_trailer_", .get = none, .prefix = true},
    {.name = "proxy_host", .get = none},
    {.name = "proxy_port", .get = none},
};

}  // namespace

constexpr server::Module upstreams_module{
    .name = "upstream_variables", .directives = {}, .variables = variables, .handlers = {}, .filters = {}};

}  // namespace webserv::modules
