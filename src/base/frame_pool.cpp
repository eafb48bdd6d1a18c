// base/frame_pool.cpp: free lists by size class: the way that is seldom taken, and the end of a thread.
// A frame stays with the thread that allocated it: no lock, and bounded by the most frames that were alive at once.
#include "base/frame_pool.hpp"

namespace webserv::frame_pool::detail {
namespace {

// Made on a thread's first allocation; its end is the thread's end.
struct Cleaner {
    ~Cleaner() {
        for (FreeFrame*& head : free_frames) {
            while (head != nullptr) {
                FreeFrame* const frame = head;
                head = frame->next;
                ::operator delete(frame);
            }
        }
    }
    void attend() const noexcept {}  // a use, without which a thread_local is not constructed
};

thread_local Cleaner cleaner;

}  // namespace

void* allocate_anew(std::size_t bytes) {
    cleaner.attend();
    return ::operator new((class_of(bytes) + 1) * class_bytes - header_bytes);
}

}  // namespace webserv::frame_pool::detail
