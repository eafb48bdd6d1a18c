// app/get_session.cpp: one request after another: on the connection that is there, or on a new one.
// Content goes out while the response comes in: a server may answer before it has heard all.
#include "app/get_session.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "app/get_tls.hpp"
#include "app/print.hpp"
#include "http/date.hpp"
#include "sys/socket.hpp"
#include "upstream/connect.hpp"

namespace webserv::app {
namespace {

using namespace std::chrono_literals;

constexpr auto patience_for_continue = 1s;          // as curl: a server that knows nothing of "Expect" says nothing
constexpr std::size_t head_bytes_max = 300 * 1024;  // curl's bound, for all that cookies and policies may need

std::string origin_of(const http::Url& url) { return fmt::format("{}://{}:{}", url.scheme, url.host, url.port); }

bool shows_progress(const GetOptions& options) {
    const bool terminal_has_content = !options.writes_to_file() && ::isatty(STDOUT_FILENO) == 1;
    return ::isatty(STDERR_FILENO) == 1 && !terminal_has_content && !options.silent && !options.verbose && !options.trace;
}

std::string connect_message(const std::vector<upstream::FailedAttempt>& attempts) {
    std::string text;
    for (const auto& attempt : attempts) {
        text += (text.empty() ? "" : "; ") + sys::explain_connect_error(attempt.error, attempt.address);
    }
    return text;
}

// A file that a download of ours has left knows of what it is the beginning; with any other we can only ask that nothing has changed since.
GetResume resume_of(const GetOutput::Partial& partial) {
    GetResume resume{.from = partial.bytes, .condition = "If-Range", .value = partial.validator};
    if (partial.validator.empty()) {
        resume.condition = "If-Unmodified-Since";
        resume.value.resize(http::date_bytes);
        http::format_date(partial.modified, resume.value.data());
    }
    return resume;
}

}  // namespace

GetSession::GetSession(io::Loop& loop, const GetOptions& options, GetContent content, GetOutput& output, GetTrace* trace)
    : loop_{loop},
      options_{options},
      content_{std::move(content)},
      output_{output},
      trace_{trace},
      progress_{shows_progress(options)},
      deadline_{options.max_time.count() > 0 ? io::deadline_after(loop.now(), options.max_time) : io::never},
      resolver_{loop} {
    if (options.resume) partial_ = output.partial();
}

Task<Got<>> GetSession::run(const http::Url& url) {
    GetRequest request = first_request(options_, url);
    Got<> outcome;
    for (unsigned redirects = 0;; ++redirects) {
        auto next = co_await exchange(request);
        if (!next) {
            outcome = std::unexpected{next.error()};
            break;
        }
        if (!*next) break;
        Redirect redirect = std::move(**next);
        if (redirects == options_.redirects_max) {
            outcome = get_failure(GetStatus::too_many_redirects,
                                  fmt::format("more than {} redirects; the last one leads to {}", redirects, redirect.target.text()));
            break;
        }
        say("*", fmt::format("redirected to {}", redirect.target.text()));
        request = redirected(request, redirect.status, std::move(redirect.target), url);
    }
    connection_.reset();
    co_return outcome;
}

Task<Got<std::vector<sys::Address>>> GetSession::find_addresses(const GetRequest& request, io::Deadline deadline) {
    std::vector<sys::Address> addresses;
    if (!options_.unix_socket.empty()) {
        const auto local = sys::Address::local(options_.unix_socket);
        if (!local) co_return get_failure(GetStatus::bad_usage, fmt::format("{} is too long for a local socket", options_.unix_socket));
        addresses.push_back(*local);
        co_return addresses;
    }
    const auto known = std::find_if(options_.resolve.begin(), options_.resolve.end(), [&](const HostAddress& entry) {
        return entry.host == request.url.host && entry.port == request.url.port;
    });
    if (trace_ != nullptr) trace_->resolving();
    if (known != options_.resolve.end()) {
        addresses = known->addresses;
    } else {
        auto found = co_await resolver_.resolve(request.url.host, request.url.port, deadline);
        if (!found && found.error() == upstream::ResolveError::timed_out) {
            co_return get_failure(GetStatus::timed_out, fmt::format("{} {}", request.url.host, describe(found.error())));
        }
        if (!found) co_return get_failure(GetStatus::unknown_host, fmt::format("{} {}", request.url.host, describe(found.error())));
        addresses = std::move(*found);
    }
    if (options_.ipv4_only) std::erase_if(addresses, [](const sys::Address& address) { return address.family() != AF_INET; });
    if (options_.ipv6_only) std::erase_if(addresses, [](const sys::Address& address) { return address.family() != AF_INET6; });
    if (trace_ != nullptr) trace_->resolved(request.url.host, addresses);
    if (addresses.empty()) {
        const std::string_view family = options_.ipv4_only ? "IPv4" : "IPv6";
        co_return get_failure(GetStatus::unknown_host, fmt::format("{} has no {} address", request.url.host, family));
    }
    addresses = upstream::alternating(addresses);
    co_return addresses;
}

Task<Got<>> GetSession::connect(const GetRequest& request) {
    connection_.reset();
    const io::Deadline deadline = std::min(deadline_, io::deadline_after(loop_.now(), options_.connect_timeout));
    const auto addresses = co_await find_addresses(request, deadline);
    if (!addresses) co_return std::unexpected{addresses.error()};
    const std::function<void(const sys::Address&)> trying = [this](const sys::Address& address) {
        say("*", fmt::format("trying {}", address.text()));
    };
    auto connected = co_await upstream::connect(loop_, nullptr, *addresses, deadline, trying);
    if (!connected) {
        const bool was_silence =
            std::all_of(connected.error().begin(), connected.error().end(), [](const upstream::FailedAttempt& attempt) {
                return attempt.error.code == std::errc::timed_out;  // ours, or the kernel's
            });
        const bool is_late = was_silence || loop_.now() >= deadline;
        co_return get_failure(is_late ? GetStatus::timed_out : GetStatus::no_connection, connect_message(connected.error()));
    }
    say("*", fmt::format("connected to {}", connected->address.text()));
    if (trace_ != nullptr) trace_->connected(connected->socket.get(), connected->address);
    auto socket = std::make_unique<io::SocketStream>(loop_, nullptr, std::move(connected->socket), Blame::upstream);
    std::unique_ptr<tls::Stream> tls;
    if (request.url.scheme == "https") {
        auto begun = co_await begin_tls(*socket, request, deadline);
        if (!begun) co_return std::unexpected{begun.error()};
        if (trace_ != nullptr) trace_->secured(socket->descriptor().get());
        tls = std::move(*begun);
    }
    connection_ = std::make_unique<Connection>(std::move(socket), std::move(tls), origin_of(request.url));
    co_return Got<>{};
}

Task<Got<std::unique_ptr<tls::Stream>>> GetSession::begin_tls(io::Stream& socket, const GetRequest& request, io::Deadline deadline) {
    if (!tls_context_) {
        auto context = tls_context(options_);
        if (!context) co_return std::unexpected{context.error()};
        tls_context_.emplace(std::move(*context));
    }
    auto stream = co_await secure(socket, *tls_context_, options_, request.url.host, deadline, trace_);
    if (!stream) co_return std::unexpected{stream.error()};
    say("*", describe(**stream));
    if (trace_ != nullptr) trace_->note("TLS: " + describe(**stream));
    co_return std::move(*stream);
}

Task<Got<GetSession::Next>> GetSession::exchange(const GetRequest& request) {
    const std::optional<GetResume> resume = partial_ ? std::optional{resume_of(*partial_)} : std::nullopt;
    const auto head = request_head(request, options_, content_, resume ? &*resume : nullptr);
    if (!head) co_return std::unexpected{head.error()};
    for (;;) {
        // Who was sent something that must not be repeated gets it on a connection that is certainly alive.
        const bool reused = connection_ != nullptr && connection_->origin == origin_of(request.url) && request.is_idempotent();
        if (!reused) {
            const auto connected = co_await connect(request);
            if (!connected) co_return std::unexpected{connected.error()};
        }
        say_lines(">", head->octets);
        Arena arena;
        Sending sending{loop_, *head};
        io::Scope sender;
        sender.spawn(send(sending, request.has_content));
        const Response response = co_await read_response(request, sending, arena);
        Got<Next> outcome;
        if (response) outcome = co_await take(request, *response);
        const bool was_heard_out = sender.task_count() == 0;
        if (!was_heard_out) {
            sending.is_refused = true;
            sending.may_send.set();
            connection_->stream.cancel();
        }
        co_await sender.finished();
        const bool usable = was_heard_out && !sending.is_refused && sending.sent->outcome && connection_->http.persists();
        if (!response && response.error().received == 0 && reused && loop_.now() < deadline_) {
            connection_.reset();  // the server had closed it meanwhile: RFC 9112 section 9.3.1
            continue;
        }
        if (!response) outcome = std::unexpected{failure_of(response.error(), sending)};
        if (!usable) connection_.reset();
        co_return outcome;
    }
}

Task<> GetSession::send(Sending& sending, bool has_content) {
    const std::unique_ptr<io::Source> source = content_.source();
    io::Source* const content = has_content ? source.get() : nullptr;
    const std::uint64_t length = has_content ? content_.length : 0;
    const GetHead& head = sending.head;
    std::string_view octets = head.octets;
    if (head.expects_continue) {
        const h1::Sent asked = co_await connection_->http.write(octets, h1::Framing::none, 0, nullptr, patience());
        if (asked.outcome) (void)co_await sending.may_send.wait(std::min(deadline_, loop_.now() + patience_for_continue));
        if (!asked.outcome || sending.is_refused) {
            sending.sent = asked;
            co_return;
        }
        octets = {};
    }
    const h1::Sent sent = co_await connection_->http.write(octets, head.framing, length, content, patience());
    sending.sent = sent;
    if (sending.is_our_fault()) connection_->stream.cancel();  // the server waits for what will not come, and we would wait for it
}

Task<GetSession::Response> GetSession::read_response(const GetRequest& request, Sending& sending, Arena& arena) {
    const h1::ResponseLimits limits{.head_bytes_max = head_bytes_max};
    const http::Method method = http::method_of(request.method);
    for (;;) {
        auto response = co_await connection_->http.read_head(limits, method, arena, deadline_);
        if (response) {
            say_lines("<", connection_->http.head_octets());
            if (options_.include_head || options_.head) heads_ += connection_->http.head_octets();
        }
        if (!response || !response->is_interim()) {
            if (response && trace_ != nullptr) trace_->answered(connection_->socket->descriptor().get());
            if (!sending.sent) {
                sending.is_refused = true;  // it matters only to who has asked for leave
                sending.may_send.set();
            }
            co_return std::move(response);
        }
        if (response->status == 100) sending.may_send.set();
    }
}

std::chrono::milliseconds GetSession::patience() const {
    if (deadline_ == io::never) return std::chrono::milliseconds::max();
    return std::max(1ms, std::chrono::ceil<std::chrono::milliseconds>(deadline_ - loop_.now()));
}

void GetSession::say(std::string_view mark, std::string_view text) const {
    if (options_.verbose) print_error(fmt::format("{} {}\n", mark, text));
}

void GetSession::say_lines(std::string_view mark, std::string_view head) const {
    while (options_.verbose && !head.empty()) {
        const std::size_t end = std::min(head.find("\r\n"), head.size());
        say(mark, head.substr(0, end));
        head.remove_prefix(std::min(end + 2, head.size()));
    }
}

}  // namespace webserv::app
