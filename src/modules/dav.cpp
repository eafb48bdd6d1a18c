// modules/dav.cpp: files put, removed, copied and moved over HTTP: PUT, DELETE, MKCOL, COPY, MOVE (RFC 4918, as far as nginx has it).
// Requests are judged here; what they do to files is done by a helper thread.
#include <fmt/format.h>

#include <algorithm>
#include <span>
#include <string>
#include <utility>

#include "base/text.hpp"
#include "http/date.hpp"
#include "http/target.hpp"
#include "io/offload.hpp"
#include "modules/dav_files.hpp"
#include "modules/registry.hpp"
#include "server/answers.hpp"
#include "server/request_content.hpp"
#include "server/site_builder.hpp"
#include "server/worker.hpp"

namespace webserv::modules {
namespace {

using config::Checked;
using observe::Level;
using server::Exchange;
using server::Outcome;
using server::Phase;
namespace context = config::context;

enum MethodBit : unsigned { off = 1, put = 2, delete_ = 4, mkcol = 8, copy = 16, move = 32 };
constexpr config::Choice<unsigned> method_bits[] = {{"off", off},     {"PUT", put},   {"DELETE", delete_},
                                                    {"MKCOL", mkcol}, {"COPY", copy}, {"MOVE", move}};

struct Settings {
    unsigned methods = 0;
    dav::Access access{};
    std::uint64_t delete_depth_min = 0;
    bool makes_folders = false;
    bool methods_are_own = false;  ///< another line of this level adds to them

