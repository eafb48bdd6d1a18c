// server/concurrency.cpp: the two models that need one process only; the third is forking.cpp.
// Both call serve(): for all at once, or for one when the other has ended.
#include "server/concurrency.hpp"

#include <deque>
#include <utility>

#include "server/connection.hpp"
#include "server/forking.hpp"
#include "server/worker.hpp"

namespace webserv::server {
namespace {

class OnOneLoop final : public Concurrency {
public:
    explicit OnOneLoop(Worker& worker) : worker_{worker} {}
    void begin(sys::Accepted peer, const std::shared_ptr<const Entrance>& entrance) override {
        serve(std::make_unique<Connection>(worker_, std::move(peer.socket), peer.peer, entrance));
    }

private:
    Worker& worker_;
};

class OneByOne final : public Concurrency {
public:
    explicit OneByOne(Worker& worker) : worker_{worker} {}
    void begin(sys::Accepted peer, const std::shared_ptr<const Entrance>& entrance) override {
        waiting_.push_back({std::move(peer), entrance});
        if (!std::exchange(serving_, true)) worker_.scope.spawn(serve_all());
    }
    [[nodiscard]] bool takes_one_at_a_time() const noexcept override { return true; }

private:
    struct Waiting {
        sys::Accepted peer;
        std::shared_ptr<const Entrance> entrance;
    };
    Task<> serve_all();

    Worker& worker_;
    bool serving_ = false;
    std::deque<Waiting> waiting_;  // more than one only when a listener closes, which then takes all who have connected
};

Task<> OneByOne::serve_all() {
    while (!waiting_.empty()) {
        Waiting next = std::move(waiting_.front());
        waiting_.pop_front();
        serve(std::make_unique<Connection>(worker_, std::move(next.peer.socket), next.peer.peer, next.entrance));
        while (worker_.has_connections()) co_await worker_.room();
    }
    serving_ = false;
}

}  // namespace

std::string_view name_of(ConcurrencyModel model) noexcept {
    switch (model) {
        case ConcurrencyModel::event:
            return "event";
        case ConcurrencyModel::fork:
            return "fork";
        case ConcurrencyModel::iterative:
            return "iterative";
    }
    return {};
}

std::unique_ptr<Concurrency> Concurrency::of(ConcurrencyModel model, Worker& worker) {
    switch (model) {
        case ConcurrencyModel::fork:
            return std::make_unique<Forking>(worker);
        case ConcurrencyModel::iterative:
            return std::make_unique<OneByOne>(worker);
        case ConcurrencyModel::event:
            break;
    }
    return std::make_unique<OnOneLoop>(worker);
}

}  // namespace webserv::server
