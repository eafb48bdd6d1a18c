// http/conditional.hpp: preconditions of a request against a representation's validators (RFC 9110 section 13).
// No I/O: the caller has looked the validators up.
#pragma once

#include <ctime>
#include <optional>
#include <string_view>

#include "http/fields.hpp"

namespace webserv::http {

struct Validators {
    std::string_view etag;  ///< with quotes, maybe W/; empty: none
    std::optional<std::time_t> last_modified;
};

enum class Condition : unsigned char { proceed, not_modified, failed };  ///< 200, 304, 412

/// How If-Modified-Since is read: not at all, the very date that was sent, or any that is not earlier (section 13.1.3).
enum class ModifiedSince : unsigned char { off, exact, before };

/// If-Unmodified-Since, If-Match, If-Modified-Since and If-None-Match, as nginx weighs them: 412 first; 304 only if every
/// validator that was sent says unmodified.
[[nodiscard]] Condition evaluate(const FieldSection& request, const Validators& validators,
                                 ModifiedSince mode = ModifiedSince::exact) noexcept;

/// Whether a Range may be honoured: no If-Range, or one that matches exactly (date equal, or the same strong etag).
[[nodiscard]] bool range_applies(const FieldSection& request, const Validators& validators) noexcept;

}  // namespace webserv::http
