// io/waiter.hpp: who is told that a wait has ended: a coroutine, or an object that has none meanwhile.
// A frame costs more than a connection that waits for its next request has to.
#pragma once

#include <coroutine>
#include <cstdint>

namespace webserv::io {

/// Something that waits without a coroutine, and begins one, or not, when its wait has ended.
class Wakeable {
public:
    Wakeable() = default;
    Wakeable(const Wakeable&) = delete;
    Wakeable& operator=(const Wakeable&) = delete;
    /// The wait has ended; what it gave has to be asked for (Stream::outcome).
    virtual void woken() = 0;

protected:
    ~Wakeable() = default;
};

/// One of the two, or nobody.
class Waiter {
public:
    Waiter() = default;
    Waiter(std::coroutine_handle<> coroutine) noexcept : address_{static_cast<char*>(coroutine.address())} {}
    Waiter(Wakeable& object) noexcept : address_{reinterpret_cast<char*>(&object) + object_mark} {}

    explicit operator bool() const noexcept { return address_ != nullptr; }
    void resume() const {
        if ((reinterpret_cast<std::uintptr_t>(address_) & object_mark) != 0) {
            reinterpret_cast<Wakeable*>(address_ - object_mark)->woken();
        } else {
            std::coroutine_handle<>::from_address(address_).resume();
        }
    }

private:
    static constexpr std::uintptr_t object_mark = 1;  // frames and objects with a virtual function are aligned
    char* address_ = nullptr;
};

}  // namespace webserv::io
