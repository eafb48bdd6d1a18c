// modules/auth_basic.cpp: a user's name and password, as RFC 7617 has it, against a file that is read anew for each request.
// Hashes that are slow by intention are made by a helper thread, so that nobody else waits for them.
#include <fmt/format.h>

#include "http/credentials.hpp"
#include "io/offload.hpp"
#include "modules/auth_basic_password.hpp"
#include "modules/registry.hpp"
#include "server/answers.hpp"
#include "server/site_builder.hpp"
#include "server/worker.hpp"
#include "sys/file.hpp"

namespace webserv::modules {
namespace {

using config::Checked;
using observe::Level;
using server::Exchange;
using server::Outcome;
using server::Phase;
namespace context = config::context;

constexpr std::size_t file_bytes_max = 4U << 20;  // some ten thousand users; it is read for each request

struct Settings {
    config::Expression realm = config::Expression::literal("off");
    config::Expression user_file{};
};

Checked<> apply_realm(config::Scope& scope, const config::Statement& statement) {
    auto realm = server::builder(scope).compile(statement.words.front(), scope);
    if (!realm) return std::unexpected{realm.error()};
    scope.settings.own<Settings>().realm = std::move(*realm);
    return {};
}

Checked<> apply_user_file(config::Scope& scope, const config::Statement& statement) {
    config::Word word = statement.words.front();
    if (!word.text.starts_with('$')) word.text = server::builder(scope).absolute_in_conf(word.text);
    auto file = server::builder(scope).compile(word, scope);
    if (!file) return std::unexpected{file.error()};
    scope.settings.own<Settings>().user_file = std::move(*file);
    return {};
}

Outcome ask_for_credentials(Exchange& exchange, std::string_view realm) {
    const std::string_view clean = server::without_line_ends(realm, exchange.arena);
    const std::string_view challenge = exchange.arena.join({"Basic realm=\"", clean, "\""});
    exchange.response.fields.remove("WWW-Authenticate");
    exchange.response.fields.add("WWW-Authenticate", challenge);
    return Outcome::status(401);
}

Outcome cannot_read(Exchange& exchange, std::string_view path, const Error& error) {
    const bool missing = error.code == std::errc::no_such_file_or_directory;
    exchange.log(missing ? Level::error : Level::crit,
                 fmt::format("{}() \"{}\" failed {}", error.doing, path, describe_errno(static_cast<int>(error.code))));
    return Outcome::status(missing ? 403 : 500);
}

Task<Outcome> check_password(Exchange& exchange) {
    const auto& settings = exchange.settings<Settings>();
    const std::string_view realm = exchange.evaluate(settings.realm);
    if (realm == "off") co_return Outcome::declined();
    auto credentials = http::parse_basic_credentials(exchange.request.fields.find("authorization").value_or(""));
    if (!credentials) {
        exchange.log(Level::info, "no user/password was provided for basic authentication");
        co_return ask_for_credentials(exchange, realm);
    }
    // For C, which libcrypt is written in, a password ends with its first NUL; nginx cuts it there as well.
    const std::string password = credentials->password.substr(0, credentials->password.find('\0'));
    const std::string path{exchange.evaluate(settings.user_file)};
    const auto file = sys::read_whole(path.c_str(), file_bytes_max);
    if (!file) co_return cannot_read(exchange, path, file.error());
    const auto found = find_password(*file, credentials->user);
    if (!found) {
        exchange.log(Level::error, fmt::format("user \"{}\" was not found in \"{}\"", credentials->user, path));
        co_return ask_for_credentials(exchange, realm);
    }
    const std::string stored{*found};
    auto compare = [&password, &stored] { return password_matches(password, stored); };
    bool matches = false;
    if (is_slow(stored)) {
        auto job = io::offload(exchange.worker.loop, compare);
        matches = co_await job;
    } else {
        matches = compare();
    }
    if (matches) co_return Outcome::granted();
    exchange.log(Level::error, fmt::format("user \"{}\": password mismatch", credentials->user));
    co_return ask_for_credentials(exchange, realm);
}

bool wanted(const config::SettingsTable& table) {
    const auto& settings = table.get<Settings>();
    const bool is_off = settings.realm.is_literal() && settings.realm.text() == "off";
    return !is_off && !settings.user_file.text().empty();
}

constexpr config::Contexts places = context::http | context::server | context::location | context::limit_except;

constexpr config::Directive directives[] = {
    {.name = "auth_basic",
     .contexts = places,
     .takes = config::arity::one,
     .syntax = "realm | off",
     .fallback = "off",
     .apply = apply_realm,
     .doc = "Asks for a user and a password before anything is served; the text is shown to the user, and may hold variables. Needs "
            "`auth_basic_user_file`. Without TLS both can be read on the way."},
    {.name = "auth_basic_user_file",
     .contexts = places,
     .takes = config::arity::one,
     .syntax = "file",
     .apply = apply_user_file,
     .doc =
         "The file with a line `user:password` for each user, relative to the configuration's folder; it is read for each request, so a "
         "change holds at once, and may hold variables. The password is a hash of crypt(3) (`mkpasswd`, `openssl passwd -6`), Apache's "
         "`$apr1$` (`htpasswd`, `openssl passwd -apr1`), or `{SSHA}`, `{SHA}` or `{PLAIN}` with what they say. Lines that begin with `#` "
         "are comments. A missing file is answered with 403."},
};

constexpr server::Handler handlers[] = {{.phase = Phase::access, .plain = nullptr, .waiting = check_password, .wanted = wanted}};

}  // namespace

constexpr server::Module auth_basic_module{
    .name = "auth_basic", .directives = directives, .variables = {}, .handlers = handlers, .filters = {}};

}  // namespace webserv::modules
