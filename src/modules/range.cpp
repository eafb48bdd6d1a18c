// modules/range.cpp: part of a file (RFC 9110 section 14): 206 with the octets asked for, or 416.
// Runs last among the filters: it cuts what the others have left.
#include "http/range.hpp"

#include <fmt/format.h>

#include "http/conditional.hpp"
#include "modules/registry.hpp"
#include "server/exchange.hpp"

namespace webserv::modules {
namespace {

using server::Exchange;
using server::Outcome;

Outcome unsatisfiable(Exchange& exchange, std::uint64_t length) {
    exchange.response.fields.add("Content-Range", exchange.arena.copy(fmt::format("bytes */{}", length)));
    return Outcome::status(416);
}

Outcome cut(Exchange& exchange) {
    http::Response& response = exchange.response;
    const auto field = exchange.request.fields.find("range");
    if (!field || response.status != 200 || !response.accept_ranges || !response.content_length) return Outcome::declined();
    const http::Validators validators{.etag = response.etag, .last_modified = response.last_modified};
    if (!http::range_applies(exchange.request.fields, validators)) return Outcome::declined();

    const std::uint64_t length = *response.content_length;
    const auto range = http::parse_range(*field, length);
    if (!range) return range.error() == http::RangeError::unsatisfiable ? unsatisfiable(exchange, length) : Outcome::declined();
    const std::uint64_t count = range->last - range->first + 1;
    if (exchange.content == nullptr || !exchange.content->narrow(range->first, count)) return Outcome::declined();
    response.status = 206;
    exchange.forced_status = 0;
    response.content_length = count;
    response.accept_ranges = false;
    response.fields.add("Content-Range", exchange.arena.copy(fmt::format("bytes {}-{}/{}", range->first, range->last, length)));
    return Outcome::declined();
}

constexpr server::Filter filters[] = {{.apply = cut, .wanted = nullptr}};

}  // namespace

constexpr server::Module range_module{.name = "range", .directives = {}, .variables = {}, .handlers = {}, .filters = filters};

}  // namespace webserv::modules
