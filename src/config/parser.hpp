// config/parser.hpp: text to statements, includes resolved; knows no directive but `include`.
#pragma once

#include <string>
#include <vector>

#include "config/loader.hpp"
#include "config/syntax.hpp"

namespace webserv::config {

struct Document {
    std::vector<Statement> statements;                        ///< of the main context
    std::vector<std::shared_ptr<const SourceFile>> files;     ///< in the order they were opened, for -T
};

/// Parses one file's text. `conf_prefix` is what relative includes are relative to (the main file's directory).
/// Bounds: includes 100 deep (a file that includes itself is named), 10,000 files, 64 MiB a file.
[[nodiscard]] Checked<Document> parse_file(const std::string& path, const std::string& conf_prefix, Loader& loader);
/// The -g option's directives.
[[nodiscard]] Checked<Document> parse_text(std::string text, const std::string& name, const std::string& conf_prefix, Loader& loader);

}  // namespace webserv::config
