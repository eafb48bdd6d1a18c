// upstream/resolve_error.cpp: the words for it.
// They stand behind the host's name.
#include "upstream/resolve_error.hpp"

namespace webserv::upstream {

std::string_view describe(ResolveError error) noexcept {
    switch (error) {
        case ResolveError::unknown_host:
            return "is not known: there is no such host, or it has no address";
        case ResolveError::no_answer:
            return "could not be looked up: the name servers do not answer";
        case ResolveError::timed_out:
            return "was not looked up in time";
        case ResolveError::failed:
            return "could not be looked up on this machine";
    }
    return "could not be looked up";
}

}  // namespace webserv::upstream
