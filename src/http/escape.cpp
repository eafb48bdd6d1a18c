// http/escape.cpp: what may stand as it is, and what stands for the rest.
// One pass each, no table larger than the rule.
#include "http/escape.hpp"

#include "base/text.hpp"

namespace webserv::http {
namespace {

constexpr std::string_view digits = "0123456789ABCDEF";

bool is_unreserved(char c) { return text::is_alpha(c) || text::is_digit(c) || c == '-' || c == '.' || c == '_' || c == '~'; }

}  // namespace

void append_component(std::string& out, std::string_view text) {
    for (const char c : text) {
        if (is_unreserved(c)) {
            out += c;
            continue;
        }
        const auto octet = static_cast<unsigned char>(c);
        out += '%';
        out += digits[octet >> 4];
        out += digits[octet & 15];
    }
}

void append_html(std::string& out, std::string_view text) {
    for (const char c : text) {
        switch (c) {
            case '<':
                out += "&lt;";
                break;
            case '>':
                out += "&gt;";
                break;
            case '&':
                out += "&amp;";
                break;
            case '"':
                out += "&quot;";
                break;
            default:
                out += c;
        }
    }
}

void append_json(std::string& out, std::string_view text) {
    constexpr std::string_view named = "\"\\\b\f\n\r\t";
    constexpr std::string_view letters = "\"\\bfnrt";
    for (const char c : text) {
        if (const auto position = named.find(c); position != named.npos) {
            out += '\\';
            out += letters[position];
        } else if (static_cast<unsigned char>(c) < 0x20) {
            out += "\\u00";
            out += digits[static_cast<unsigned char>(c) >> 4];
            out += digits[static_cast<unsigned char>(c) & 15];
        } else {
            out += c;
        }
    }
}

std::string_view argument(std::string_view query, std::string_view name) {
    while (!query.empty()) {
        const auto end = query.find('&');
        const std::string_view pair = query.substr(0, end);
        if (pair.size() > name.size() && pair[name.size()] == '=' && text::equal_ignoring_case(pair.substr(0, name.size()), name)) {
            return pair.substr(name.size() + 1);
        }
        query = end == query.npos ? std::string_view{} : query.substr(end + 1);
    }
    return {};
}

std::string decode_form_value(std::string_view value) {
    std::string out;
    for (std::size_t i = 0; i < value.size(); ++i) {
        const int high = i + 2 < value.size() ? text::hex_value(value[i + 1]) : -1;
        const int low = high >= 0 ? text::hex_value(value[i + 2]) : -1;
        if (value[i] == '%' && low >= 0) {
            out += static_cast<char>(high * 16 + low);
            i += 2;
        } else {
            out += value[i] == '+' ? ' ' : value[i];
        }
    }
    return out;
}

}  // namespace webserv::http
