// server/log_handover.hpp: how child processes that live through a rotation get the new log files of their parent.
// One packet with all of them lies in a socket that every child has; each looks at it without taking it away.
#pragma once

#include <memory>
#include <span>

#include "base/result.hpp"
#include "observe/log.hpp"
#include "sys/fd.hpp"
#include "sys/process.hpp"

namespace webserv::server {

class LogHandover {
public:
    using Sink = std::shared_ptr<observe::LogSink>;

    /// Before the first child. Errors: those of socketpair(2); then nothing can be handed over.
    [[nodiscard]] Result<> open();
    /// In the parent: what children take from now on. Errors: argument_list_too_long, those of sendmsg(2).
    [[nodiscard]] Result<> put(std::span<const Sink> logs);
    /// In a child: those of its logs that lie there change over to the parent's files.
    void take(std::span<const Sink> logs) const;
    /// The descriptor that a child has to keep; -1: none.
    [[nodiscard]] int kept_by_children() const noexcept { return pair_.theirs.get(); }

private:
    sys::ControlPair pair_;
};

}  // namespace webserv::server
