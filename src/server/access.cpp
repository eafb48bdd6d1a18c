// server/access.cpp: `satisfy all`: the first refusal is the answer. `satisfy any`: the first that lets in is enough.
// nginx's rules, with its preference for 401.
#include "server/access.hpp"

namespace webserv::server {

Outcome AccessVerdict::hear(Outcome outcome) noexcept {
    using Kind = Outcome::Kind;
    const bool any = satisfy_ == Satisfy::any;
    if (outcome.kind == Kind::granted) {
        settled_ = any;
        if (any) refusal_ = 0;
        return Outcome::declined();
    }
    const bool refuses = outcome.kind == Kind::status && (outcome.code == 401 || outcome.code == 403);
    if (!any || !refuses) return outcome;
    if (refusal_ != 401) refusal_ = outcome.code;
    return Outcome::declined();
}

}  // namespace webserv::server
