// h2/priority.cpp: the two parameters of RFC 9218 section 4, and lists that a frame costs a few pointers.
// The whole grammar of structured fields is not needed for two of its forms.
#include "h2/priority.hpp"

#include "base/text.hpp"

namespace webserv::h2 {
namespace {

// Each time so many streams have sent, one has its turn that need not be the most urgent. A visit is two large frames.
constexpr std::uint32_t visits_by_urgency = 32;

bool is_later(const Ready* other, const Ready& stream) noexcept {
    return other != nullptr && !other->priority.incremental && other->id > stream.id;
}

}  // namespace

Priority parse_priority(std::string_view value) noexcept {
    Priority priority{.incremental = false};
    while (!value.empty()) {
        const auto comma = value.find(',');
        std::string_view member = text::trim(value.substr(0, comma));
        member = member.substr(0, member.find(';'));  // parameters of members mean nothing
        if (member.size() == 3 && member.starts_with("u=") && member[2] >= '0' && member[2] <= '7') {
            priority.urgency = static_cast<std::uint8_t>(member[2] - '0');
        } else if (member == "i" || member == "i=?1") {
            priority.incremental = true;
        } else if (member == "i=?0") {
            priority.incremental = false;
        }
        value = comma == value.npos ? std::string_view{} : value.substr(comma + 1);
    }
    return priority;
}

void ReadyStreams::add(Ready& stream) noexcept {
    if (stream.is_ready) return;
    List& list = lists_[stream.priority.urgency];
    stream.is_ready = true;
    stream.next = nullptr;
    stream.previous = list.last;
    while (!stream.priority.incremental && is_later(stream.previous, stream)) {
        stream.next = stream.previous;
        stream.previous = stream.previous->previous;
    }
    (stream.previous != nullptr ? stream.previous->next : list.first) = &stream;
    (stream.next != nullptr ? stream.next->previous : list.last) = &stream;
    ++count_;
}

void ReadyStreams::remove(Ready& stream) noexcept {
    if (!stream.is_ready) return;
    List& list = lists_[stream.priority.urgency];
    (stream.previous != nullptr ? stream.previous->next : list.first) = stream.next;
    (stream.next != nullptr ? stream.next->previous : list.last) = stream.previous;
    stream.is_ready = false;
    --count_;
}

Ready* ReadyStreams::first_from(std::size_t urgency) const noexcept {
    for (; urgency < lists_.size(); ++urgency) {
        if (lists_[urgency].first != nullptr) return lists_[urgency].first;
    }
    return nullptr;
}

Ready* ReadyStreams::next() noexcept {
    if (count_ > 1 && ++asked_ % visits_by_urgency == 0) {
        if (Ready* const patient = first_from(1 + asked_ / visits_by_urgency % (lists_.size() - 1))) return patient;
    }
    return first_from(0);
}

void ReadyStreams::has_sent(Ready& stream) noexcept {
    if (!stream.is_ready || !stream.priority.incremental || stream.next == nullptr) return;
    remove(stream);
    add(stream);
}

void ReadyStreams::change(Ready& stream, Priority priority) noexcept {
    const bool was_ready = stream.is_ready;
    remove(stream);
    stream.priority = priority;
    if (was_ready) add(stream);
}

}  // namespace webserv::h2
