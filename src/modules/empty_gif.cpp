// modules/empty_gif.cpp: empty_gif: a transparent picture of one pixel, from memory.
// The same octets and the same date as nginx's, so that caches need not tell them apart.
#include "modules/registry.hpp"
#include "server/exchange.hpp"

namespace webserv::modules {
namespace {

using server::Exchange;
using server::Outcome;
using server::Phase;

constexpr std::string_view picture{
    "GIF89a\x01\0\x01\0\x80\x01\0"  // one pixel, two colours: black and white
    "\0\0\0\xff\xff\xff"
    "!\xf9\x04\x01\0\0\x01\0"                   // the second one is transparent
    ",\0\0\0\0\x01\0\x01\0\0\x02\x02L\x01\0;",  // the pixel
    43};
constexpr std::time_t drawn = 23'349'600;  // Mon, 28 Sep 1970 06:00:00 GMT

struct Settings {
    bool enabled = false;
    void enter_scope() { enabled = false; }  // as any handler of content
};

config::Checked<> apply_empty_gif(config::Scope& scope, const config::Statement&) {
    scope.settings.own<Settings>().enabled = true;
    return {};
}

Outcome send(Exchange& exchange) {
    if (!exchange.is_safe()) return Outcome::status(405);
    exchange.response.status = 200;
    exchange.response.content_type = "image/gif";
    exchange.response.content_length = picture.size();
    exchange.response.last_modified = drawn;
    exchange.content = &exchange.make<io::MemorySource>(picture);
    return Outcome::respond();
}

bool wanted(const config::SettingsTable& settings) { return settings.get<Settings>().enabled; }

constexpr config::Directive directives[] = {
    {.name = "empty_gif",
     .contexts = config::context::location,
     .takes = config::arity::none,
     .apply = apply_empty_gif,
     .doc = "Answers with a transparent picture of one pixel."},
};

constexpr server::Handler handlers[] = {{.phase = Phase::content, .plain = send, .waiting = nullptr, .wanted = wanted}};

}  // namespace

constexpr server::Module empty_gif_module{
    .name = "empty_gif", .directives = directives, .variables = {}, .handlers = handlers, .filters = {}};

}  // namespace webserv::modules
