// h1/connection.cpp: the turns of a connection: wait, read a head, give its content, finish, close.
// State exists only from the first octet of a request until nothing more is buffered.
#include "h1/connection.hpp"

#include <algorithm>
#include <cassert>
#include <optional>
#include <utility>

#include "base/frame_pool.hpp"
#include "h1/input.hpp"
#include "h1/request_content.hpp"

namespace webserv::h1 {
namespace {

constexpr std::size_t first_read_bytes = 1024;  // client_header_buffer_size's default: what the first octets of a head are read into

Error error_of_end() { return Error{.code = std::errc::not_connected, .blame = Blame::downstream, .doing = "wait for a request"}; }

ReadFailure failure_of(const Error& error) {
    if (error.code == std::errc::timed_out) return {ReadFailure::Kind::timed_out};
    return {error.code == std::errc::operation_canceled ? ReadFailure::Kind::canceled : ReadFailure::Kind::cut};
}

}  // namespace

struct Connection::State {
    explicit State(io::Stream& stream) : input{stream, ReadBuffer{first_read_bytes}, {}, false}, content{input} {}
    State(const State&) = delete;
    State& operator=(const State&) = delete;

    static void* operator new(std::size_t bytes) { return frame_pool::allocate(bytes); }
    static void operator delete(void* memory, std::size_t bytes) noexcept { frame_pool::release(memory, bytes); }

    /// Forgets the head; the octets behind it stay.
    void forget_head() noexcept {
        request_line = {};
        head_bytes = 0;
        input.head = {};
        input.holds_head = false;
    }

    /// Parses what has come. @return nothing: it is not yet a whole head
    std::optional<Result<void, ReadFailure>> take_head(HeadParser& parser, http::Request& request) {
        ReadBuffer& buffer = input.buffer;
        const std::string_view octets = buffer.unread();
        const auto progress = parser.parse(octets);
        if (progress != HeadParser::Progress::complete) {
            request_line = parser.request_line(octets);
            head_bytes = octets.size();
            if (progress == HeadParser::Progress::incomplete) return std::nullopt;
            malformed = true;
            return std::unexpected{ReadFailure{ReadFailure::Kind::malformed, parser.error()}};
        }
        parser.fill(request, octets);
        request_line = request.line;
        head_bytes = parser.head_bytes();
        buffer.take(parser.head_bytes());
        input.holds_head = true;
        content.begin(request);
        return Result<void, ReadFailure>{};
    }

