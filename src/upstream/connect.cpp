// upstream/connect.cpp: the attempts are tasks of one scope; the first that is connected ends the others.
// Who waits for the race is woken by each attempt's end, and by the delay.
#include "upstream/connect.hpp"

#include <algorithm>
#include <optional>
#include <utility>

#include "io/connector.hpp"
#include "io/event.hpp"

namespace webserv::upstream {
namespace {

class Race final : public io::Cancellable {
public:
    Race(io::Loop& loop, io::Scope* scope, io::Deadline deadline)
        : Cancellable{scope}, loop_{loop}, deadline_{deadline}, progress_{loop, nullptr} {
        if (born_cancelled()) attempts_.cancel();
    }
    void cancel() override { attempts_.cancel(); }

    Task<std::expected<Connected, std::vector<FailedAttempt>>> run(const std::vector<sys::Address>& addresses,
                                                                   const std::function<void(const sys::Address&)>& trying) {
        for (const sys::Address& address : addresses) {
            if (trying) trying(address);
            const std::size_t failed_before = failures_.size();
            attempts_.spawn(attempt(address));
            const io::Deadline head_start = std::min(deadline_, loop_.now() + attempt_delay);
            const bool is_last = &address == &addresses.back();
            while (!is_over() && failures_.size() == failed_before && !is_last && loop_.now() < head_start) {
                (void)co_await progress_.wait(head_start);  // either way the conditions tell
            }
            if (is_over() || loop_.now() >= deadline_) break;
        }
        while (!winner_ && attempts_.task_count() > 0) (void)co_await progress_.wait(io::never);  // each has the deadline itself
        attempts_.cancel();
        co_await attempts_.finished();
        if (winner_) co_return std::move(*winner_);
        co_return std::unexpected{std::move(failures_)};
    }

private:
    [[nodiscard]] bool is_over() const noexcept { return winner_.has_value() || attempts_.cancelled(); }

    Task<> attempt(sys::Address address) {
        io::Connector connector{loop_, &attempts_};
        auto socket = co_await connector.connect(address, deadline_);
        if (!socket) {
            failures_.push_back({address, socket.error()});
        } else if (!winner_) {
            winner_.emplace(Connected{std::move(*socket), address});
        }
        progress_.set();
    }

    io::Loop& loop_;
    io::Deadline deadline_;
    io::Event progress_;
    io::Scope attempts_;
    std::optional<Connected> winner_;
    std::vector<FailedAttempt> failures_;
};

}  // namespace

std::vector<sys::Address> alternating(const std::vector<sys::Address>& addresses) {
    std::vector<sys::Address> first, second;
    for (const sys::Address& address : addresses) {
        (address.family() == addresses.front().family() ? first : second).push_back(address);
    }
    std::vector<sys::Address> ordered;
    for (std::size_t i = 0; i < std::max(first.size(), second.size()); ++i) {
        if (i < first.size()) ordered.push_back(first[i]);
        if (i < second.size()) ordered.push_back(second[i]);
    }
    return ordered;
}

Task<std::expected<Connected, std::vector<FailedAttempt>>> connect(io::Loop& loop, io::Scope* scope,
                                                                   const std::vector<sys::Address>& addresses, io::Deadline deadline,
                                                                   const std::function<void(const sys::Address&)>& trying) {
    Race race{loop, scope, deadline};
    auto outcome = co_await race.run(addresses, trying);
    co_return std::move(outcome);
}

}  // namespace webserv::upstream
