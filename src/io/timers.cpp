// io/timers.cpp: a heap with four children a node: shallower than a binary one, and siblings share a cache line.
// Each timer knows its place, so moving and disarming need no search.
#include "io/timers.hpp"

#include <algorithm>
#include <cassert>

namespace webserv::io {
namespace {

constexpr std::size_t children = 4;

}  // namespace

void Timers::arm(Timer& timer, TimePoint time) {
    time = std::max(time, earliest_);
    const bool sooner = !timer.armed() || time < timer.time_;
    timer.time_ = time;
    if (!timer.armed()) {
        heap_.push_back(&timer);
        timer.position_ = heap_.size() - 1;
    }
    if (sooner) {
        sift_up(timer.position_);
    } else {
        sift_down(timer.position_);
    }
}

void Timers::disarm(Timer& timer) noexcept {
    if (!timer.armed()) return;
    const std::size_t hole = timer.position_;
    timer.position_ = Timer::unarmed;
    Timer* const last = heap_.back();
    heap_.pop_back();
    if (last == &timer) return;
    place(hole, last);
    sift_up(hole);
    sift_down(last->position_);
}

void Timers::fire(TimePoint now) {
    // What is armed while we fire waits for the next call, or a coroutine whose deadline has passed could keep us here.
    earliest_ = now + std::chrono::nanoseconds{1};
    while (!heap_.empty() && heap_.front()->time_ <= now) {
        Timer& timer = *heap_.front();
        disarm(timer);
        timer.expired();
    }
    earliest_ = TimePoint::min();
}

TimePoint Timers::next() const noexcept { return heap_.empty() ? never : heap_.front()->time_; }

void Timers::sift_up(std::size_t position) noexcept {
    Timer* const timer = heap_[position];
    while (position > 0) {
        const std::size_t parent = (position - 1) / children;
        if (heap_[parent]->time_ <= timer->time_) break;
        place(position, heap_[parent]);
        position = parent;
    }
    place(position, timer);
}

void Timers::sift_down(std::size_t position) noexcept {
    Timer* const timer = heap_[position];
    for (;;) {
        const std::size_t first = position * children + 1;
        const std::size_t end = std::min(first + children, heap_.size());
        if (first >= end) break;
        std::size_t least = first;
        for (std::size_t child = first + 1; child < end; ++child) {
            if (heap_[child]->time_ < heap_[least]->time_) least = child;
        }
        if (timer->time_ <= heap_[least]->time_) break;
        place(position, heap_[least]);
        position = least;
    }
    place(position, timer);
}

void Timers::place(std::size_t position, Timer* timer) noexcept {
    heap_[position] = timer;
    timer->position_ = position;
}

}  // namespace webserv::io
