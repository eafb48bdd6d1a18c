// modules/stapling.cpp: asks OCSP responders about our certificates, so that handshakes can staple what they say (`ssl_stapling`).
// Each worker asks for itself, from its start on; no handshake waits. What was answered lives through reloads.
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <deque>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/text.hpp"
#include "http/url.hpp"
#include "io/event.hpp"
#include "io/sleep.hpp"
#include "modules/registry.hpp"
#include "server/resolver_settings.hpp"
#include "server/worker.hpp"
#include "upstream/connect.hpp"
#include "upstream/post.hpp"
#include "upstream/resolver.hpp"

namespace webserv::modules {
namespace {

using std::chrono::seconds;
using tls::CertificateStatus;

constexpr seconds exchange_timeout{60};             // nginx's
constexpr seconds pause_after_failure{300};         // nginx's
constexpr std::size_t response_bytes_max = 65'536;  // one with a chain of certificates has five thousand
constexpr std::size_t exchanges_max = 8;            // at once: a thousand certificates are no reason for a thousand connections

/// Who may ask now: the others wait in a row.
class Turns {
public:
    explicit Turns(io::Loop& loop) : loop_{loop} {}
    /// @return false: the scope was cancelled
    Task<bool> take(io::Scope& scope) {
        while (!scope.cancelled() && taken_ >= exchanges_max) {
            io::Event free{loop_, &scope};
            waiting_.push_back(&free);
            (void)co_await free.wait(io::never);
            std::erase(waiting_, &free);
        }
        if (scope.cancelled()) {
            wake_next();  // it may have been our turn
            co_return false;
        }
        ++taken_;
        wake_next();  // two may have ended at once
        co_return true;
    }
    void give_back() {
        --taken_;
        wake_next();
    }

private:
    void wake_next() {
        if (taken_ < exchanges_max && !waiting_.empty()) waiting_.front()->set();
    }

    io::Loop& loop_;
    std::size_t taken_ = 0;
    std::deque<io::Event*> waiting_;
};

/// The question about one certificate, asked again and again. Several servers, and the sites of several generations, share it.
struct Inquiry {
    server::Worker& worker;
    std::shared_ptr<CertificateStatus> about;
    http::Url responder;
    std::shared_ptr<upstream::Resolver> resolver;
    std::chrono::milliseconds resolver_timeout{};

    std::vector<std::shared_ptr<CertificateStatus>> places{};  ///< where the answer is stapled: those of the present site
    std::shared_ptr<const tls::StatusResponse> answer{};
    io::Scope waits{};  ///< cancelled when nobody wants to know any more

    void staple() const {
        for (const auto& place : places) place->staple(answer);
    }
};

struct Failure {
    std::string what;
    sys::Address peer{};
};
using Answer = std::expected<tls::StatusResponse, Failure>;

std::string reason_of(const upstream::PostFailure& failure) {
    using Kind = upstream::PostFailure::Kind;
    switch (failure.kind) {
        case Kind::not_connected:
        case Kind::failed:
            return failure.what;
        case Kind::timed_out:
            return "OCSP responder timed out";
        case Kind::closed:
            return "OCSP responder prematurely closed connection";
        case Kind::malformed:
            return "OCSP responder sent invalid response: " + failure.what;
        case Kind::too_large:
            return "OCSP responder sent too big response";
        case Kind::cancelled:
            break;
    }
    return "nobody wants to know any more";
}

std::string_view reason_of(upstream::ResolveError error) {
    switch (error) {
        case upstream::ResolveError::unknown_host:
            return "3: Host not found";
        case upstream::ResolveError::no_answer:
        case upstream::ResolveError::timed_out:
            return "110: Operation timed out";
        case upstream::ResolveError::failed:
            break;
    }
    return "2: Server failure";
}

Answer judge(const Inquiry& inquiry, const upstream::PostResponse& response) {
    constexpr std::string_view type = "application/ocsp-response";
    if (response.status != 200) return std::unexpected{Failure{fmt::format("OCSP responder answered with status {}", response.status)}};
    if (!text::equal_ignoring_case(response.content_type, type)) {
        return std::unexpected{Failure{fmt::format("OCSP responder sent invalid \"Content-Type\" header: \"{}\"", response.content_type)}};
    }
    auto checked = inquiry.about->check(response.content, std::chrono::system_clock::to_time_t(inquiry.worker.loop.wall_now()));
    if (!checked) return std::unexpected{Failure{std::move(checked.error())}};
    return std::move(*checked);
}

Task<Answer> ask(Inquiry& inquiry) {
    io::Loop& loop = inquiry.worker.loop;
    const auto question = inquiry.about->request();
    if (!question) co_return std::unexpected{Failure{question.error()}};
    const http::Url& url = inquiry.responder;
    const io::Deadline resolved_by = io::deadline_after(loop.now(), inquiry.resolver_timeout);
    const auto addresses = co_await inquiry.resolver->resolve(url.host, url.port, &inquiry.waits, resolved_by);
    if (!addresses) {
        co_return std::unexpected{Failure{fmt::format("{} could not be resolved ({})", url.host, reason_of(addresses.error()))}};
    }
    const upstream::PostRequest request{.url = url, .content_type = "application/ocsp-request", .content = *question};
    const io::Deadline answered_by = loop.now() + exchange_timeout;
    const std::vector<sys::Address> in_turn = upstream::alternating(*addresses);
    const auto response = co_await upstream::post(loop, &inquiry.waits, in_turn, request, response_bytes_max, answered_by);
    if (!response) co_return std::unexpected{Failure{reason_of(response.error()), response.error().peer}};
    co_return judge(inquiry, *response);
}

void log_failure(const Inquiry& inquiry, const Failure& failure) {
    const std::string peer = failure.peer.family() != AF_UNSPEC ? failure.peer.text() : std::string{};
    std::vector<observe::LogField> context{{.name = "responder", .value = inquiry.responder.host}};
    if (!peer.empty()) context.push_back({.name = "peer", .value = peer});
    context.push_back({.name = "certificate", .value = inquiry.about->name(), .quoted = true});
    const std::string message = failure.what + " while requesting certificate status";
    inquiry.worker.current_site()->log->write({.level = observe::Level::error, .message = message, .context = context});
}

Task<> keep_asking(std::shared_ptr<Inquiry> inquiry, std::shared_ptr<Turns> turns) {
    io::Loop& loop = inquiry->worker.loop;
    for (;;) {
        const bool may_ask = co_await turns->take(inquiry->waits);
        if (!may_ask) co_return;
        auto answer = co_await ask(*inquiry);
        turns->give_back();
        if (inquiry->waits.cancelled()) co_return;
        seconds pause = pause_after_failure;
        if (answer) {
            const std::time_t now = std::chrono::system_clock::to_time_t(loop.wall_now());
            pause = seconds{tls::next_question(now, answer->valid_until) - now};
            inquiry->answer = std::make_shared<const tls::StatusResponse>(std::move(*answer));
            inquiry->staple();
        } else {
            log_failure(*inquiry, answer.error());
        }
        const auto slept = co_await io::sleep_until(loop, &inquiry->waits, loop.now() + pause);
        if (!slept) co_return;
    }
}

class Stapler final : public server::Companion {
public:
    explicit Stapler(server::Worker& worker) : worker_{worker}, turns_{std::make_shared<Turns>(worker.loop)} {}

