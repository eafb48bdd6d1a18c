// app/cors.cpp: a field on each answer, and the answer to a browser that asks beforehand (OPTIONS with what it is about to send).
// Asked before anybody is: such a question carries no credentials.
#include "app/cors.hpp"

#include "server/exchange.hpp"

namespace webserv::app {
namespace {

using server::Exchange;
using server::Outcome;

Outcome answer_preflight(Exchange& exchange) {
    const http::FieldSection& asked = exchange.request.fields;
    if (exchange.request.method_name != "OPTIONS" || !asked.find("Access-Control-Request-Method")) return Outcome::declined();
    http::Response& response = exchange.response;
    response.status = 204;
    response.fields.add("Access-Control-Allow-Methods", "GET, HEAD");
    // Not "*": that would leave out Authorization.
    if (const auto names = asked.find("Access-Control-Request-Headers")) response.fields.add("Access-Control-Allow-Headers", *names);
    return Outcome::respond();
}

Outcome allow_everybody(Exchange& exchange) {
    exchange.response.fields.add("Access-Control-Allow-Origin", "*");
    exchange.response.fields.add("Access-Control-Expose-Headers", "*");
    return Outcome::declined();
}

constexpr server::Handler handlers[] = {
    {.phase = server::Phase::server_rewrite, .plain = answer_preflight, .waiting = nullptr, .wanted = nullptr}};
constexpr server::Filter filters[] = {{.apply = allow_everybody, .wanted = nullptr}};

}  // namespace

constexpr server::Module cors_module{.name = "cors", .directives = {}, .variables = {}, .handlers = handlers, .filters = filters};

}  // namespace webserv::app
