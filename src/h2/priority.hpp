// h2/priority.hpp: which stream's content leaves next (RFC 9218): by urgency, then one after the other or in turns.
// A value, its parser, and the lists of streams that could send at once.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace webserv::h2 {

struct Priority {
    std::uint8_t urgency = 3;  ///< 0 leaves first, 7 last
    /// Takes turns with others of its urgency. RFC 9218's default is off; but whoever says nothing at all may well read two streams at
    /// once, and a short one shall not wait for a long one: then it is on.
    bool incremental = true;

    bool operator==(const Priority&) const = default;
};

/// The value of a Priority field or of a PRIORITY_UPDATE frame: "u=1, i". What is unknown or out of range is left out.
[[nodiscard]] Priority parse_priority(std::string_view value) noexcept;

/// A link in a list of streams; a stream is one.
struct Ready {
    std::uint32_t id = 0;  ///< its number: those that came first leave first
    Ready* next = nullptr;
    Ready* previous = nullptr;
    bool is_ready = false;
    Priority priority;
};

/// Streams with content at hand and a window to send it. They are not owned.
class ReadyStreams {
public:
    /// Behind those of its urgency; before later ones that take no turns, if it takes none. Nothing happens if it is there already.
    void add(Ready& stream) noexcept;
    void remove(Ready& stream) noexcept;  ///< nothing happens if it is not there
    /// The one to send of next; stays in its place. Null: there is none. Now and then it is not the most urgent: nobody starves.
    [[nodiscard]] Ready* next() noexcept;
    /// It has sent a frame: those that take turns are behind the others now.
    void has_sent(Ready& stream) noexcept;
    void change(Ready& stream, Priority priority) noexcept;
    [[nodiscard]] bool empty() const noexcept { return count_ == 0; }

private:
    [[nodiscard]] Ready* first_from(std::size_t urgency) const noexcept;

    struct List {
        Ready* first = nullptr;
        Ready* last = nullptr;
    };
    std::array<List, 8> lists_;  // by urgency
    std::size_t count_ = 0;
    std::uint32_t asked_ = 0;
};

}  // namespace webserv::h2