    void enter_scope() { methods_are_own = false; }
};

Checked<> apply_methods(config::Scope& scope, const config::Statement& statement) {
    auto& settings = scope.settings.own<Settings>();
    unsigned methods = std::exchange(settings.methods_are_own, true) ? settings.methods : 0;
    for (const config::Word& word : statement.words) {
        const auto found = std::find_if(std::begin(method_bits), std::end(method_bits),
                                        [&word](const auto& choice) { return text::equal_ignoring_case(word.text, choice.word); });
        if (found == std::end(method_bits)) {
            return config::complain(fmt::format("invalid value \"{}\"", word.text), word.place,
                                    "the methods are PUT, DELETE, MKCOL, COPY and MOVE");
        }
        if ((methods & found->value) != 0) server::builder(scope).warn(fmt::format("duplicate value \"{}\"", word.text), word.place);
        methods |= found->value;
    }
    settings.methods = methods;
    if ((methods & MethodBit::put) != 0) scope.settings.own<server::CoreSettings>().stores_request_content = true;
    return {};
}

Checked<> apply_access(config::Scope& scope, const config::Statement& statement) {
    std::uint32_t mode = 0;
    bool has_user = false;
    for (const config::Word& word : statement.words) {
        const auto colon = word.text.find(':');
        const std::string who = word.text.substr(0, colon);
        const std::string what = colon == word.text.npos ? std::string{} : word.text.substr(colon + 1);
        const int shift = who == "user" ? 6 : who == "group" ? 3 : who == "all" ? 0 : -1;
        const std::uint32_t right = what == "rw" ? 6 : what == "r" ? 4 : 0;
        if (shift < 0 || right == 0) {
            return config::complain(fmt::format("invalid value \"{}\"", word.text), word.place, "user, group or all, a colon, and r or rw");
        }
        has_user = has_user || shift == 6;
        mode |= right << shift;
    }
    scope.settings.own<Settings>().access.file = has_user ? mode : mode | 0600;
    return {};
}

unsigned method_of(const Exchange& exchange) {
    const std::string_view name = exchange.request.method_name;
    const auto found =
        std::find_if(std::begin(method_bits) + 1, std::end(method_bits), [name](const auto& choice) { return name == choice.word; });
    return found == std::end(method_bits) ? 0 : found->value;
}

Outcome refuse(Exchange& exchange, int status, std::string_view why) {
    exchange.log(Level::error, why);
    return Outcome::status(status);
}

/// Depth: nothing is infinity, which is also what its absence means. RFC 4918 section 10.2.
struct Depth {
    bool valid = true;
    std::optional<unsigned> levels{};
};

Depth depth_of(const Exchange& exchange) {
    const auto field = exchange.request.fields.find("depth");
    if (!field || *field == "infinity") return {};
    if (*field == "0") return {.valid = true, .levels = 0};
    if (*field == "1") return {.valid = true, .levels = 1};
    return {.valid = false, .levels = 2};
}

std::string without_slash(std::string_view path) { return std::string{path.ends_with('/') ? path.substr(0, path.size() - 1) : path}; }

Outcome answer(Exchange& exchange, const dav::Done& done, std::string_view location) {
    exchange.worker.files.expect_changes();
    if (!done.complaint.empty()) exchange.log(done.status >= 500 ? Level::crit : Level::error, done.complaint);
    if (done.status >= 300) return Outcome::status(done.status);
    exchange.response.status = done.status;
    if (done.status == 201) {
        exchange.response.content_length = 0;
        if (!location.empty()) exchange.response.location = http::escape_path(location, exchange.arena);
    }
    return Outcome::respond();
}

Task<Outcome> put_file(Exchange& exchange) {
    const auto& settings = exchange.settings<Settings>();
    if (exchange.path.ends_with('/')) co_return refuse(exchange, 409, "cannot PUT to a collection");
    if (exchange.request.fields.find("content-range")) co_return refuse(exchange, 501, "PUT with range is unsupported");
    const auto path = server::file_path(exchange, {});
    if (!path) co_return Outcome::status(404);
    const Outcome read = co_await server::read_request_content_into_file(exchange);
    if (read.kind != Outcome::Kind::declined) co_return read;
    dav::Put request{.temporary = std::string{exchange.request_content.file_path},
                     .path = std::string{*path},
                     .access = settings.access,
                     .makes_folders = settings.makes_folders,
                     .modified = http::parse_date(exchange.request.fields.find("date").value_or(""))};
    auto work = [&request] { return dav::put(request); };
    auto job = io::offload(exchange.worker.loop, work);
    const dav::Done done = co_await job;
    co_return answer(exchange, done, exchange.path);
}

bool is_deep_enough(std::string_view path, std::uint64_t depth_min) {
    if (depth_min == 0) return true;
    std::uint64_t depth = 0;
    for (std::size_t i = 0; i < path.size(); ++i) {
        if (path[i] == '/' && ++depth >= depth_min && i + 1 < path.size()) return true;
    }
    return false;
}

Task<Outcome> remove(Exchange& exchange) {
    const auto& settings = exchange.settings<Settings>();
    if (!is_deep_enough(exchange.path, settings.delete_depth_min)) {
        co_return refuse(exchange, 409, fmt::format("insufficient URI depth of \"{}\" to DELETE", exchange.path));
    }
    const auto path = server::file_path(exchange, {});
    if (!path) co_return Outcome::status(404);
    const bool as_collection = exchange.path.ends_with('/');
    const std::string name = without_slash(*path);
    const Depth depth = depth_of(exchange);
    auto work = [&name, as_collection, &depth] { return dav::remove(name, as_collection, depth.levels); };
    auto job = io::offload(exchange.worker.loop, work);
    const dav::Done done = co_await job;
    co_return answer(exchange, done, {});
}

Task<Outcome> make_collection(Exchange& exchange) {
    if (!exchange.path.ends_with('/')) co_return refuse(exchange, 409, "MKCOL can create a collection only");
    const auto path = server::file_path(exchange, {});
    if (!path) co_return Outcome::status(404);
    const dav::Done done = dav::make_collection(without_slash(*path), exchange.settings<Settings>().access);
    co_return answer(exchange, done, exchange.path);
}

/// The path of the Destination field: of this server, whole, and not above itself.
std::optional<std::string_view> destination_path(Exchange& exchange, std::string_view field, bool& elsewhere) {
    std::string_view path = field;
    if (!path.starts_with('/')) {
        const std::string_view scheme = exchange.connection.is_secure() ? "https://" : "http://";
        if (!path.starts_with(scheme)) return std::nullopt;
        path.remove_prefix(scheme.size());
        const auto slash = path.find('/');
        if (slash == path.npos) return std::nullopt;
        const auto authority = http::parse_authority(path.substr(0, slash));
        elsewhere = !authority || !text::equal_ignoring_case(authority->host, exchange.host_name);
        if (elsewhere) return std::nullopt;
        path.remove_prefix(slash);
    }
    path = path.substr(0, path.find('?'));
    if (path.find("/../") != path.npos || path.ends_with("/..")) return std::nullopt;
    const auto normal = http::normalise_path(path, true, exchange.arena);
    if (!normal) return std::nullopt;
    return *normal;
}

/// Overwrite: T or F; absent: T. RFC 4918 section 10.6.
std::optional<bool> overwrites(const Exchange& exchange) {
    const auto field = exchange.request.fields.find("overwrite");
    if (!field || *field == "T" || *field == "t") return true;
    if (*field == "F" || *field == "f") return false;
    return std::nullopt;
}

Task<Outcome> copy_or_move(Exchange& exchange) {
    const bool moves = method_of(exchange) == MethodBit::move;
    const auto field = exchange.request.fields.find("destination");
    if (!field) co_return refuse(exchange, 400, "client sent no \"Destination\" header");
    bool elsewhere = false;
    const auto destination = destination_path(exchange, *field, elsewhere);
    if (elsewhere) {
        co_return refuse(exchange, 400,
                         fmt::format("\"Destination\" URI \"{}\" is handled by different repository than the source URI", *field));
    }
    if (!destination) co_return refuse(exchange, 400, fmt::format("client sent invalid \"Destination\" header: \"{}\"", *field));
    const bool as_collection = exchange.path.ends_with('/');
    if (as_collection != destination->ends_with('/')) {
        co_return refuse(exchange, 409,
                         fmt::format("both URI \"{}\" and \"Destination\" URI \"{}\" should be either collections or non-collections",
                                     exchange.path, *destination));
    }
    const Depth depth = depth_of(exchange);
    if (depth.levels && (moves || *depth.levels != 0)) {
        co_return refuse(exchange, 400, moves ? "\"Depth\" header must be infinity" : "\"Depth\" header must be 0 or infinity");
    }
    const auto overwrite = overwrites(exchange);
    if (!overwrite) co_return refuse(exchange, 400, "client sent invalid \"Overwrite\" header");
    const auto from = server::file_path(exchange, {});
    const auto to = server::file_path_of(exchange, *destination);
    if (!from || !to) co_return Outcome::status(404);
    dav::Transfer request{.from = without_slash(*from),
                          .to = without_slash(*to),
                          .as_collection = as_collection,
                          .overwrites = *overwrite,
                          .moves = moves,
                          .access = exchange.settings<Settings>().access};
    auto work = [&request] { return dav::transfer(request); };
    auto job = io::offload(exchange.worker.loop, work);
    const dav::Done done = co_await job;
    co_return answer(exchange, done, {});
}

Task<Outcome> handle(Exchange& exchange) {
    const unsigned method = method_of(exchange) & exchange.settings<Settings>().methods;
    if (method == 0) co_return Outcome::declined();
    // RFC 8470 section 5.2: a client does it again when the handshake is over; whoever only repeats what he has recorded can not.
    if (exchange.connection.is_early()) co_return refuse(exchange, 425, "a request in early data would change files");
    if (method != MethodBit::put && exchange.request.has_content()) {
        co_return refuse(exchange, 415, fmt::format("{} with body is unsupported", exchange.request.method_name));
    }
    Outcome outcome;
    switch (method) {
        case MethodBit::put:
            outcome = co_await put_file(exchange);
            break;
        case MethodBit::delete_:
            outcome = co_await remove(exchange);
            break;
        case MethodBit::mkcol:
            outcome = co_await make_collection(exchange);
            break;
        default:
            outcome = co_await copy_or_move(exchange);
    }
    co_return outcome;
}

bool wanted(const config::SettingsTable& settings) { return (settings.get<Settings>().methods & ~MethodBit::off) != 0; }

constexpr config::Contexts everywhere = context::http | context::server | context::location;

constexpr config::Directive directives[] = {
    {.name = "dav_methods",
     .contexts = everywhere,
     .takes = config::arity::one_or_more,
     .syntax = "off | method ...",
     .fallback = "off",
     .apply = apply_methods,
     .doc = "Which of PUT, DELETE, MKCOL, COPY and MOVE are allowed. A file that is PUT appears in its place when it is complete; until "
            "then it "
            "is in `client_body_temp_path`, best on the same file system. Say who may do this, for example with `auth_basic`.",
     .repeatable = true},
    {.name = "dav_access",
     .contexts = everywhere,
     .takes = config::arity::between(1, 3),
     .syntax = "users:permissions ...",
     .fallback = "user:rw",
     .apply = apply_access,
     .doc = "The permissions of new files and folders: `user`, `group` or `all`, each with `r` or `rw`, as in `group:rw all:r`."},
    {.name = "create_full_put_path",
     .contexts = everywhere,
     .takes = config::arity::flag,
     .fallback = "off",
     .apply = config::store_flag<&Settings::makes_folders>,
     .doc = "Whether PUT makes the folders that are missing on the way to the file."},
    {.name = "min_delete_depth",
     .contexts = everywhere,
     .takes = config::arity::one,
     .syntax = "number",
     .fallback = "0",
     .apply = config::store_number<&Settings::delete_depth_min>,
     .doc = "DELETE only what has at least so many names in its path: with 3, `/a/b/c` but not `/a/b`."},
};

constexpr server::Handler handlers[] = {{.phase = Phase::content, .plain = nullptr, .waiting = handle, .wanted = wanted}};

}  // namespace

constexpr server::Module dav_module{.name = "dav", .directives = directives, .variables = {}, .handlers = handlers, .filters = {}};

}  // namespace webserv::modules
