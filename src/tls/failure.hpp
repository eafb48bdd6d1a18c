// tls/failure.hpp: what OpenSSL says about its last failure, in the words that nginx puts into its log.
// OpenSSL keeps a queue of errors a thread: who reads it empties it, and who begins something begins with an empty one.
#pragma once

#include <string>
#include <string_view>

namespace webserv::tls {

/// "X failed (SSL: error:0A00010B:SSL routines::wrong version number)"; the queue is empty afterwards.
[[nodiscard]] std::string take_failure(std::string_view doing);

/// Forgets what earlier calls have left.
void forget_failures() noexcept;

}  // namespace webserv::tls
