// app/get_failure.hpp: how `webserv get` ends: an exit status for scripts, and words for people.
// The numbers are curl's, where it has one for the same thing: scripts know them.
#pragma once

#include <expected>
#include <string>

namespace webserv::app {

enum class GetStatus : int {
    done = 0,
    unsupported = 1,  ///< a scheme or a version of HTTP that we do not speak
    bad_usage = 2,
    bad_url = 3,
    unknown_host = 6,
    no_connection = 7,
    strange_answer = 8,  ///< a response whose head nobody should trust
    cut_off = 18,        ///< less content than was announced
    refused = 22,        ///< --fail, and the status is 400 or more; or no resuming with this status
    not_written = 23,
    not_read = 26,  ///< the content to be sent
    timed_out = 28,
    bad_range = 33,  ///< the download can not be resumed
    no_tls = 35,     ///< the handshake failed
    too_many_redirects = 47,
    no_answer = 52,
    send_failed = 55,
    receive_failed = 56,
    untrusted = 60,        ///< the server's certificate
    unknown_coding = 61,   ///< a Transfer-Encoding that nobody asked for
    bad_authorities = 77,  ///< those of --cacert, or the system's
};

struct GetFailure {
    GetStatus status;
    std::string message;  ///< empty: nothing that anybody would want to read
};

template <class T = void>
using Got = std::expected<T, GetFailure>;

[[nodiscard]] inline std::unexpected<GetFailure> get_failure(GetStatus status, std::string message) {
    return std::unexpected{GetFailure{status, std::move(message)}};
}

}  // namespace webserv::app
