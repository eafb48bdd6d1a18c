// http/accept_encoding.hpp: whether a client takes a content coding (RFC 9110 section 12.5.3).
// What is not named is not taken: a "*" says nothing about whether it can be read.
#pragma once

#include <string_view>

#include "http/fields.hpp"

namespace webserv::http {

/// Whether an Accept-Encoding field of `request` names `coding`, ignoring case, with a weight above 0.
[[nodiscard]] bool accepts_coding(const FieldSection& request, std::string_view coding) noexcept;

/// One field's value. Elements that can not be read are passed over.
[[nodiscard]] bool lists_coding(std::string_view value, std::string_view coding) noexcept;

}  // namespace webserv::http
