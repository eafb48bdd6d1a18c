// server/concurrency.hpp: how accepted connections are served: all upon one loop, each by a child process, or one after another.
// All three call the same serve(); what differs is where and when.
#pragma once

#include <memory>
#include <string_view>

#include "server/core_settings.hpp"
#include "sys/socket.hpp"

namespace webserv::server {

class Worker;
struct Entrance;

[[nodiscard]] std::string_view name_of(ConcurrencyModel model) noexcept;

/// One for each worker, from its first site to its end.
class Concurrency {
public:
    [[nodiscard]] static std::unique_ptr<Concurrency> of(ConcurrencyModel model, Worker& worker);
    Concurrency() = default;
    Concurrency(const Concurrency&) = delete;
    Concurrency& operator=(const Concurrency&) = delete;
    virtual ~Concurrency() = default;

    /// Sees to it that a connection that was accepted is served.
    virtual void begin(sys::Accepted peer, const std::shared_ptr<const Entrance>& entrance) = 0;
    /// Whether nobody is to be accepted as long as another is being served.
    [[nodiscard]] virtual bool takes_one_at_a_time() const noexcept { return false; }

    // Beside what the worker does about the tasks of its scope:
    virtual void site_has_changed() {}  ///< and the entrances are open or closed as it says
    virtual void logs_were_reopened() {}
    virtual void drain() {}  ///< finish what is being answered
    virtual void stop() {}   ///< may follow on drain()
};

}  // namespace webserv::server
