// server/access.hpp: the access phase: what its handlers say about an exchange, weighed as `satisfy` asks.
// The handlers belong to modules; which of them refuses, and why, is theirs.
#pragma once

#include "server/core_settings.hpp"
#include "server/module.hpp"

namespace webserv::server {

/// What the access handlers of one location have said so far.
class AccessVerdict {
public:
    explicit AccessVerdict(Satisfy satisfy) noexcept : satisfy_{satisfy} {}

    /// Takes what one more of them says. @return the answer, if it is certain already; else declined
    [[nodiscard]] Outcome hear(Outcome outcome) noexcept;
    /// `satisfy any` and one has let the exchange in: the others need not be asked.
    [[nodiscard]] bool is_settled() const noexcept { return settled_; }
    /// After the last of them: 0, or 401 or 403. 401 is preferred: the client can do something about it.
    [[nodiscard]] int refusal() const noexcept { return refusal_; }

private:
    Satisfy satisfy_;
    int refusal_ = 0;
    bool settled_ = false;
};

}  // namespace webserv::server
