// config/syntax.hpp: a configuration as written: files, places in them, words, statements; and complaints about them.
// Values only: they outlive the parser and point at the files they came from.
#pragma once

#include <cstdint>
#include <expected>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace webserv::config {

/// The path of the -g option's text; places in it are shown without a line, as nginx does.
inline constexpr std::string_view command_line_name = "command line";

/// One file that was read (or the -g option's text). Lives as long as anything that points into it.
struct SourceFile {
    std::string path;  ///< as nginx prints it; "command line" for -g
    std::string content;
};

struct Place {
    std::shared_ptr<const SourceFile> file;
    std::uint32_t line = 0;    ///< from 1
    std::uint32_t column = 0;  ///< from 1, in octets
};

struct Word {
    std::string text;  ///< escapes resolved, quotes removed
    Place place;
    bool quoted = false;
};

/// name words... ;   or   name words... { block }
struct Statement {
    Word name;
    std::vector<Word> words;  ///< the arguments, without the name
    bool has_block = false;
    std::vector<Statement> block;
    Place block_end;  ///< of the closing brace
};

/// What is wrong with a configuration. The message is nginx's own; render() adds the line, a caret and the suggestion.
struct Complaint {
    std::string message;     ///< without level and place, e.g. `unknown directive "servr"`
    Place place;             ///< file may be null: no place to show
    std::string suggestion;  ///< e.g. `did you mean "server"?`; may be empty

    /// "nginx's message in FILE:LINE" (or "in command line") on the first line; then "FILE:LINE:COLUMN", the source line, a caret, the
    /// suggestion.
    [[nodiscard]] std::string render() const;
    [[nodiscard]] std::string first_line() const;
};

template <class T = void>
using Checked = std::expected<T, Complaint>;

[[nodiscard]] inline std::unexpected<Complaint> complain(std::string message, const Place& place, std::string suggestion = {}) {
    return std::unexpected{Complaint{std::move(message), place, std::move(suggestion)}};
}

}  // namespace webserv::config
