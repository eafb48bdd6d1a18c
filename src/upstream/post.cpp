// upstream/post.cpp: connect, write, read, each step a function that fills in the same exchange.
// A new connection for each: what is asked once an hour keeps none open.
#include "upstream/post.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <functional>
#include <utility>

#include "base/version.hpp"
#include "h1/client_connection.hpp"
#include "h1/request_writer.hpp"
#include "io/socket_stream.hpp"
#include "upstream/connect.hpp"

namespace webserv::upstream {
namespace {

using Kind = PostFailure::Kind;

std::unexpected<PostFailure> failure(Kind kind, std::string what = {}) {
    return std::unexpected{PostFailure{.kind = kind, .what = std::move(what)}};
}

std::unexpected<PostFailure> failure_of(const Error& error) {
    switch (error.code) {
        case std::errc::timed_out:
            return failure(Kind::timed_out);
        case std::errc::operation_canceled:
            return failure(Kind::cancelled);
        case std::errc::connection_aborted:
            return failure(Kind::closed);
        case std::errc::bad_message:
            return failure(Kind::malformed, "wrong chunks");
        default:
            return failure(Kind::failed, describe(error));
    }
}

std::unexpected<PostFailure> failure_of(const h1::ResponseFailure& reason) {
    using Reason = h1::ResponseFailure::Kind;
    if (reason.kind == Reason::failed) return failure_of(reason.error);
    if (reason.kind == Reason::malformed) return failure(Kind::malformed, std::string{h1::describe(reason.what)});
    return failure(Kind::closed);
}

PostFailure failure_of(const std::vector<FailedAttempt>& attempts) {
    if (attempts.empty()) return {.kind = Kind::timed_out};
    const FailedAttempt& last = attempts.back();
    Kind kind = Kind::not_connected;
    if (last.error.code == std::errc::timed_out) kind = Kind::timed_out;
    if (last.error.code == std::errc::operation_canceled) kind = Kind::cancelled;
    return {.kind = kind,
            .what = fmt::format("{}() failed {}", last.error.doing, describe_errno(static_cast<int>(last.error.code))),
            .peer = last.address};
}

std::expected<std::string_view, h1::RequestError> head_of(const PostRequest& request, const std::string& authority, Arena& arena) {
    http::FieldSection fields{arena};
    fields.add("Host", authority);
    fields.add("User-Agent", product);
    fields.add("Content-Type", request.content_type);
    fields.add("Connection", "close");
    return h1::render_request_head({.method = "POST",
                                    .target = request.url.target,
                                    .fields = fields,
                                    .framing = h1::Framing::length,
                                    .content_length = request.content.size()},
                                   arena);
}

Task<std::expected<PostResponse, PostFailure>> exchange(io::Stream& stream, const PostRequest& request, std::size_t bytes_max,
                                                        io::Deadline deadline) {
    Arena arena;
    const std::string authority = request.url.authority();
    const auto head = head_of(request, authority, arena);
    if (!head) co_return failure(Kind::malformed, std::string{h1::describe(head.error())});
    h1::ClientConnection http{stream};
    io::MemorySource content{request.content};
    const auto patience = std::max(std::chrono::milliseconds{1}, std::chrono::ceil<std::chrono::milliseconds>(deadline - stream.now()));
    const h1::Sent sent = co_await http.write(*head, h1::Framing::length, request.content.size(), &content, patience);
    if (!sent.outcome) co_return failure_of(sent.outcome.error());

    const h1::ResponseLimits limits{.head_bytes_max = 16'384, .field_lines_max = 100, .interim_max = 4};
    auto response = co_await http.read_head(limits, http::Method::post, arena, deadline);
    while (response && response->is_interim()) response = co_await http.read_head(limits, http::Method::post, arena, deadline);
    if (!response) co_return failure_of(response.error());
    PostResponse answer;
    answer.status = response->status;
    answer.content_type = response->fields.find("Content-Type").value_or("");
    http.content().set_deadline(deadline);
    for (;;) {
        const auto piece = co_await http.content().next(bytes_max + 1);
        if (!piece) co_return failure_of(piece.error());
        if (piece->is_end()) break;
        answer.content += piece->bytes;
        if (answer.content.size() > bytes_max) co_return failure(Kind::too_large);
    }
    co_return std::move(answer);
}

}  // namespace

Task<std::expected<PostResponse, PostFailure>> post(io::Loop& loop, io::Scope* scope, const std::vector<sys::Address>& addresses,
                                                    const PostRequest& request, std::size_t bytes_max, io::Deadline deadline) {
    const std::function<void(const sys::Address&)> nobody_to_tell;
    auto connected = co_await connect(loop, scope, addresses, deadline, nobody_to_tell);
    if (!connected) co_return std::unexpected{failure_of(connected.error())};
    io::SocketStream stream{loop, scope, std::move(connected->socket), Blame::upstream};
    auto outcome = co_await exchange(stream, request, bytes_max, deadline);
    if (!outcome) outcome.error().peer = connected->address;
    co_return std::move(outcome);
}

}  // namespace webserv::upstream
