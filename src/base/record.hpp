// base/record.hpp: values as octets and back, for what one process of ours hands another.
// Numbers have eight octets, texts their length before them; whoever reads checks once, at the end.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace webserv {

inline void put_number(std::string& record, std::uint64_t number) {
    for (unsigned shift = 0; shift < 64; shift += 8) record += static_cast<char>(number >> shift & 0xFFU);
}

inline void put_text(std::string& record, std::string_view text) {
    put_number(record, text.size());
    record += text;
}

/// Takes a record apart. Once something was missing, ok() stays false and everything is empty.
class RecordReader {
public:
    explicit RecordReader(std::string_view rest) : rest_{rest} {}

    std::uint64_t number() {
        const std::string_view octets = take(8);
        std::uint64_t value = 0;
        for (std::size_t i = octets.size(); i-- > 0;) value = value << 8U | static_cast<unsigned char>(octets[i]);
        return value;
    }
    std::string_view text() { return take(number()); }
    std::string_view take(std::uint64_t octets) {
        if (octets > rest_.size()) ok_ = false;
        if (!ok_) return {};
        const std::string_view taken = rest_.substr(0, octets);
        rest_.remove_prefix(octets);
        return taken;
    }
    [[nodiscard]] bool ok() const { return ok_; }
    [[nodiscard]] bool done() const { return rest_.empty(); }

private:
    std::string_view rest_;
    bool ok_ = true;
};

}  // namespace webserv
