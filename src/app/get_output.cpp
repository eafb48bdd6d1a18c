// app/get_output.cpp: writing, and the note that goes with an unfinished file: which representation it is the beginning of.
// The note is an extended attribute; where the file system keeps none, resuming has to trust the file's time.
#include "app/get_output.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <climits>
#include <utility>

#include "sys/file.hpp"

namespace webserv::app {
namespace {

constexpr const char* validator_note = "user.webserv.validator";

// Waits until `descriptor` takes octets. A pipe that is ready takes PIPE_BUF of them without waiting (pipe(7)).
Result<> wait_writable(int descriptor, io::Deadline deadline) {
    for (;;) {
        const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now()).count();
        pollfd state{.fd = descriptor, .events = POLLOUT, .revents = 0};
        const int ready = ::poll(&state, 1, static_cast<int>(std::clamp<std::int64_t>(left, 0, INT_MAX)));
        if (ready > 0) return {};
        if (ready < 0 && errno != EINTR) return failed("poll");
        if (ready == 0 && left <= INT_MAX) return std::unexpected{Error{.code = std::errc::timed_out, .doing = "write"}};
    }
}

Result<> write_octets(int descriptor, std::string_view octets, io::Deadline deadline) {
    while (!octets.empty()) {
        std::size_t size = octets.size();
        if (deadline != io::never) {
            if (const auto ready = wait_writable(descriptor, deadline); !ready) return ready;
            size = std::min<std::size_t>(size, PIPE_BUF);
        }
        const ssize_t written = ::write(descriptor, octets.data(), size);
        if (written < 0 && errno == EINTR) continue;
        if (written < 0 && errno == EAGAIN) {  // somebody has made it non-blocking
            if (const auto ready = wait_writable(descriptor, deadline); !ready) return ready;
            continue;
        }
        if (written < 0) return failed("write");
        octets.remove_prefix(static_cast<std::size_t>(written));
    }
    return {};
}

}  // namespace

GetFailure GetOutput::failure(const Error& error) const {
    if (error.code == std::errc::timed_out) return {GetStatus::timed_out, "the time is over: whoever reads the output is too slow"};
    // Who reads from us (`| head`) has enough: the status tells, words would only disturb.
    if (!is_file() && error.code == std::errc::broken_pipe) return {GetStatus::not_written, {}};
    const std::string where = is_file() ? path_ : "standard output";
    return {GetStatus::not_written, fmt::format("{} can not be written: {}", where, describe(error))};
}

std::optional<GetOutput::Partial> GetOutput::partial() const {
    const auto status = sys::status_of(path_.c_str());
    if (!status || !status->is_regular() || status->size == 0) return std::nullopt;
    return Partial{.bytes = status->size,
                   .validator = sys::read_note(path_.c_str(), validator_note).value_or(""),
                   .modified = status->modified_seconds};
}

Got<> GetOutput::append(std::string_view validator) {
    validator_ = validator;
    return open(true);
}

Got<> GetOutput::open(bool appending) {
    if (!is_file() || file_) return {};
    auto file = appending ? sys::open_for_appending(path_.c_str()) : sys::create_or_truncate(path_.c_str());
    if (!file) return std::unexpected{failure(file.error())};
    file_ = std::move(*file);
    (void)sys::write_note(file_, validator_note, validator_);  // a file system without notes: see above
    return {};
}

Got<> GetOutput::write(std::string_view octets, io::Deadline deadline) {
    if (const auto opened = open(false); !opened) return opened;
    const Result<> written = is_file() ? sys::write_all(file_, octets) : write_octets(STDOUT_FILENO, octets, deadline);
    if (!written) return std::unexpected{failure(written.error())};
    return {};
}

Got<> GetOutput::finish() {
    if (!is_file()) return {};
    if (const auto opened = open(false); !opened) return opened;
    (void)sys::write_note(file_, validator_note, {});  // it is whole
    if (const auto closed = sys::close_file(std::move(file_)); !closed) return std::unexpected{failure(closed.error())};
    return {};
}

}  // namespace webserv::app
