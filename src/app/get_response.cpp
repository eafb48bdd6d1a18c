// app/get_response.cpp: what becomes of a response: a redirect is followed, a failure told, content written down.
// A file is appended to only if what comes is certainly the rest of what is in it.
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "app/get_session.hpp"
#include "app/print.hpp"
#include "http/range.hpp"
#include "http/status.hpp"

namespace webserv::app {
namespace {

using namespace std::chrono_literals;

constexpr std::uint64_t piece_bytes_max = 65'536;
// The content of a redirect is read to keep the connection, if that is cheaper than a new one.
constexpr std::uint64_t dropped_bytes_max = 65'536;
constexpr auto dropping_time_max = 1s;

// What tells one representation from another, for If-Range: RFC 9110 section 13.1.5 wants a strong one.
std::string_view validator_of(const http::ReceivedResponse& response) {
    const auto etag = response.fields.find("ETag");
    if (etag && etag->starts_with('"')) return *etag;
    return response.fields.find("Last-Modified").value_or(std::string_view{});
}

std::string status_text(const http::ReceivedResponse& response) {
    return response.reason.empty() ? fmt::format("{}", response.status) : fmt::format("{} {}", response.status, response.reason);
}

}  // namespace

Task<Got<GetSession::Next>> GetSession::take(const GetRequest& request, const http::ReceivedResponse& response) {
    const auto redirect = redirect_of(request, response);
    if (!redirect) co_return redirect;
    if (options_.fail && response.status >= 400) {
        const std::string message = fmt::format("{} {}: {}", request.method, request.url.text(), status_text(response));
        co_return get_failure(GetStatus::refused, message);
    }
    if (!heads_.empty()) {
        const auto written = output_.write(std::exchange(heads_, {}), deadline_);
        if (!written) co_return std::unexpected{written.error()};
    }
    if (*redirect) {
        co_await drop_content();
        co_return redirect;
    }
    const auto wanted = begin_output(response);
    if (!wanted) co_return std::unexpected{wanted.error()};
    if (!*wanted) co_return Next{};
    const auto received = co_await receive();
    if (!received) co_return std::unexpected{received.error()};
    co_return Next{};
}

Got<GetSession::Next> GetSession::redirect_of(const GetRequest& request, const http::ReceivedResponse& response) const {
    const auto location = response.fields.find("Location");
    if (!options_.follow || !http::is_redirect(response.status) || !location || location->empty()) return Next{};
    auto target = http::resolve_url(request.url, *location);
    if (!target)
        return get_failure(GetStatus::bad_url, fmt::format("the redirect to \"{}\": {}", *location, http::describe(target.error())));
    if (target->scheme != "http" && target->scheme != "https") {
        return get_failure(GetStatus::unsupported,
                           fmt::format("the redirect to {} needs {}, which webserv does not speak", target->text(), target->scheme));
    }
    return Redirect{.status = response.status, .target = std::move(*target)};
}

Got<bool> GetSession::begin_output(const http::ReceivedResponse& response) {
    std::uint64_t done = 0;
    if (partial_ && response.status == 416) {
        const auto range = http::parse_content_range(response.fields.find("Content-Range").value_or(""));
        const bool is_whole = range && range->complete_length == partial_->bytes;
        if (!is_whole) return get_failure(GetStatus::bad_range, fmt::format("{} has more octets than what is there now", output_.path()));
        if (!options_.silent) print_error(fmt::format("webserv: {} is whole already\n", output_.path()));
        return false;
    }
    if (partial_ && response.status == 206) {
        if (const auto possible = go_on_with_file(response); !possible) return std::unexpected{possible.error()};
        done = partial_->bytes;
    } else if (partial_ && response.status != 200) {
        const bool has_changed = response.status == 412;
        const std::string why = has_changed ? "it has changed on the server since the file was begun" : status_text(response);
        return get_failure(has_changed ? GetStatus::bad_range : GetStatus::refused,
                           fmt::format("{} stays as it is: {}", output_.path(), why));
    } else {
        if (partial_ && !options_.silent) {
            print_error(fmt::format("webserv: {} begins anew: it has changed on the server, or can not be had in parts\n", output_.path()));
        }
        output_.replace(response.status == 200 ? validator_of(response) : std::string_view{});
    }
    const auto length = connection_->http.content().length();
    progress_.begin(done, length ? std::optional{done + *length} : std::nullopt);
    return true;
}

Got<> GetSession::go_on_with_file(const http::ReceivedResponse& response) {
    const auto field = response.fields.find("Content-Range");
    const auto range = field ? http::parse_content_range(*field) : std::nullopt;
    if (!range || !range->range || range->range->first != partial_->bytes) {
        const std::string what = field ? fmt::format("\"{}\"", *field) : "no Content-Range";
        return get_failure(GetStatus::bad_range,
                           fmt::format("{} needs octets from {} on, the server sends {}", output_.path(), partial_->bytes, what));
    }
    expected_ = range->range->last - range->range->first + 1;
    is_last_part_ = !range->complete_length || range->range->last + 1 == *range->complete_length;
    if (const auto length = connection_->http.content().length(); length && length != expected_) {
        return get_failure(GetStatus::bad_range, fmt::format("the server announces {} octets, and {} in the range", *length, *expected_));
    }
    return output_.append(partial_->validator.empty() ? validator_of(response) : std::string_view{partial_->validator});
}

Task<Got<>> GetSession::receive() {
    h1::ResponseContent& content = connection_->http.content();
    content.set_deadline(deadline_);
    std::uint64_t received = 0;
    for (;;) {
        const auto piece = co_await content.next(piece_bytes_max);
        if (!piece) {
            progress_.end();
            co_return std::unexpected{content_failure(piece.error())};
        }
        if (piece->is_end()) break;
        received += piece->bytes.size();
        const auto written = output_.write(piece->bytes, deadline_);
        if (!written) {
            progress_.end();
            co_return written;
        }
        progress_.advance(piece->bytes.size());
    }
    progress_.end();
    if ((expected_ && *expected_ != received) || !is_last_part_) {
        co_return get_failure(GetStatus::cut_off, fmt::format("the server has sent a part only; -C - goes on with {}", output_.path()));
    }
    if (const auto written = write_trailers(); !written) co_return written;
    co_return output_.finish();
}

// As curl: behind the content.
Got<> GetSession::write_trailers() {
    const std::string_view trailers = connection_->http.content().trailers();
    say_lines("<", trailers);
    if (trailers.empty() || !options_.include_head) return {};
    return output_.write(trailers, deadline_);
}

Task<> GetSession::drop_content() {
    h1::ResponseContent& content = connection_->http.content();
    content.set_deadline(std::min(deadline_, loop_.now() + dropping_time_max));
    for (std::uint64_t dropped = 0; dropped < dropped_bytes_max;) {
        const auto piece = co_await content.next(piece_bytes_max);
        if (!piece || piece->is_end()) co_return;
        dropped += piece->bytes.size();
    }
}

GetFailure GetSession::out_of_time() const {
    return {GetStatus::timed_out, fmt::format("not done within {} s (--max-time)", static_cast<double>(options_.max_time.count()) / 1000)};
}

GetFailure GetSession::content_failure(const Error& error) const {
    if (error.code == std::errc::timed_out && loop_.now() >= deadline_) return out_of_time();
    const std::string hint = output_.is_file() ? fmt::format("; what has come is in {}, -C - goes on with it", output_.path()) : "";
    if (error.code == std::errc::connection_aborted) {
        const auto left = connection_->http.content().length();
        const std::string missing = left ? fmt::format("{} octets before the content's end", *left) : "before the content's end";
        return {GetStatus::cut_off, fmt::format("the server has ended the connection {}{}", missing, hint)};
    }
    if (error.code == std::errc::bad_message) return {GetStatus::receive_failed, "the server sent malformed chunks" + hint};
    if (error.code == std::errc::connection_reset) return {GetStatus::receive_failed, "the server has broken the connection off" + hint};
    return {GetStatus::receive_failed, describe(error) + hint};
}

GetFailure GetSession::failure_of(const h1::ResponseFailure& failure, const Sending& sending) const {
    using Kind = h1::ResponseFailure::Kind;
    using h1::ResponseError;
    const bool was_sent = !sending.sent || sending.sent->outcome;
    if (sending.is_our_fault()) {
        return {GetStatus::not_read, fmt::format("the content can not be sent: {}", describe(sending.sent->outcome.error()))};
    }
    switch (failure.kind) {
        case Kind::closed:
        case Kind::cut:
            if (failure.received > 0)
                return {GetStatus::receive_failed, "the server has ended the connection within the head of its answer"};
            if (!was_sent) return {GetStatus::send_failed, "the server has ended the connection before it had the whole request"};
            return {GetStatus::no_answer, "the server has ended the connection without an answer"};
        case Kind::failed:
            if (failure.error.code == std::errc::timed_out && loop_.now() >= deadline_) return out_of_time();
            if (failure.error.code != std::errc::connection_reset) return {GetStatus::receive_failed, describe(failure.error)};
            if (!was_sent) return {GetStatus::send_failed, "the server has broken the connection off while the request was sent"};
            return {GetStatus::receive_failed, "the server has broken the connection off"};
        case Kind::malformed:
            break;
    }
    GetStatus status = GetStatus::strange_answer;
    const bool is_another_protocol = failure.what == ResponseError::not_http || failure.what == ResponseError::unsupported_version ||
                                     failure.what == ResponseError::bad_status;
    if (is_another_protocol) status = GetStatus::unsupported;
    if (failure.what == ResponseError::unknown_coding) status = GetStatus::unknown_coding;
    if (failure.what == ResponseError::head_too_large) status = GetStatus::receive_failed;
    return {status, fmt::format("the server sent {}", h1::describe(failure.what))};
}

}  // namespace webserv::app
