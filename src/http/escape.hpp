// http/escape.hpp: text put into a URI, an HTML or XML page, or a JSON string, so that it stays text.
// Octets are nginx's to the letter: pages and lists made of them are compared.
#pragma once

#include <string>
#include <string_view>

namespace webserv::http {

/// One segment of a path, or a value in a query: all but letters, digits, "-", ".", "_" and "~" (RFC 3986 section 2.3).
void append_component(std::string& out, std::string_view text);

/// `<`, `>`, `&` and the double quote, so that it fits between tags and into an attribute.
void append_html(std::string& out, std::string_view text);

/// The inside of a JSON string: quotes, backslashes and controls (RFC 8259 section 7). Octets from 0x80 on stay.
void append_json(std::string& out, std::string_view text);

/// The value of one argument of a query, "a=1&b=2": the first of that name, still escaped; "" also if there is none.
[[nodiscard]] std::string_view argument(std::string_view query, std::string_view name);

/// What a form has made of a text: "+" is a space, %XX an octet; what is no escape stays as it is.
[[nodiscard]] std::string decode_form_value(std::string_view value);

}  // namespace webserv::http
