// base/frame_pool_test.cpp: frames are distinct, writable to their end, and given out again.
// Frames are filled, and looked at again before they are released.
#include "base/frame_pool.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <cstring>
#include <random>
#include <thread>
#include <vector>

namespace webserv {
namespace {

struct Frame {
    void* memory;
    std::size_t bytes;
    unsigned char filling;
};

void expect_intact(const Frame& frame) {
    const auto* const octets = static_cast<const unsigned char*>(frame.memory);
    for (std::size_t i = 0; i < frame.bytes; ++i) ASSERT_EQ(octets[i], frame.filling);
}

void use_at_random(unsigned seed) {
    std::mt19937 random{seed};
    std::vector<Frame> frames;
    for (int step = 0; step < 20'000; ++step) {
        if (frames.size() < 50 && random() % 2 == 0) {
            const std::size_t bytes = 1 + random() % 3000;
            Frame frame{frame_pool::allocate(bytes), bytes, static_cast<unsigned char>(random())};
            ASSERT_EQ(reinterpret_cast<std::uintptr_t>(frame.memory) % __STDCPP_DEFAULT_NEW_ALIGNMENT__, 0U);
            std::memset(frame.memory, frame.filling, bytes);
            frames.push_back(frame);
        } else if (!frames.empty()) {
            std::swap(frames[random() % frames.size()], frames.back());
            expect_intact(frames.back());
            frame_pool::release(frames.back().memory, frames.back().bytes);
            frames.pop_back();
        }
    }
    for (const Frame& frame : frames) frame_pool::release(frame.memory, frame.bytes);
}

TEST(FramePool, KeepsFramesApart) { use_at_random(1); }

TEST(FramePool, ServesEachThreadOnItsOwn) {
    std::thread first{use_at_random, 2}, second{use_at_random, 3};
    first.join();
    second.join();
}

}  // namespace
}  // namespace webserv