    Input input;
    RequestContent content;
    std::string_view request_line;
    std::uint64_t head_bytes = 0;
    bool malformed = false;
    bool pipelined = false;
};

Connection::Connection(io::Stream& stream) noexcept : stream_{&stream} {}
Connection::~Connection() = default;

void Connection::begin_with(std::string_view octets) {
    assert(!state_);
    state_ = std::make_unique<State>(*stream_);
    ReadBuffer buffer{std::max(octets.size() + 1, first_read_bytes)};
    std::copy(octets.begin(), octets.end(), buffer.room().begin());
    buffer.filled(octets.size());
    state_->input.buffer = std::move(buffer);
}

Result<io::Readiness> Connection::find_request() {
    if (has_buffered()) return io::Readiness::none;
    state_ = std::make_unique<State>(*stream_);
    const auto attempt = stream_->try_read(state_->input.buffer.room());
    if (attempt && attempt->count > 0) {
        state_->input.buffer.filled(attempt->count);
        return io::Readiness::none;
    }
    state_.reset();
    if (!attempt) return std::unexpected{attempt.error()};
    if (attempt->blocked_on == io::Readiness::none) return std::unexpected{error_of_end()};
    return attempt->blocked_on;
}

Task<Result<>> Connection::wait_for_request(io::Deadline deadline) {
    for (io::Readiness needed = io::Readiness::readable; !has_buffered();) {
        const auto ready = co_await stream_->ready(needed, deadline);
        if (!ready) co_return std::unexpected{ready.error()};
        const auto found = find_request();
        if (!found) co_return std::unexpected{found.error()};
        needed = *found;
    }
    co_return Result<>{};
}

std::string_view Connection::buffered() const noexcept { return state_ ? state_->input.buffer.unread() : std::string_view{}; }

Task<Result<>> Connection::read_more(io::Deadline deadline) {
    assert(state_ && !state_->input.buffer.room().empty());
    const auto count = co_await receive(*stream_, state_->input.buffer, deadline);
    if (!count) co_return std::unexpected{count.error()};
    if (*count == 0) co_return std::unexpected{error_of_end()};
    co_return Result<>{};
}

// Most heads come whole, and before anybody asks for them: no coroutine.
Task<Result<void, ReadFailure>> Connection::read_head(http::Request& request, const HeadLimits& limits, io::Deadline deadline) {
    if (!state_) state_ = std::make_unique<State>(*stream_);
    HeadParser parser{limits};
    if (const auto head = state_->take_head(parser, request)) return Task<Result<void, ReadFailure>>::done(*head);
    return read_rest_of_head(request, limits, deadline);
}

// What has come already is parsed once more: a parser that moved here would cost those heads that come whole.
Task<Result<void, ReadFailure>> Connection::read_rest_of_head(http::Request& request, HeadLimits limits, io::Deadline deadline) {
    State& state = *state_;
    ReadBuffer& buffer = state.input.buffer;
    // One octet beyond the bound, so that the parser gets to see that it is crossed.
    const std::size_t capacity_max = std::max(limits.head_bytes_max() + 1, buffer.unread().size() + buffer.room().size());
    HeadParser parser{limits};
    for (;;) {
        if (const auto head = state.take_head(parser, request)) co_return *head;
        if (buffer.room().empty()) buffer.make_room(capacity_max);
        const auto count = co_await receive(*stream_, buffer, deadline);
        state.request_line = parser.request_line(buffer.unread());
        if (!count) co_return std::unexpected{failure_of(count.error())};
        const bool silent = state.request_line.empty();  // nothing but empty lines, if anything
        if (*count == 0) co_return std::unexpected{ReadFailure{silent ? ReadFailure::Kind::closed : ReadFailure::Kind::cut}};
    }
}

std::string_view Connection::request_line() const noexcept { return state_ ? state_->request_line : std::string_view{}; }

std::uint64_t Connection::request_bytes() const noexcept { return state_ ? state_->head_bytes + state_->content.bytes_taken() : 0; }

io::Source& Connection::content() noexcept {
    assert(state_);
    return state_->content;
}

void Connection::set_content_limits(std::uint64_t bytes_max, std::chrono::milliseconds between_reads) noexcept {
    if (!state_) return;
    state_->content.set_bytes_max(bytes_max);
    state_->content.set_patience(between_reads);
}

bool Connection::is_pipelined() const noexcept { return state_ && state_->pipelined; }

bool Connection::has_buffered() const noexcept { return state_ && !state_->input.buffer.unread().empty(); }

Task<Connection::Sent> Connection::write_response(const http::Response& response, const HeadOptions& options, io::Source* content,
                                                  std::chrono::milliseconds patience, Arena& arena) {
    const std::string_view head = render_head(response, options, arena);
    const bool then_closes = !options.persistent && (!state_ || state_->content.finished());  // nothing more will be read before
    return send_message(*stream_, head, options.framing, response.content_length.value_or(0), content, patience, response.trailer_source,
                        then_closes);
}

bool Connection::finish_at_once() {
    if (!state_) return true;
    if (state_->malformed || !state_->content.finished()) return false;
    if (state_->input.buffer.unread().empty()) {
        state_.reset();
    } else {
        state_->forget_head();
        state_->pipelined = true;
    }
    return true;
}

Task<bool> Connection::finish_request(std::uint64_t discard_bytes_max, io::Deadline deadline) {
    bool clean = true;
    if (state_ && !state_->malformed && !state_->content.finished()) {
        clean = co_await state_->content.discard(discard_bytes_max, deadline);
    }
    if (clean && finish_at_once()) co_return true;
    state_.reset();
    co_return false;
}

Task<> Connection::close_gracefully(io::Deadline deadline, std::chrono::milliseconds patience) {
    state_.reset();
    const auto finished = co_await io::finish_writing(*stream_, deadline);
    if (!finished) co_return;
    ReadBuffer dropped{first_read_bytes};
    while (stream_->now() < deadline) {
        dropped.clear();
        const io::Deadline next_read = std::min(deadline, io::deadline_after(stream_->now(), patience));
        const auto count = co_await receive(*stream_, dropped, next_read);
        if (!count || *count == 0) co_return;
    }
}

}  // namespace webserv::h1
