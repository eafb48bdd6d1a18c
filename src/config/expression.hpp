// config/expression.hpp: a value with variables, "$host$uri" or "${scheme}://$1", compiled once into literals and indices.
// Evaluated against an abstract reader, so that it needs no HTTP exchange.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/arena.hpp"
#include "config/syntax.hpp"

namespace webserv::config {

/// Gives variables their index at load. Errors end up as `unknown "x" variable`.
class VariableNames {
public:
    virtual ~VariableNames() = default;
    /// The index of a variable, or -1. Names come without '$'. "1".."9" are captures and never asked for.
    [[nodiscard]] virtual int index_of(std::string_view name) = 0;
    /// Known names, for "did you mean".
    [[nodiscard]] virtual std::vector<std::string_view> known() const = 0;
};

/// Gives variables their value at run time.
class VariableReader {
public:
    virtual ~VariableReader() = default;
    /// The value; empty if it has none. Lives as long as the arena that evaluate() is given.
    [[nodiscard]] virtual std::string_view variable(int index) = 0;
    [[nodiscard]] virtual std::string_view capture(std::size_t group) = 0;  ///< $1..$9
};

class Expression {
public:
    Expression() = default;  ///< the empty literal
    /// "$1" to "$9" and, beyond nginx, "${1}" to "${9}" are captures.
    /// Errors: `unknown "x" variable`, `invalid variable name`, `the closing bracket in "x" variable is missing`.
    [[nodiscard]] static Checked<Expression> compile(const Word& word, VariableNames& names);
    [[nodiscard]] static Expression literal(std::string text);

    [[nodiscard]] bool is_literal() const noexcept;
    [[nodiscard]] bool uses_captures() const noexcept;
    [[nodiscard]] const std::string& text() const noexcept { return text_; }  ///< as written
    /// A literal or a single variable is given as it is; anything else is joined in the arena. A literal lives as long as
    /// this expression. Each part is asked for once.
    [[nodiscard]] std::string_view evaluate(VariableReader& reader, Arena& arena) const;

private:
    struct Part {
        enum class Kind : unsigned char { literal, variable, capture } kind;
        std::string text;
        int index = 0;
    };
    [[nodiscard]] static std::string_view value_of(const Part& part, VariableReader& reader);

    std::string text_;
    std::vector<Part> parts_;  ///< empty: the text is the value
};

}  // namespace webserv::config
