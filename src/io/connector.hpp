// io/connector.hpp: the waiting for connect(2), with a deadline.
// The counterpart of acceptor.hpp: one socket, one peer.
#pragma once

#include <cstdint>

#include "base/result.hpp"
#include "base/task.hpp"
#include "io/event.hpp"
#include "io/loop.hpp"
#include "io/scope.hpp"
#include "sys/address.hpp"
#include "sys/fd.hpp"

namespace webserv::io {

class Connector final : private Watcher {
public:
    /// @param scope  whose cancel() ends the wait; may be null
    Connector(Loop& loop, Scope* scope) noexcept : loop_{loop}, decided_{loop, scope} {}

    /// A socket that is connected to `address`: non-blocking, close-on-exec and, for TCP, without Nagle's delay, since whoever writes
    /// messages knows where they end. One call at a time.
    /// Errors, blamed on the upstream: connection_refused, network_unreachable, host_unreachable, no_such_file_or_directory, timed_out
    /// (also the kernel's own) ...; ours: operation_canceled, too_many_files_open, address_not_available.
    Task<Result<sys::Fd>> connect(sys::Address address, Deadline deadline);

private:
    void on_events(std::uint32_t) override { decided_.set(); }

    Loop& loop_;
    Event decided_;
};

}  // namespace webserv::io
