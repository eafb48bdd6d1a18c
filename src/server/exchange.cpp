// server/exchange.cpp: internal redirects, variables, and the context of log lines.
// What it allocates lies in its arena and goes with it.
#include "server/exchange.hpp"

#include <fmt/format.h>

#include <array>
#include <span>

#include "server/worker.hpp"

namespace webserv::server {
namespace {

constexpr unsigned redirects_max = 10;  // nginx's bound on rewrites and internal redirects together

// A value may ask for other variables, and they for it: `root` for $request_filename, for example. Nobody waits meanwhile, so one depth
// serves all exchanges. Beyond the bound (nginx's) nothing is asked for until the first question is answered.
class Asking {
public:
    Asking() noexcept { ++depth; }
    ~Asking() {
        if (--depth == 0) given_up = false;
    }
    Asking(const Asking&) = delete;
    Asking& operator=(const Asking&) = delete;

    enum class Verdict : unsigned char { go_on, begins_to_give_up, has_given_up };
    [[nodiscard]] static Verdict verdict() noexcept {
        if (given_up) return Verdict::has_given_up;
        given_up = depth > depth_max;
        return given_up ? Verdict::begins_to_give_up : Verdict::go_on;
    }

private:
    static constexpr unsigned depth_max = 100;
    static inline unsigned depth = 0;
    static inline bool given_up = false;
};

}  // namespace

Exchange::Exchange(Connection& client, Transport& carrier, const WayIn& way_in, http::Request& received, Arena& memory,
                   io::TimePoint first_octet)
    : connection{client},
      transport{carrier},
      worker{client.worker},
      site{way_in.site},
      point{client.point_behind(way_in)},
      arena{memory},
      request{received},
      response{memory},
      host{point.default_host},
      location{&host->bare},
      args{request.query},
      has_args{request.has_query},
      began{first_octet},
      number{client.requests} {}

Exchange::~Exchange() {
    for (const Made* made = made_; made != nullptr; made = made->next) made->destroy(made->object);
}

bool Exchange::too_many_redirects(std::string_view doing, std::string_view to) {
    if (++redirects_ <= redirects_max) return false;
    log(observe::Level::error, fmt::format("rewrite or internal redirection cycle while {} \"{}\"", doing, to));
    return true;
}

bool Exchange::has_redirected_too_often() const noexcept { return redirects_ > redirects_max; }

Outcome Exchange::redirect_internally(std::string_view new_path, std::string_view new_args) {
    if (too_many_redirects("internally redirecting to", new_path)) return Outcome::status(500);
    if (trace != nullptr) trace->note(fmt::format("internal redirect to \"{}\"", new_path));
    path = new_path;
    args = new_args;
    has_args = !new_args.empty();
    internal = true;
    named_jump = false;
    path_follows_alias = false;
    return Outcome::redirected();
}

Outcome Exchange::jump_to(std::string_view name) {
    if (too_many_redirects("redirecting to named location", name)) return Outcome::status(500);
    const Location* const named = host->named_location(name);
    if (named == nullptr) {
        log(observe::Level::error, fmt::format("could not find named location \"{}\"", name));
        return Outcome::status(500);
    }
    location = named;
    internal = true;
    named_jump = true;
    return Outcome::redirected();
}

void Exchange::log(observe::Level level, std::string_view message) const {
    if (!logs(level)) return;
    const std::string client = this->client().host();
    std::array<observe::LogField, 5> context{{{"client", client}, {"server", host->first_name()}}};
    std::size_t count = 2;
    if (!request.line.empty()) context[count++] = {"request", request.line, true};
    if (const auto field = request.fields.find("host")) context[count++] = {"host", *field, true};
    if (const auto field = request.fields.find("referer")) context[count++] = {"referrer", *field, true};
    location->log->write({.level = level, .message = message, .connection = connection.number, .context = std::span{context}.first(count)},
                         connection.debugged);
}

void Exchange::make_values() {
    const std::size_t count = site->variables.size();
    values_ = reinterpret_cast<Cached*>(arena.take(count * sizeof(Cached), alignof(Cached)));
    std::uninitialized_default_construct_n(values_, count);
}

std::optional<std::string_view> Exchange::ask_for(int index) {
    const VariableTable::Entry& entry = site->variables.entry(index);
    if (entry.definition == nullptr) return std::nullopt;  // a match's: it has not matched
    const Asking asking;
    const Asking::Verdict verdict = Asking::verdict();
    if (verdict == Asking::Verdict::begins_to_give_up) {
        log(observe::Level::error, fmt::format("cycle while evaluating variable \"{}{}\"", entry.definition->name, entry.rest));
    }
    if (verdict != Asking::Verdict::go_on) return std::nullopt;
    const auto text = entry.definition->get(*this, entry.rest);
    if (entry.definition->cacheable) {
        cached(index) = {text.value_or(std::string_view{}), text ? Cached::State::present : Cached::State::missing};
    }
    return text;
}

std::string_view Exchange::capture(std::size_t group) { return captures != nullptr ? captures->get(group) : std::string_view{}; }

void Exchange::take_captures(const config::Captures* matched, const std::vector<std::pair<int, std::size_t>>& named) {
    captures = matched;
    for (const auto& [index, group] : named) cached(index) = {matched->get(group), Cached::State::present};
}

}  // namespace webserv::server
