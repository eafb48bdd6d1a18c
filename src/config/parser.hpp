// config/parser.hpp: text to statements, includes resolved; knows no directive but `include`.
// Gives statements with the place of every word; includes are resolved on the way.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "config/loader.hpp"
#include "config/syntax.hpp"

namespace webserv::config {

struct Document {
    std::vector<Statement> statements;                     ///< of the main context
    std::vector<std::shared_ptr<const SourceFile>> files;  ///< in the order they were opened, for -T
};

/// Parses one file's text. `conf_prefix` is what relative includes are relative to (the main file's directory).
/// Bounds: includes 100 deep (a file that includes itself is named), 10,000 inclusions, 64 MiB a file, blocks 100 deep.
/// Errors: nginx's texts; a file that cannot be read is blamed on the `include`, the main file has no place.
[[nodiscard]] Checked<Document> parse_file(const std::string& path, const std::string& conf_prefix, Loader& loader);
/// The -g option's directives, with command_line_name as `name`: such a text may have no blocks. It is not among `files`.
[[nodiscard]] Checked<Document> parse_text(std::string text, const std::string& name, const std::string& conf_prefix, Loader& loader);

/// For a wrong number of arguments: says on which line a ";" may be missing, if the statement runs over several lines.
[[nodiscard]] std::string missing_semicolon_hint(const Statement& statement);

}  // namespace webserv::config
