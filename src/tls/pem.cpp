// tls/pem.cpp: the end of a PEM, and what is wrong with it.
// OpenSSL tells both in its queue of errors.
#include "tls/pem.hpp"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>

#include "tls/failure.hpp"

namespace webserv::tls {

BioHandle memory_of(std::string_view octets) { return BioHandle{BIO_new_mem_buf(octets.data(), static_cast<int>(octets.size()))}; }

// The end of a file is an error to the reader of the next block; anything else is a real one.
bool ended_well() {
    const unsigned long last = ERR_peek_last_error();
    const bool no_more = ERR_GET_LIB(last) == ERR_LIB_PEM && ERR_GET_REASON(last) == PEM_R_NO_START_LINE;
    if (no_more) forget_failures();
    return last == 0 || no_more;
}

std::string quoted(std::string_view doing, std::string_view name) { return std::string{doing} + " \"" + std::string{name} + '"'; }

std::unexpected<std::string> refuse(std::string_view doing, std::string_view name, std::string_view step) {
    return std::unexpected{quoted(doing, name) + ": " + take_failure(step)};
}

}  // namespace webserv::tls
