// config/expression_fuzz.cpp: an expression that compiles evaluates to what a naive substitution gives.
// Whatever the text, evaluating it agrees with substituting by hand.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>

#include "config/expression.hpp"

namespace {

using namespace webserv::config;

void require(bool holds) {
    if (!holds) std::abort();
}

// Names that begin with a letter exist; their value depends on their length.
bool exists(std::string_view name) { return !name.empty() && (name[0] < '0' || name[0] > '9'); }
std::string value_of(std::size_t name_length) { return std::string(name_length % 5, static_cast<char>('a' + name_length % 26)); }
std::string capture_of(std::size_t group) { return group % 2 == 0 ? "" : "c" + std::to_string(group); }

class Names final : public VariableNames {
public:
    int index_of(std::string_view name) override { return exists(name) ? static_cast<int>(name.size()) : -1; }
    std::vector<std::string_view> known() const override { return {"host", "uri"}; }
};

class Values final : public VariableReader {
public:
    explicit Values(webserv::Arena& arena) : arena_{arena} {}
    std::string_view variable(int index) override { return arena_.copy(value_of(static_cast<std::size_t>(index))); }
    std::string_view capture(std::size_t group) override { return arena_.copy(capture_of(group)); }

private:
    webserv::Arena& arena_;
};

bool is_name(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_'; }

// One octet after the other, into a string; nothing where compile() must complain.
std::optional<std::string> substituted(const std::string& text) {
    std::string result;
    for (std::size_t i = 0; i < text.size();) {
        if (text[i] != '$') {
            result += text[i++];
            continue;
        }
        ++i;
        if (i < text.size() && text[i] >= '1' && text[i] <= '9') {
            result += capture_of(static_cast<std::size_t>(text[i++] - '0'));
            continue;
        }
        const bool braced = i < text.size() && text[i] == '{';
        if (braced) ++i;
        std::string name;
        while (i < text.size() && is_name(text[i])) name += text[i++];
        if (braced && (i >= text.size() || text[i++] != '}')) return std::nullopt;
        if (name.size() == 1 && name[0] >= '1' && name[0] <= '9') {
            result += capture_of(static_cast<std::size_t>(name[0] - '0'));
        } else {
            if (!exists(name)) return std::nullopt;
            result += value_of(name.size());
        }
    }
    return result;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string text{reinterpret_cast<const char*>(data), size};
    Names names;
    const auto file = std::make_shared<const SourceFile>(SourceFile{"f.conf", text});
    const auto expression = Expression::compile(Word{text, Place{file, 1, 1}, false}, names);
    const auto expected = substituted(text);
    require(expression.has_value() == expected.has_value());
    if (!expression) {
        static_cast<void>(expression.error().render());
        return 0;
    }
    webserv::Arena arena;
    Values values{arena};
    require(expression->evaluate(values, arena) == *expected);
    require(expression->text() == text);
    require(!expression->is_literal() || *expected == text);
    return 0;
}
