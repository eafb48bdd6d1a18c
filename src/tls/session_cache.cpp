// tls/session_cache.cpp: one lock a cache, that survives the death of its holder: then the cache begins anew.
// Records lie one behind the other in a ring, by a position that only grows: one that is too far back has been overwritten.
#include "tls/session_cache.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <new>

#include "sys/robust_mutex.hpp"
#include "sys/shared_memory.hpp"

namespace webserv::tls {
namespace {

constexpr std::size_t page_bytes = 4096;
constexpr std::size_t typical_session_bytes = 256;  // of which the index has room for as many as the ring
constexpr std::size_t ways = 4;                     // places where the index keeps an entry: the oldest of them gives way

struct Entry {
    std::uint64_t position = 0;  // of the record, plus one; 0: none
    std::uint64_t hash = 0;
};

struct Record {
    std::uint32_t id_bytes;
    std::uint32_t session_bytes;
    std::int64_t expires_seconds;
};

// An id is random: any part of it is a hash.
std::uint64_t hash_of(SessionCache::Octets id) {
    std::uint64_t hash = 0;
    std::memcpy(&hash, id.data(), std::min(id.size(), sizeof hash));
    return hash;
}

struct Layout {
    sys::RobustMutex mutex;
    std::uint64_t room = 0;  // of index and ring; they follow from it
    std::uint64_t index_sets = 0;
    std::uint64_t ring_bytes = 0;
    std::uint64_t end = 0;  // where the next record goes; the ring's octets repeat beneath it

    [[nodiscard]] Entry* index() noexcept { return reinterpret_cast<Entry*>(reinterpret_cast<std::byte*>(this) + header_bytes); }
    [[nodiscard]] std::byte* ring() noexcept { return reinterpret_cast<std::byte*>(index() + index_sets * ways); }
    [[nodiscard]] std::span<Entry> places_of(std::uint64_t hash) noexcept { return {index() + hash % index_sets * ways, ways}; }

    static constexpr std::size_t header_bytes = 256;

    void divide() noexcept {
        index_sets = room / (ways * (sizeof(Entry) + typical_session_bytes));
        const std::uint64_t ring = room - index_sets * ways * sizeof(Entry);
        ring_bytes = ring - ring % alignof(Record);
    }
    void begin_anew() {
        divide();
        std::fill_n(index(), index_sets * ways, Entry{});
        end = 0;
    }
    [[nodiscard]] Entry* find(SessionCache::Octets id) {
        const std::uint64_t hash = hash_of(id);
        for (Entry& entry : places_of(hash)) {
            const bool is_there = entry.position != 0 && entry.hash == hash && entry.position - 1 + ring_bytes >= end;
            if (!is_there) continue;
            const std::byte* const at = ring() + (entry.position - 1) % ring_bytes;
            Record record;
            std::memcpy(&record, at, sizeof record);
            if (record.id_bytes == id.size() && std::memcmp(at + sizeof record, id.data(), id.size()) == 0) return &entry;
        }
        return nullptr;
    }
    [[nodiscard]] std::byte* take(std::size_t bytes) {
        const std::uint64_t left = ring_bytes - end % ring_bytes;
        if (left < bytes) end += left;  // a record lies in one piece
        std::byte* const at = ring() + end % ring_bytes;
        end += bytes;
        return at;
    }
};
static_assert(sizeof(Layout) <= Layout::header_bytes);

class Holding {
public:
    explicit Holding(Layout& layout) : layout_{layout} {
        if (!layout.mutex.lock()) layout.begin_anew();
    }
    Holding(const Holding&) = delete;
    Holding& operator=(const Holding&) = delete;
    ~Holding() { layout_.mutex.unlock(); }

private:
    Layout& layout_;
};

Layout& layout_of(SessionCache* cache) { return *reinterpret_cast<Layout*>(cache); }

}  // namespace

SessionCache* SessionCache::in(std::span<std::byte> memory) {
    auto* const layout = new (memory.data()) Layout;
    layout->room = memory.size() - Layout::header_bytes;
    layout->divide();
    return reinterpret_cast<SessionCache*>(layout);
}

void SessionCache::resize(std::size_t bytes) {
    Layout& layout = layout_of(this);
    const Holding holding{layout};
    layout.room = bytes - Layout::header_bytes;
    layout.begin_anew();
}

void SessionCache::put(Octets id, Octets session, std::int64_t expires_seconds) {
    if (id.empty() || session.size() > session_bytes_max) return;
    Layout& layout = layout_of(this);
    const Holding holding{layout};
    if (Entry* const before = layout.find(id)) *before = {};
    const std::size_t octets = sizeof(Record) + id.size() + session.size();
    const std::size_t bytes = (octets + alignof(Record) - 1) / alignof(Record) * alignof(Record);
    const Record record{static_cast<std::uint32_t>(id.size()), static_cast<std::uint32_t>(session.size()), expires_seconds};
    std::byte* const at = layout.take(bytes);
    std::memcpy(at, &record, sizeof record);
    std::memcpy(at + sizeof record, id.data(), id.size());
    std::memcpy(at + sizeof record + id.size(), session.data(), session.size());
    const std::span<Entry> places = layout.places_of(hash_of(id));
    Entry& oldest = *std::min_element(places.begin(), places.end(), [](const Entry& a, const Entry& b) { return a.position < b.position; });
    oldest = {layout.end - bytes + 1, hash_of(id)};
}

std::optional<std::string> SessionCache::find(Octets id, std::int64_t now_seconds) {
    if (id.empty()) return std::nullopt;
    Layout& layout = layout_of(this);
    const Holding holding{layout};
    const Entry* const entry = layout.find(id);
    if (entry == nullptr) return std::nullopt;
    const std::byte* const at = layout.ring() + (entry->position - 1) % layout.ring_bytes;
    Record record;
    std::memcpy(&record, at, sizeof record);
    if (record.expires_seconds <= now_seconds) return std::nullopt;
    return std::string{reinterpret_cast<const char*>(at) + sizeof record + record.id_bytes, record.session_bytes};
}

void SessionCache::forget(Octets id) {
    if (id.empty()) return;
    Layout& layout = layout_of(this);
    const Holding holding{layout};
    if (Entry* const entry = layout.find(id)) *entry = {};
}

namespace {

// Addresses only: a page is there once it is used. Shared by all processes that come from this one.
constexpr std::size_t reserved_bytes = 256U << 20;
constexpr std::size_t caches_max = 64;
constexpr std::size_t name_bytes_max = 64;

// Where a cache lies. A place never moves, nor is it cut or joined with another: connections that began with an earlier configuration
// may still use the cache there, whoever's it is now. (What they leave there is of no use to others: a session says whose it is.)
struct Place {
    std::array<char, name_bytes_max> name{};
    std::size_t name_bytes = 0;  // 0: nobody's
    std::size_t offset = 0;
    std::size_t capacity = 0;
    std::size_t bytes = 0;  // what the cache was asked to have

