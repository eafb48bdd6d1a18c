// observe/trace.hpp: the decisions of one exchange, noted where they are made: which server, which location and why.
// An exchange carries a pointer to one; it is null unless somebody wants to know, so that costs one check.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <utility>

namespace webserv::observe {

class Trace {
public:
    /// One decision, with the place in the configuration that made it (empty file: none).
    using Sink = std::function<void(std::string_view what, std::string_view file, unsigned line)>;

    explicit Trace(Sink sink) : sink_{std::move(sink)} {}
    void note(std::string_view what, std::string_view file = {}, unsigned line = 0) const { sink_(what, file, line); }

private:
    Sink sink_;
};

}  // namespace webserv::observe
