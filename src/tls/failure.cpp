// tls/failure.cpp: the queue, oldest entry first: that is the cause, and what follows are those it made fail.
// Entries may carry data (a file's name, a cipher string): it belongs to the message.
#include "tls/failure.hpp"

#include <openssl/err.h>

#include <array>

namespace webserv::tls {

std::string take_failure(std::string_view doing) {
    std::string text{doing};
    text += " failed";
    const char* data = nullptr;
    int flags = 0;
    const char* separator = " (SSL: ";
    while (const unsigned long code = ERR_get_error_all(nullptr, nullptr, nullptr, &data, &flags)) {
        std::array<char, 256> entry{};
        ERR_error_string_n(code, entry.data(), entry.size());
        text.append(separator).append(entry.data());
        if (data != nullptr && *data != '\0' && (flags & ERR_TXT_STRING) != 0) text.append(":").append(data);
        separator = " ";
    }
    if (*separator == ' ' && separator[1] == '\0') text += ')';
    return text;
}

void forget_failures() noexcept { ERR_clear_error(); }

}  // namespace webserv::tls
