// server/access.cpp: `satisfy all`: the first refusal is the answer. `satisfy any`: the first that lets in is enough.
// nginx's rules, with its preference for 401 and its words in the log.
#include "server/access.hpp"

namespace webserv::server {

Outcome AccessVerdict::hear(Outcome outcome) {
    using Kind = Outcome::Kind;
    const bool any = exchange_.core().satisfy == Satisfy::any;
    if (outcome.kind == Kind::granted) {
        settled_ = any;
        if (settled_) refusal_ = 0;
        if (settled_) exchange_.response.fields.remove("WWW-Authenticate");  // of one that has asked for credentials before
        return Outcome::declined();
    }
    const bool refuses = outcome.kind == Kind::status && (outcome.code == 401 || outcome.code == 403);
    if (!refuses) return outcome;
    if (!any) return outcome;
    if (refusal_ != 401) refusal_ = outcome.code;
    return Outcome::declined();
}

Outcome AccessVerdict::result() const {
    if (refusal_ == 0) return Outcome::declined();
    if (refusal_ == 403) exchange_.log(observe::Level::error, "access forbidden by rule");
    return Outcome::status(refusal_);
}

}  // namespace webserv::server
