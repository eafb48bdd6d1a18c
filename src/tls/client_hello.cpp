// tls/client_hello.cpp: records, the message in them, its extensions, the name in one of those.
// Strict where lengths are concerned, silent otherwise: what is wrong is the handshake's to refuse, with the right alert.
#include "tls/client_hello.hpp"

#include <algorithm>
#include <optional>

#include "base/text.hpp"

namespace webserv::tls {
namespace {

constexpr unsigned char record_handshake = 22, message_client_hello = 1, name_type_host = 0;
constexpr std::size_t extension_server_name = 0;
constexpr std::size_t record_head_bytes = 5, message_head_bytes = 4, name_bytes_max = 255;
constexpr std::size_t empty_records_max = 32;  // one after another: OpenSSL's own bound

/// Takes numbers and vectors off the front; once something is missing, all that follows is empty.
class Reader {
public:
    explicit Reader(std::string_view octets) noexcept : octets_{octets} {}

    std::string_view take(std::size_t count) noexcept {
        if (count > octets_.size()) {
            ok_ = false;
            octets_ = {};
            return {};
        }
        const std::string_view taken = octets_.substr(0, count);
        octets_.remove_prefix(count);
        return taken;
    }
    std::size_t number(std::size_t bytes) noexcept {
        std::size_t value = 0;
        for (const char octet : take(bytes)) value = value << 8U | static_cast<unsigned char>(octet);
        return value;
    }
    std::string_view vector(std::size_t length_bytes) noexcept { return take(number(length_bytes)); }
    [[nodiscard]] bool done() const noexcept { return octets_.empty(); }
    [[nodiscard]] bool ok() const noexcept { return ok_; }

private:
    std::string_view octets_;
    bool ok_ = true;
};

// The handshake message that the records hold. Nothing: not all of it is here. Empty: it is broken.
std::optional<std::string> message_of(std::string_view octets) {
    std::string gathered;
    std::size_t empty_records = 0;
    for (;;) {
        if (octets.size() < record_head_bytes) return std::nullopt;
        Reader head{octets};
        const std::size_t type = head.number(1);
        (void)head.number(2);  // the version of the record layer says nothing
        const std::size_t length = head.number(2);
        empty_records = length == 0 ? empty_records + 1 : 0;
        if (type != record_handshake || empty_records > empty_records_max || length > client_hello_bytes_max) return std::string{};
        octets.remove_prefix(record_head_bytes);
        gathered += octets.substr(0, length);
        if (gathered.size() >= message_head_bytes) {
            Reader message{gathered};
            if (message.number(1) != message_client_hello) return std::string{};
            const std::size_t bytes = message.number(3);
            if (bytes > client_hello_bytes_max) return std::string{};
            if (gathered.size() >= message_head_bytes + bytes) return gathered.substr(message_head_bytes, bytes);
        }
        if (octets.size() < length) return std::nullopt;
        octets.remove_prefix(length);
    }
}

std::string_view extensions_of(std::string_view message) {
    Reader reader{message};
    (void)reader.take(2 + 32);  // version, random
    (void)reader.vector(1);     // session
    (void)reader.vector(2);     // cipher suites
    (void)reader.vector(1);     // compression methods
    return reader.vector(2);
}

// A name as RFC 6066 has it: letters, digits, dots; without the final one, as virtual hosts are called.
std::string host_name(std::string_view name) {
    const bool has_odd = std::any_of(name.begin(), name.end(), [](char c) {
        const auto octet = static_cast<unsigned char>(c);
        return octet <= ' ' || octet >= 0x7F || c == '/' || c == ':';
    });
    if (name.empty() || name.size() > name_bytes_max || has_odd) return {};
    if (name.ends_with('.')) name.remove_suffix(1);
    return text::lower(name);
}

std::string server_name_of(std::string_view message) {
    for (Reader reader{extensions_of(message)}; !reader.done();) {
        const std::size_t type = reader.number(2);
        const std::string_view content = reader.vector(2);
        if (!reader.ok()) break;
        if (type != extension_server_name) continue;
        Reader list{Reader{content}.vector(2)};
        const std::size_t name_type = list.number(1);
        const std::string_view name = list.vector(2);
        return list.ok() && name_type == name_type_host ? host_name(name) : std::string{};
    }
    return {};
}

}  // namespace

ClientHello parse_client_hello(std::string_view octets) {
    using Progress = ClientHello::Progress;
    if (octets.empty()) return {};
    const auto first = static_cast<unsigned char>(octets.front());
    if (first >= 0x80) return {.progress = Progress::complete};  // SSL 2: the handshake refuses it
    if (first != record_handshake) return {.progress = Progress::not_tls};
    const auto message = message_of(octets);
    if (message) return {.progress = Progress::complete, .server_name = server_name_of(*message)};
    return {.progress = octets.size() < client_hello_bytes_max ? Progress::incomplete : Progress::complete};
}

}  // namespace webserv::tls
