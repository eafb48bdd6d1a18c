// upstream/post.hpp: one question to an HTTP server: a small content out, a small content back, and the connection ends.
// For what a server asks on its own account; whoever passes requests on needs more than this.
#pragma once

#include <cstddef>
#include <expected>
#include <string>
#include <string_view>
#include <vector>

#include "base/task.hpp"
#include "http/url.hpp"
#include "io/loop.hpp"
#include "io/scope.hpp"
#include "sys/address.hpp"

namespace webserv::upstream {

struct PostRequest {
    const http::Url& url;
    std::string_view content_type;
    std::string_view content;
};

struct PostResponse {
    int status = 0;
    std::string content_type;
    std::string content;
};

struct PostFailure {
    enum class Kind : unsigned char { not_connected, timed_out, closed, malformed, too_large, failed, cancelled } kind;
    std::string what{};   ///< of not_connected, malformed and failed: the particulars
    sys::Address peer{};  ///< the last one that was tried
};

/// @param addresses  of the host, in the order to try them; they and what the request refers to live until this has ended
/// @param scope      whose cancel() ends the waits; may be null
/// @param bytes_max  of the response's content
Task<std::expected<PostResponse, PostFailure>> post(io::Loop& loop, io::Scope* scope, const std::vector<sys::Address>& addresses,
                                                    const PostRequest& request, std::size_t bytes_max, io::Deadline deadline);

}  // namespace webserv::upstream
