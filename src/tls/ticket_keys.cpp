// tls/ticket_keys.cpp: a ring of keys under a lock that survives the death of its holder.
// A worker that dies while it turns the ring leaves it half-written: whoever takes the lock next makes all keys anew.
#include "tls/ticket_keys.hpp"

#include <openssl/rand.h>

#include <algorithm>
#include <cstring>
#include <new>

#include "sys/robust_mutex.hpp"
#include "sys/shared_memory.hpp"

namespace webserv::tls {
namespace {

// A key serves for three hours and is understood for a day: longer than most sessions may be resumed at all.
constexpr std::int64_t key_seconds = 3 * 60 * 60;
constexpr std::size_t keys_kept = 9;

class Ring {
public:
    std::optional<TicketKey> sealing(std::int64_t now) {
        const Guard guard{*this};
        if (!turn(now)) return std::nullopt;
        return keys_[0];
    }
    std::optional<OpeningKey> opening(std::span<const unsigned char, 16> name, std::int64_t now) {
        const Guard guard{*this};
        if (!turn(now)) return std::nullopt;
        for (std::size_t index = 0; index < count_; ++index) {
            if (std::equal(name.begin(), name.end(), keys_[index].name.begin())) return OpeningKey{keys_[index], index == 0};
        }
        return std::nullopt;
    }

private:
    class Guard {
    public:
        explicit Guard(Ring& ring) : ring_{ring} {
            if (!ring.mutex_.lock()) ring.count_ = 0;
        }
        Guard(const Guard&) = delete;
        Guard& operator=(const Guard&) = delete;
        ~Guard() { ring_.mutex_.unlock(); }

    private:
        Ring& ring_;
    };

    bool turn(std::int64_t now) {
        // A clock that was set back makes a new key as well: nobody knows how old the newest is.
        const bool serves = count_ > 0 && now - made_ < key_seconds && now >= made_;
        if (serves) return true;
        TicketKey fresh;
        const bool is_random = RAND_bytes(fresh.name.data(), static_cast<int>(fresh.name.size())) == 1 &&
                               RAND_priv_bytes(fresh.cipher.data(), static_cast<int>(fresh.cipher.size())) == 1 &&
                               RAND_priv_bytes(fresh.digest.data(), static_cast<int>(fresh.digest.size())) == 1;
        if (!is_random) return false;
        // Those that nobody had a use for in the meantime have become too old as well.
        const std::int64_t missed = count_ > 0 && now >= made_ ? (now - made_) / key_seconds - 1 : 0;
        const auto keep =
            static_cast<std::size_t>(std::clamp<std::int64_t>(static_cast<std::int64_t>(keys_kept) - 1 - missed, 0, keys_kept - 1));
        count_ = std::min(count_, keep);
        std::copy_backward(keys_.begin(), keys_.begin() + static_cast<std::ptrdiff_t>(count_),
                           keys_.begin() + static_cast<std::ptrdiff_t>(count_) + 1);
        keys_[0] = fresh;
        made_ = now;
        ++count_;
        return true;
    }

    sys::RobustMutex mutex_;
    std::array<TicketKey, keys_kept> keys_{};
    std::size_t count_ = 0;
    std::int64_t made_ = 0;
};

Ring* make_ring() {
    static const auto* const memory = new Result<sys::SharedMemory>{sys::SharedMemory::create(sizeof(Ring))};  // to the very end
    if (!*memory) return new (std::nothrow) Ring;
    (*memory)->keep_out_of_dumps();
    return new ((*memory)->bytes().data()) Ring;
}

// One for the process and all that come from it; it ends with them.
Ring* ring() {
    static Ring* const made = make_ring();
    return made;
}

}  // namespace

void share_ticket_keys() { (void)ring(); }

std::optional<TicketKey> sealing_key(std::int64_t now_seconds) { return ring() != nullptr ? ring()->sealing(now_seconds) : std::nullopt; }

std::optional<OpeningKey> opening_key(std::span<const unsigned char, 16> name, std::int64_t now_seconds) {
    return ring() != nullptr ? ring()->opening(name, now_seconds) : std::nullopt;
}

std::optional<TicketKey> parse_ticket_key(std::string_view octets) {
    TicketKey key;
    key.is_short = octets.size() == 48;
    if (!key.is_short && octets.size() != 80) return std::nullopt;
    const std::size_t part = key.is_short ? 16 : 32;
    std::memcpy(key.name.data(), octets.data(), key.name.size());
    // nginx's order: the short form has the cipher's key before the digest's, the long one behind it.
    std::memcpy(key.cipher.data(), octets.data() + 16 + (key.is_short ? 0 : part), part);
    std::memcpy(key.digest.data(), octets.data() + 16 + (key.is_short ? part : 0), part);
    return key;
}

}  // namespace webserv::tls
