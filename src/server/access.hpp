// server/access.hpp: the access phase: what its handlers say about an exchange, weighed as `satisfy` asks.
// The handlers belong to modules; which of them refuses, and why, is theirs.
#pragma once

#include "base/task.hpp"
#include "server/exchange.hpp"

namespace webserv::server {

/// What the access handlers of one location have said so far.
class AccessVerdict {
public:
    explicit AccessVerdict(Exchange& exchange) noexcept : exchange_{exchange} {}

    /// Takes what one more of them says. @return the answer, if it is certain already; else declined
    [[nodiscard]] Outcome hear(Outcome outcome);
    /// `satisfy any` and one has let the exchange in: the others need not be asked.
    [[nodiscard]] bool is_settled() const noexcept { return settled_; }
    /// After the last of them: declined, or the refusal. 401 is preferred: the client can do something about it.
    [[nodiscard]] Outcome result() const;

private:
    Exchange& exchange_;
    int refusal_ = 0;  // 401 or 403
    bool settled_ = false;
};

}  // namespace webserv::server
