// app/listeners.cpp: binding what is new, keeping what stays, closing what is gone.
// Changed options are told to the socket that is there; a changed ipv6only needs another socket, multipath stays as it was.
#include "app/listeners.hpp"

#include <fmt/format.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <thread>
#include <utility>

#include "app/print.hpp"
#include "sys/socket.hpp"

namespace webserv::app {
namespace {

std::string explain(const Error& error, const sys::Address& address) {
    return fmt::format("{}() to {} failed {}\n{}", error.doing, address.text(), describe_errno(static_cast<int>(error.code)),
                       sys::explain_listen_error(error, address));
}

// What this configuration says about a socket that was there before it: as it was, if the kernel does not want it.
void tell(const sys::Address& address, const sys::ListenOptions& options, const sys::Fd& socket) {
    (void)sys::set_changeable_options(socket, address, options);
    if (!address.is_local()) (void)sys::defer_accept(socket, options.defer_seconds);
}

}  // namespace

std::expected<void, std::string> Listeners::adapt(const server::Site& site, unsigned workers, Attempts attempts) {
    std::vector<Bound> next;
    for (std::size_t index = 0; index < site.points.size(); ++index) {
        const server::ListenPoint& point = *site.points[index];
        auto bound = bind(point, point.options.reuse_port ? workers : 1, attempts);
        if (!bound) {
            for (const Bound& opened : next) {
                if (find(opened.address) == nullptr) remove_path(opened);
            }
            return std::unexpected{bound.error()};
        }
        bound->point = index;
        next.push_back(std::move(*bound));
    }
    for (Bound& old : std::exchange(bound_, std::move(next))) {
        if (!is_bound(old.address)) departed_.push_back(std::move(old));
    }
    std::erase_if(departed_, [&](const Bound& departed) { return is_bound(departed.address); });
    for (const Bound& bound : bound_) {
        for (const Socket& socket : bound.sockets) {
            (void)sys::start_listening(*socket.descriptor, bound.options.backlog);  // as it was, if not
            if (!bound.known) tell(bound.address, bound.options, *socket.descriptor);
        }
    }
    inherited_.clear();
    return {};
}

bool Listeners::is_bound(const sys::Address& address) const {
    return std::any_of(bound_.begin(), bound_.end(), [&](const Bound& bound) { return bound.address == address; });
}

const Listeners::Bound* Listeners::find(const sys::Address& address) const {
    for (const auto* list : {&bound_, &departed_}) {
        const auto found = std::find_if(list->begin(), list->end(), [&](const Bound& bound) { return bound.address == address; });
        if (found != list->end()) return std::to_address(found);
    }
    return nullptr;
}

void Listeners::remove_path(const Bound& bound) {
    const std::string path = bound.address.is_local() && !bound.lent ? bound.address.local_name() : std::string{};
    if (!path.empty() && !path.starts_with('@')) ::unlink(path.c_str());
}

std::expected<Listeners::Bound, std::string> Listeners::bind(const server::ListenPoint& point, unsigned count, Attempts attempts) {
    Bound bound{.address = point.address, .options = point.options, .point = 0, .sockets = {}, .lent = false, .known = true};
    if (const Bound* const old = find(point.address); old != nullptr && old->options.ipv6_only == point.options.ipv6_only) {
        bound.sockets = old->sockets;
        bound.lent = old->lent;
        bound.known = old->options == point.options;
        if (bound.sockets.size() > count) bound.sockets.resize(count, bound.sockets.front());
        if (point.options.reuse_port && !old->options.reuse_port) {  // else it would keep the others from the address
            (void)sys::set_option(*bound.sockets.front().descriptor, SOL_SOCKET, SO_REUSEPORT, 1);
        }
    }
    while (bound.sockets.size() < count) {
        if (auto inherited = take_inherited(point.address)) {
            bound.sockets.push_back({++last_id_, std::move(inherited)});
            bound.lent = inherited_are_lent_;
            bound.known = false;
            continue;
        }
        auto socket = open(point, attempts);
        if (!socket) return std::unexpected{socket.error()};
        bound.sockets.push_back(std::move(*socket));
    }
    return bound;
}

std::expected<Listeners::Socket, std::string> Listeners::open(const server::ListenPoint& point, Attempts attempts) {
    for (int attempt = 1;; ++attempt) {
        auto socket = sys::listen_on(point.address, point.options);
        if (socket) return Socket{++last_id_, std::make_shared<const sys::Fd>(std::move(*socket))};
        const std::string message = explain(socket.error(), point.address);
        if (socket.error().code != std::errc::address_in_use || attempt >= attempts.count) return std::unexpected{message};
        print_error(fmt::format("webserv: [notice] {}, trying again\n", message.substr(0, message.find('\n'))));
        std::this_thread::sleep_for(attempts.pause);
    }
}

std::shared_ptr<const sys::Fd> Listeners::take_inherited(const sys::Address& address) {
    for (auto socket = inherited_.begin(); socket != inherited_.end(); ++socket) {
        const auto bound_to = sys::local_address(*socket);
        if (!bound_to || !(*bound_to == address)) continue;
        auto taken = std::make_shared<const sys::Fd>(std::move(*socket));
        inherited_.erase(socket);
        return taken;
    }
    return nullptr;
}

std::vector<server::OpenListener> Listeners::of_worker(unsigned index) const {
    std::vector<server::OpenListener> listeners;
    for (const Bound& bound : bound_) {
        const Socket& socket = bound.sockets[index % bound.sockets.size()];
        listeners.push_back({.id = socket.id, .socket = socket.descriptor, .point = bound.point});
    }
    return listeners;
}

std::vector<int> Listeners::descriptors() const {
    std::vector<int> numbers;
    for (const Bound& bound : bound_) {
        for (const Socket& socket : bound.sockets) numbers.push_back(socket.descriptor->get());
    }
    return numbers;
}

void Listeners::settle() {
    for (const Bound& departed : std::exchange(departed_, {})) remove_path(departed);
}

void Listeners::close(bool keep_paths) {
    if (!keep_paths) settle();
    departed_.clear();
    for (const Bound& bound : std::exchange(bound_, {})) {
        if (!keep_paths) remove_path(bound);
    }
}

}  // namespace webserv::app
