// tls/record_memory.hpp: memory for OpenSSL. Its buffers for one record come and go with every request on an idle connection:
// a few are kept by each thread, so that a steady state makes no heap call.
#pragma once

namespace webserv::tls {

/// Before anything else of OpenSSL's is used; once. If it is too late, everything works as it would without.
void use_record_memory() noexcept;

}  // namespace webserv::tls
