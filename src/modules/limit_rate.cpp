// modules/limit_rate.cpp: a response's content at a steady rate: limit_rate, limit_rate_after.
// A source around the source: it gives what the time that has passed allows, and sleeps until it allows more.
#include <fmt/format.h>

#include <algorithm>

#include "config/values.hpp"
#include "io/sleep.hpp"
#include "modules/registry.hpp"
#include "server/exchange.hpp"
#include "server/site_builder.hpp"
#include "server/worker.hpp"

namespace webserv::modules {
namespace {

using config::Checked;
using server::Exchange;
using server::Outcome;
namespace context = config::context;

struct Settings {
    config::Expression rate = config::Expression::literal("0");   ///< octets a second; 0: as fast as it goes
    config::Expression after = config::Expression::literal("0");  ///< octets that leave before the rate holds
};

// At once leaves what a quarter of a second allows: small enough to be steady, large enough to be few system calls.
constexpr std::uint64_t steps_a_second = 4;

class SteadySource final : public io::Source {
public:
    SteadySource(io::Source& inner, server::Worker& worker, std::uint64_t rate, std::uint64_t after)
        : inner_{inner},
          worker_{worker},
          rate_{rate},
          step_{std::max<std::uint64_t>(rate / steps_a_second, 1)},
          free_{after + step_},
          began_{worker.loop.now()} {}

    [[nodiscard]] std::optional<std::uint64_t> length() const override { return inner_.length(); }
    void cancel() override { inner_.cancel(); }

    Task<Result<io::Piece>> next(std::uint64_t bytes_max) override {
        const std::uint64_t wanted = std::min(bytes_max, step_);
        while (allowed() < wanted) {
            const auto slept = co_await io::sleep_until(worker_.loop, &worker_.scope, time_of(given_ + wanted));
            if (!slept) co_return std::unexpected{slept.error()};
        }
        auto piece = co_await inner_.next(std::min(bytes_max, allowed()));
        if (piece) given_ += piece->file != nullptr ? piece->slice.length : piece->bytes.size();
        co_return piece;
    }

private:
    /// When `octets` in all may have been given.
    [[nodiscard]] io::TimePoint time_of(std::uint64_t octets) const {
        if (octets <= free_) return began_;
        const std::chrono::duration<double> after{static_cast<double>(octets - free_) / static_cast<double>(rate_)};
        return began_ + std::chrono::ceil<std::chrono::milliseconds>(after);
    }
    [[nodiscard]] std::uint64_t allowed() const {
        const std::chrono::duration<double> passed = worker_.loop.now() - began_;
        const std::uint64_t in_all = free_ + static_cast<std::uint64_t>(static_cast<double>(rate_) * passed.count());
        return in_all > given_ ? in_all - given_ : 0;
    }

    io::Source& inner_;
    server::Worker& worker_;
    std::uint64_t rate_;
    std::uint64_t step_;
    std::uint64_t free_;
    io::TimePoint began_;
    std::uint64_t given_ = 0;
};

std::uint64_t size_of(Exchange& exchange, const config::Expression& expression) {
    const std::string_view text = exchange.evaluate(expression);
    const auto size = config::parse_size(text);
    if (!size && !text.empty()) exchange.log(observe::Level::error, fmt::format("invalid size \"{}\"", text));
    return size.value_or(0);
}

Outcome limit(Exchange& exchange) {
    if (exchange.content == nullptr) return Outcome::declined();
    const auto& settings = exchange.settings<Settings>();
    const std::uint64_t rate = size_of(exchange, settings.rate);
    if (rate == 0) return Outcome::declined();
    const std::uint64_t after = size_of(exchange, settings.after);
    exchange.content = &exchange.make<SteadySource>(*exchange.content, exchange.worker, rate, after);
    return Outcome::declined();
}

template <auto Member>
Checked<> apply_size(config::Scope& scope, const config::Statement& statement) {
    const config::Word& word = statement.words.front();
    auto value = server::builder(scope).compile(word, scope);
    if (!value) return std::unexpected{value.error()};
    if (value->is_literal() && !config::parse_size(word.text)) {
        return config::complain(fmt::format("\"{}\" directive invalid value", statement.name.text), word.place);
    }
    scope.settings.own<Settings>().*Member = std::move(*value);
    return {};
}

bool wanted(const config::SettingsTable& settings) {
    const auto& rate = settings.get<Settings>().rate;
    return !rate.is_literal() || config::parse_size(rate.text()).value_or(0) > 0;
}

constexpr config::Contexts everywhere = context::http | context::server | context::location | context::if_in_location;

constexpr config::Directive directives[] = {
    {.name = "limit_rate",
     .contexts = everywhere,
     .syntax = "rate",
     .fallback = "0",
     .apply = apply_size<&Settings::rate>,
     .doc = "How many octets of a response's content leave in a second; 0: as many as the client takes. For each response, so two "
            "connections get twice as much. May hold variables; an empty value is 0."},
    {.name = "limit_rate_after",
     .contexts = everywhere,
     .syntax = "size",
     .fallback = "0",
     .apply = apply_size<&Settings::after>,
     .doc = "How much of a response leaves before `limit_rate` holds. May hold variables."},
};

// In nginx `set` could give it another value; this is what it is good for in a log.
std::optional<std::string_view> limit_of(Exchange& exchange, std::string_view) {
    const auto rate = config::parse_size(exchange.evaluate(exchange.settings<Settings>().rate));
    return exchange.arena.copy(fmt::format("{}", rate.value_or(0)));
}

constexpr server::Variable variables[] = {{.name = "limit_rate", .get = limit_of, .cacheable = false}};

constexpr server::Filter filters[] = {{.apply = limit, .wanted = wanted}};

}  // namespace

constexpr server::Module limit_rate_module{
    .name = "limit_rate", .directives = directives, .variables = variables, .handlers = {}, .filters = filters};

}  // namespace webserv::modules
