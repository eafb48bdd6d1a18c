// io/loop.cpp: epoll_wait and what follows from it.
// The kernel is given numbers, not addresses: slot and generation, so that an event of the past never meets a watcher of today.
#include "io/loop.hpp"

#include <sys/epoll.h>
#include <sys/eventfd.h>

#include <algorithm>
#include <array>
#include <cassert>
#include <climits>
#include <deque>
#include <mutex>

#include "io/offload.hpp"

namespace webserv::io {
namespace {

// Events taken from the kernel at once: enough to spread the cost of the call, little enough that timers are not kept waiting.
constexpr int events_max = 512;

struct Slot {  // of one descriptor number
    Watcher* watcher = nullptr;
    std::uint32_t generation = 0;
};

/// Whole milliseconds, rounded up: woken a moment too early, the loop would find nothing to fire and spin.
int timeout_for(TimePoint now, Deadline deadline) {
    if (deadline == never) return -1;
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(std::max(deadline - now, TimePoint::duration{}));
    return static_cast<int>(std::min<std::chrono::milliseconds::rep>(left.count(), INT_MAX));
}

}  // namespace

class Loop::Implementation final : public Watcher {
public:
    Result<> open();
    Result<> add(const sys::Fd& descriptor, Watcher& watcher, std::uint32_t wanted);
    bool forget(const sys::Fd& descriptor, Watcher& watcher) noexcept;
    std::size_t wait(int timeout_milliseconds);
    void hand_out(std::size_t count);
    void resume_posted();
    void on_events(std::uint32_t events) override;  // of wake_up: another thread has called
    void finished_elsewhere(std::coroutine_handle<> waiter);
    void wake() noexcept { (void)!::eventfd_write(wake_up.get(), 1); }

    sys::Fd epoll;
    sys::Fd wake_up;
    std::vector<Slot> slots;  // by descriptor number: small integers, reused by the kernel
    std::array<epoll_event, events_max> events;
    std::vector<Waiter> posted;
    std::vector<Waiter> resuming;
    std::deque<std::function<void()>> hooks;  // a hook may add another: they must not move
    bool turning = false;

    std::size_t elsewhere = 0;                      // jobs that helper threads have not finished
    std::mutex mutex;                               // protects `finished`
    std::vector<std::coroutine_handle<>> finished;  // by helper threads
    std::unique_ptr<HelperThreads> helpers;         // last: joined before what they use goes
};

Result<> Loop::Implementation::open() {
    epoll.reset(::epoll_create1(EPOLL_CLOEXEC));
    if (!epoll) return failed("epoll_create1");
    wake_up.reset(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC));
    if (!wake_up) return failed("eventfd");
    return add(wake_up, *this, EPOLLIN | EPOLLET);
}

Result<> Loop::Implementation::add(const sys::Fd& descriptor, Watcher& watcher, std::uint32_t wanted) {
    const auto number = static_cast<std::size_t>(descriptor.get());
    if (number >= slots.size()) slots.resize(number + 1);
    Slot& slot = slots[number];
    ++slot.generation;
    epoll_event event{};
    event.events = wanted;
    event.data.u64 = std::uint64_t{slot.generation} << 32 | number;
    int outcome = ::epoll_ctl(epoll.get(), slot.watcher == &watcher ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, descriptor.get(), &event);
    // Forgotten, but not closed after all: take it over.
    if (outcome < 0 && errno == EEXIST) outcome = ::epoll_ctl(epoll.get(), EPOLL_CTL_MOD, descriptor.get(), &event);
    if (outcome < 0) return failed("epoll_ctl");
    slot.watcher = &watcher;
    return {};
}

bool Loop::Implementation::forget(const sys::Fd& descriptor, Watcher& watcher) noexcept {
    const auto number = static_cast<std::size_t>(descriptor.get());
    if (!descriptor || number >= slots.size() || slots[number].watcher != &watcher) return false;
    slots[number].watcher = nullptr;
    ++slots[number].generation;
    return true;
}

std::size_t Loop::Implementation::wait(int timeout_milliseconds) {
    const int count = ::epoll_wait(epoll.get(), events.data(), events_max, timeout_milliseconds);
    assert(count >= 0 || errno == EINTR);  // a signal: the turn goes on without events, its handler may have posted or stopped
    return count > 0 ? static_cast<std::size_t>(count) : 0;
}

void Loop::Implementation::hand_out(std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) {
        const std::uint64_t key = events[i].data.u64;
        const Slot slot = slots[static_cast<std::uint32_t>(key)];
        if (slot.watcher != nullptr && slot.generation == key >> 32) slot.watcher->on_events(events[i].events);
    }
}

void Loop::Implementation::resume_posted() {
    // What they post in their turn waits for the next one, after the kernel was asked for events.
    resuming.swap(posted);
    for (const Waiter waiter : resuming) waiter.resume();
    resuming.clear();
}

