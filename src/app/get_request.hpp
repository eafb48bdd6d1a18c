// app/get_request.hpp: the request that `webserv get` makes: its method, fields and content, and what a redirect changes.
// Secrets (passwords, cookies) go to the origin that was asked for, and to nobody whom it merely points at.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "app/get_failure.hpp"
#include "app/get_options.hpp"
#include "base/arena.hpp"
#include "h1/writer.hpp"
#include "http/fields.hpp"
#include "http/url.hpp"
#include "io/source.hpp"
#include "sys/fd.hpp"

namespace webserv::app {

/// What -d sends: octets, or a file that is never read into memory.
struct GetContent {
    std::string bytes;
    sys::Fd file;
    std::uint64_t length = 0;

    [[nodiscard]] std::unique_ptr<io::Source> source() const;
};
[[nodiscard]] Got<GetContent> open_content(const GetOptions& options);

/// One request; a redirect makes the next one of it.
struct GetRequest {
    http::Url url;
    std::string method;
    bool has_content = false;
    bool lost_content = false;  ///< it had some, before a redirect made a GET of it
    bool is_trusted = true;     ///< it goes to the origin that was asked for

    /// Whether it may be sent again when the connection turns out to be dead: RFC 9110 section 9.2.2.
    [[nodiscard]] bool is_idempotent() const noexcept { return !has_content && (method == "GET" || method == "HEAD"); }
};
[[nodiscard]] GetRequest first_request(const GetOptions& options, http::Url url);
[[nodiscard]] GetRequest redirected(const GetRequest& request, int status, http::Url target, const http::Url& first);

/// -C -: what to ask for.
struct GetResume {
    std::uint64_t from = 0;
    std::string condition;  ///< "If-Range" or "If-Unmodified-Since" ...
    std::string value;      ///< ... and its value
};

/// The head as it is sent.
struct GetHead {
    std::string octets;
    h1::Framing framing = h1::Framing::none;
    bool expects_continue = false;
};
[[nodiscard]] Got<GetHead> request_head(const GetRequest& request, const GetOptions& options, const GetContent& content,
                                        const GetResume* resume);

}  // namespace webserv::app
