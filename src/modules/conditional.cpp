// modules/conditional.cpp: preconditions (RFC 9110 section 13): 304 and 412 instead of a file the client has or does not want.
// Runs first among the filters: what is not sent needs no range.
#include "http/conditional.hpp"

#include "modules/registry.hpp"
#include "server/exchange.hpp"

namespace webserv::modules {
namespace {

using server::Exchange;
using server::Outcome;
namespace context = config::context;

struct Settings {
    http::ModifiedSince modified_since = http::ModifiedSince::exact;
};

constexpr config::Choice<http::ModifiedSince> modified_since_choices[] = {
    {"off", http::ModifiedSince::off}, {"exact", http::ModifiedSince::exact}, {"before", http::ModifiedSince::before}};

Outcome check(Exchange& exchange) {
    http::Response& response = exchange.response;
    if (!exchange.core().etag) response.etag = {};
    if (response.status != 200) return Outcome::declined();
    const http::Validators validators{.etag = response.etag, .last_modified = response.last_modified};
    switch (http::evaluate(exchange.request.fields, validators, exchange.settings<Settings>().modified_since)) {
        case http::Condition::proceed:
            break;
        case http::Condition::failed:
            return Outcome::status(412);
        case http::Condition::not_modified:
            response.status = 304;
            response.content_length.reset();
            response.content_type = {};
            response.fields.remove("Content-Encoding");
            response.accept_ranges = false;
            exchange.content = nullptr;
            break;
    }
    return Outcome::declined();
}

constexpr config::Directive directives[] = {
    {.name = "etag",
     .contexts = context::http | context::server | context::location,
     .takes = config::arity::flag,
     .fallback = "on",
     .apply = config::store_flag<&server::CoreSettings::etag>,
     .doc = "Whether files are sent with an ETag field, made of their time and size."},
    {.name = "if_modified_since",
     .contexts = context::http | context::server | context::location,
     .syntax = "off | exact | before",
     .fallback = "exact",
     .apply = config::store_choice<&Settings::modified_since, modified_since_choices>,
     .doc =
         "How `If-Modified-Since` is compared with the file's time: only an equal date means unmodified, or also a later one (`before`), "
         "or the field is ignored (`off`)."},
};

constexpr server::Filter filters[] = {{.apply = check, .wanted = nullptr}};

}  // namespace

constexpr server::Module conditional_module{
    .name = "conditional", .directives = directives, .variables = {}, .handlers = {}, .filters = filters};

}  // namespace webserv::modules