    [[nodiscard]] bool is_of(std::string_view wanted) const { return std::string_view{name.data(), name_bytes} == wanted; }
    // Whoever dies here leaves it nobody's.
    void give(std::string_view owner) {
        name_bytes = 0;
        std::copy(owner.begin(), owner.end(), name.begin());
        name_bytes = owner.size();
    }
};

struct Directory {
    sys::RobustMutex mutex;
    std::array<Place, caches_max> places{};
    std::size_t count = 0;

    [[nodiscard]] std::span<Place> known() noexcept { return {places.data(), count}; }
    [[nodiscard]] std::size_t end() const noexcept {
        const std::size_t begin = (sizeof(Directory) + page_bytes - 1) / page_bytes * page_bytes;
        return count == 0 ? begin : places[count - 1].offset + places[count - 1].capacity;
    }
    // The last place can grow.
    [[nodiscard]] bool has_room(const Place& place, std::size_t whole) noexcept {
        return place.capacity >= whole || (&place == &places[count - 1] && whole <= reserved_bytes - place.offset);
    }
    [[nodiscard]] Place* find(std::string_view name) noexcept {
        const auto places_known = known();
        const auto found = std::find_if(places_known.begin(), places_known.end(), [&](const Place& place) { return place.is_of(name); });
        return found == places_known.end() ? nullptr : &*found;
    }
    // The smallest of nobody's places that have room.
    [[nodiscard]] Place* find_free(std::size_t whole) noexcept {
        Place* best = nullptr;
        for (Place& place : known()) {
            if (place.name_bytes != 0 || !has_room(place, whole)) continue;
            if (best == nullptr || std::max(place.capacity, whole) < std::max(best->capacity, whole)) best = &place;
        }
        return best;
    }
};

std::byte* reserve() {
    static const auto* const memory = new Result<sys::SharedMemory>{sys::SharedMemory::reserve(reserved_bytes)};  // to the very end
    if (!*memory) return nullptr;
    (*memory)->keep_out_of_dumps();  // these are keys
    new ((*memory)->bytes().data()) Directory;
    return (*memory)->bytes().data();
}

std::byte* reserved() {
    static std::byte* const memory = reserve();
    return memory;
}

}  // namespace

void share_session_caches() { (void)reserved(); }

SessionCache* session_cache(std::string_view name, std::size_t bytes) {
    std::byte* const memory = reserved();
    if (memory == nullptr || name.empty() || name.size() > name_bytes_max || bytes > reserved_bytes) return nullptr;
    auto& directory = *reinterpret_cast<Directory*>(memory);
    (void)directory.mutex.lock();  // each step leaves a directory that holds: whoever has died in one costs a cache its sessions at most
    const std::size_t whole = (bytes + page_bytes - 1) / page_bytes * page_bytes;
    Place* place = directory.find(name);
    bool holds_nothing_else = place != nullptr && place->bytes == bytes;
    if (place != nullptr && !directory.has_room(*place, whole)) {
        place->name_bytes = 0;
        place = nullptr;
    }
    if (place == nullptr) place = directory.find_free(whole);
    if (place == nullptr && directory.count < caches_max && whole <= reserved_bytes - directory.end()) {
        place = &directory.places[directory.count];
        place->offset = directory.end();
        place->capacity = whole;
        (void)SessionCache::in({memory + place->offset, whole});
        ++directory.count;
        place->bytes = bytes;
        place->give(name);
        holds_nothing_else = true;
    }
    SessionCache* const cache = place != nullptr ? reinterpret_cast<SessionCache*>(memory + place->offset) : nullptr;
    if (cache != nullptr && !holds_nothing_else) {
        place->capacity = std::max(place->capacity, whole);
        cache->resize(whole);
        place->bytes = bytes;
        place->give(name);
    }
    directory.mutex.unlock();
    return cache;
}

void keep_session_caches(const std::set<std::string, std::less<>>& names) {
    std::byte* const memory = reserved();
    if (memory == nullptr) return;
    auto& directory = *reinterpret_cast<Directory*>(memory);
    (void)directory.mutex.lock();
    for (Place& place : directory.known()) {
        if (names.find(std::string_view{place.name.data(), place.name_bytes}) == names.end()) place.name_bytes = 0;
    }
    directory.mutex.unlock();
}

}  // namespace webserv::tls
