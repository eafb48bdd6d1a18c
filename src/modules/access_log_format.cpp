// modules/access_log_format.cpp: reading a log_format, and writing a line by it.
// Quotes, backslashes and control octets must not forge a line, or a value in it.
#include "modules/access_log_format.hpp"

#include <fmt/format.h>

#include "base/text.hpp"

namespace webserv::modules {

using config::Checked;
using config::complain;
using config::Word;
using server::Exchange;

namespace {

class EscapingReader final : public config::VariableReader {
public:
    EscapingReader(Exchange& exchange, LogEscape escape) : exchange_{exchange}, escape_{escape} {}

    std::string_view variable(int index) override {
        const auto value = exchange_.value(index);
        if (!value) return escape_ == LogEscape::standard ? "-" : "";
        return escaped(*value);
    }
    std::string_view capture(std::size_t group) override { return escaped(exchange_.capture(group)); }

private:
    [[nodiscard]] bool is_plain(char c) const noexcept {
        const auto octet = static_cast<unsigned char>(c);
        if (c == '"' || c == '\\' || octet < 0x20) return false;
        return escape_ == LogEscape::json || octet < 0x7f;
    }

    std::string_view escaped(std::string_view value) const {
        if (escape_ == LogEscape::none || text::is_plain(value)) return value;
        fmt::memory_buffer out;
        for (const char c : value) append(out, c);
        return exchange_.arena.copy({out.data(), out.size()});
    }

    void append(fmt::memory_buffer& out, char c) const {
        const auto octet = static_cast<unsigned char>(c);
        const auto end = std::back_inserter(out);
        if (is_plain(c)) {
            out.push_back(c);
        } else if (escape_ == LogEscape::standard) {
            fmt::format_to(end, "\\x{:02X}", octet);
        } else if (c == '"' || c == '\\') {
            fmt::format_to(end, "\\{}", c);
        } else {
            constexpr std::string_view named = "\b\t\n\f\r";
            constexpr std::string_view letters = "btnfr";
            if (const auto position = named.find(c); position != named.npos) {
                fmt::format_to(end, "\\{}", letters[position]);
            } else {
                fmt::format_to(end, "\\u{:04X}", octet);
            }
        }
    }

    Exchange& exchange_;
    LogEscape escape_;
};

}  // namespace

Checked<std::shared_ptr<const LogFormat>> make_log_format(config::Scope& scope, Word text, LogEscape escape) {
    text.text += '\n';
    auto line = config::Expression::compile(text, server::builder(scope).site().variables);
    if (!line) return std::unexpected{line.error()};
    (void)server::builder(scope).site().variables.take_needs_content();  // a log says what was read, it reads nothing (as in nginx)
    return std::make_shared<const LogFormat>(LogFormat{std::move(*line), escape});
}

Checked<std::shared_ptr<const LogFormat>> parse_log_format(config::Scope& scope, const config::Statement& statement) {
    LogEscape escape = LogEscape::standard;
    std::size_t first = 1;
    if (const Word& word = statement.words[1]; word.text.starts_with("escape=")) {
        const std::string_view value = std::string_view{word.text}.substr(7);
        if (value != "default" && value != "json" && value != "none") {
            return complain(fmt::format("unknown log format escaping \"{}\"", value), word.place, "the kinds are default, json and none");
        }
        escape = value == "json" ? LogEscape::json : value == "none" ? LogEscape::none : LogEscape::standard;
        ++first;
    }
    Word joined{.text = {}, .place = statement.words[1].place};
    for (std::size_t i = first; i < statement.words.size(); ++i) joined.text += statement.words[i].text;
    return make_log_format(scope, std::move(joined), escape);
}

std::string_view render_log_line(Exchange& exchange, const LogFormat& format) {
    EscapingReader reader{exchange, format.escape};
    return format.line.evaluate(reader, exchange.arena);
}

}  // namespace webserv::modules