void Loop::Implementation::on_events(std::uint32_t) {
    eventfd_t count;
    (void)!::eventfd_read(wake_up.get(), &count);
    const std::lock_guard lock{mutex};
    elsewhere -= finished.size();
    posted.insert(posted.end(), finished.begin(), finished.end());
    finished.clear();
}

void Loop::Implementation::finished_elsewhere(std::coroutine_handle<> waiter) {
    {
        const std::lock_guard lock{mutex};
        finished.push_back(waiter);
    }
    wake();
}

Loop::Loop(const LoopOptions& options, std::unique_ptr<Implementation> implementation)
    : options_{options}, now_{std::chrono::steady_clock::now()}, started_{now_}, implementation_{std::move(implementation)} {}

Loop::~Loop() = default;

Result<std::unique_ptr<Loop>> Loop::create(const LoopOptions& options) {
    auto implementation = std::make_unique<Implementation>();
    if (const auto opened = implementation->open(); !opened) return std::unexpected{opened.error()};
    return std::unique_ptr<Loop>{new Loop{options, std::move(implementation)}};
}

void Loop::run() {
    while (!stopped_) turn(never);
    stopped_ = false;
}

void Loop::turn(Deadline deadline) {
    assert(!implementation_->turning);
    implementation_->turning = true;
    ++turns_;
    const std::size_t count = wait_until(deadline);
    if (!options_.simulated_time) now_ = std::chrono::steady_clock::now();
    wall_now_is_known_ = false;
    implementation_->hand_out(count);
    timers_.fire(now_);
    implementation_->resume_posted();
    for (std::size_t i = 0; i < implementation_->hooks.size(); ++i) implementation_->hooks[i]();
    if (!options_.simulated_time) longest_turn_ = std::max(longest_turn_, std::chrono::steady_clock::now() - now_);
    implementation_->turning = false;
}

std::size_t Loop::wait_until(Deadline deadline) {
    deadline = std::min(deadline, timers_.next());
    const bool hurry = !implementation_->posted.empty();
    // now_ is as old as the last turn was long, so a timer may be that late: cheaper than one more look at the clock each turn.
    if (!options_.simulated_time) return implementation_->wait(hurry ? 0 : timeout_for(now_, deadline));

    const std::size_t count = implementation_->wait(0);
    if (count > 0 || hurry) return count;
    if (deadline == never || implementation_->elsewhere > 0) return implementation_->wait(-1);
    now_ = std::max(now_, deadline);
    return 0;
}

void Loop::wake() noexcept { implementation_->wake(); }

std::chrono::system_clock::time_point Loop::wall_now() const noexcept {
    constexpr std::chrono::system_clock::time_point date_of_examples{std::chrono::seconds{784111777}};  // Sun, 06 Nov 1994 08:49:37 GMT
    if (!wall_now_is_known_) {
        wall_now_ = options_.simulated_time
                        ? date_of_examples + std::chrono::duration_cast<std::chrono::system_clock::duration>(now_ - started_)
                        : std::chrono::system_clock::now();
        wall_now_is_known_ = true;
    }
    return wall_now_;
}

Result<> Loop::add(const sys::Fd& descriptor, Watcher& watcher, std::uint32_t events) {
    if (!descriptor) return std::unexpected{Error{.code = std::errc::bad_file_descriptor, .doing = "epoll_ctl"}};
    return implementation_->add(descriptor, watcher, events != 0 ? events : EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET);
}

void Loop::remove(const sys::Fd& descriptor, Watcher& watcher) noexcept {
    if (!implementation_->forget(descriptor, watcher)) return;
    epoll_event unused{};
    ::epoll_ctl(implementation_->epoll.get(), EPOLL_CTL_DEL, descriptor.get(), &unused);
}

void Loop::forget(const sys::Fd& descriptor, Watcher& watcher) noexcept { implementation_->forget(descriptor, watcher); }

void Loop::post(Waiter waiter) { implementation_->posted.push_back(waiter); }

void Loop::at_end_of_turn(std::function<void()> hook) { implementation_->hooks.push_back(std::move(hook)); }

void Loop::run_elsewhere(std::function<void()> work, std::coroutine_handle<> waiter, HelperThreads* threads) {
    Implementation& self = *implementation_;
    if (threads == nullptr) {
        constexpr HelperThreads::Bounds bounds{};
        if (!self.helpers) self.helpers = make_helper_threads(bounds.threads, bounds.queue);
        threads = self.helpers.get();
    }
    ++self.elsewhere;
    threads->submit(std::move(work), waiter);
}

std::unique_ptr<HelperThreads> Loop::make_helper_threads(std::size_t threads_max, std::size_t queue_max) {
    Implementation& self = *implementation_;
    return std::make_unique<HelperThreads>([&self](std::coroutine_handle<> finished) { self.finished_elsewhere(finished); },
                                           HelperThreads::Bounds{.threads = threads_max, .queue = queue_max});
}

}  // namespace webserv::io
