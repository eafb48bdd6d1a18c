// app/listeners.hpp: the listening sockets of the master, through all reloads: opened when first named, closed when no longer.
// Keyed by address; each socket has a number that workers know it by.
#pragma once

#include <chrono>
#include <cstdint>
#include <expected>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "server/worker.hpp"

namespace webserv::app {

/// How often, and how long apart.
struct Attempts {
    int count = 1;
    std::chrono::milliseconds pause{0};
};

class Listeners {
public:
    /// Sockets that somebody else has opened for us; used where an address matches.
    /// @param lent  by a service manager, which listens on them after we have gone: paths stay. Else by the master before us
    void inherit(std::vector<sys::Fd> sockets, bool lent) {
        inherited_ = std::move(sockets);
        inherited_are_lent_ = lent;
    }

    /// Makes the sockets those of this site. New addresses are bound first: if that fails, nothing has changed.
    /// Errors are explained in words. Those no longer named depart: see settle().
    /// @param attempts  tries while an address is taken: the server before us, or a worker of ours, may be ending
    [[nodiscard]] std::expected<void, std::string> adapt(const server::Site& site, unsigned workers, Attempts attempts);
    /// The workers are told to go over to the present site: sockets that have departed are closed, their paths removed. Until
    /// then the workers have them too, so that nobody could bind their addresses again but by taking them back.
    void settle();

    /// What this worker accepts on: shared ones are the same descriptor in each, with `reuseport` each has its own.
    [[nodiscard]] std::vector<server::OpenListener> of_worker(unsigned index) const;
    /// All descriptors, for an executable that takes over.
    [[nodiscard]] std::vector<int> descriptors() const;

    /// Closes all, once nobody accepts on them any more: new connections are refused from here on.
    /// @param keep_paths  of local sockets: somebody else has them too
    void close(bool keep_paths);

private:
    struct Socket {
        std::uint64_t id;
        std::shared_ptr<const sys::Fd> descriptor;
    };
    struct Bound {
        sys::Address address;
        sys::ListenOptions options;
        std::size_t point = 0;        // of the present site
        std::vector<Socket> sockets;  // one, or one a worker
        bool lent = false;            // its path, if it has one, is not ours to remove
        bool known = false;           // the sockets have all these options already
    };
    [[nodiscard]] std::expected<Bound, std::string> bind(const server::ListenPoint& point, unsigned count, Attempts attempts);
    [[nodiscard]] std::expected<Socket, std::string> open(const server::ListenPoint& point, Attempts attempts);
    [[nodiscard]] bool is_bound(const sys::Address& address) const;
    [[nodiscard]] const Bound* find(const sys::Address& address) const;  ///< also among the departed; null: there is none
    static void remove_path(const Bound& bound);
    [[nodiscard]] std::shared_ptr<const sys::Fd> take_inherited(const sys::Address& address);

    std::vector<sys::Fd> inherited_;
    bool inherited_are_lent_ = false;
    std::vector<Bound> bound_;
    std::vector<Bound> departed_;  ///< no longer named, still with the workers
    std::uint64_t last_id_ = 0;
};

}  // namespace webserv::app