    void site_has_changed(const server::Site& site) override {
        auto before = std::exchange(inquiries_, {});
        std::set<const tls::Context*> seen;  // servers with the same settings share one
        for (const auto& host : site.hosts) {
            if (!host->tls || !seen.insert(host->tls.get()).second) continue;
            for (const auto& status : host->tls->statuses()) inquire(status, host->settings.get<server::ResolverSettings>(), before);
        }
        for (const auto& [identity, inquiry] : before) inquiry->waits.cancel();
        for (const auto& [identity, inquiry] : inquiries_) inquiry->staple();
    }
    void finish() override {
        for (const auto& [identity, inquiry] : inquiries_) inquiry->waits.cancel();
    }

private:
    using Inquiries = std::map<std::pair<std::string, const upstream::Resolver*>, std::shared_ptr<Inquiry>>;

    void inquire(const std::shared_ptr<CertificateStatus>& status, const server::ResolverSettings& settings, Inquiries& before) {
        auto resolver = resolver_for(settings);
        const Inquiries::key_type key{status->identity(), resolver.get()};
        if (auto known = before.extract(key)) {
            known.mapped()->places.clear();
            inquiries_.insert(std::move(known));
        }
        auto& inquiry = inquiries_[key];
        const bool is_new = inquiry == nullptr;
        if (is_new) {
            auto responder = *http::parse_url(status->responder());  // it is one: else nobody was to be asked
            inquiry = std::make_shared<Inquiry>(worker_, status, std::move(responder), std::move(resolver));
        }
        inquiry->resolver_timeout = settings.timeout;
        inquiry->places.push_back(status);
        if (is_new) worker_.scope.spawn(keep_asking(inquiry, turns_));
    }

    // One for all that name the same servers: they share what it has learnt.
    std::shared_ptr<upstream::Resolver> resolver_for(const server::ResolverSettings& settings) {
        upstream::ResolverOptions options;
        if (settings.servers) {
            options = {.servers = settings.servers->addresses,
                       .valid = settings.servers->valid,
                       .ipv4 = settings.servers->ipv4,
                       .ipv6 = settings.servers->ipv6};
        }
        std::erase_if(resolvers_, [](const auto& resolver) { return resolver.expired(); });
        for (const auto& known : resolvers_) {
            if (auto resolver = known.lock(); resolver && resolver->options() == options) return resolver;
        }
        auto resolver = std::make_shared<upstream::Resolver>(worker_.loop, std::move(options));
        resolvers_.push_back(resolver);
        return resolver;
    }

    server::Worker& worker_;
    std::shared_ptr<Turns> turns_;
    Inquiries inquiries_;
    std::vector<std::weak_ptr<upstream::Resolver>> resolvers_;
};

std::unique_ptr<server::Companion> accompany(server::Worker& worker) { return std::make_unique<Stapler>(worker); }

}  // namespace

constexpr server::Module stapling_module{
    .name = "stapling", .directives = {}, .variables = {}, .handlers = {}, .filters = {}, .accompany = accompany};

}  // namespace webserv::modules
