// tls/observe.cpp: the messages of a handshake by their names, for those who want to see one.
// OpenSSL tells of every piece that it writes and reads; records' heads and content are left out.
#include <openssl/ssl.h>

#include <algorithm>
#include <array>
#include <utility>

#include "tls/stream.hpp"

namespace webserv::tls {
namespace {

// RFC 8446 section 4, RFC 5246 section 7.4.
constexpr std::array<std::pair<unsigned char, std::string_view>, 13> names{{{1, "ClientHello"},
                                                                            {2, "ServerHello"},
                                                                            {4, "NewSessionTicket"},
                                                                            {8, "EncryptedExtensions"},
                                                                            {11, "Certificate"},
                                                                            {12, "ServerKeyExchange"},
                                                                            {13, "CertificateRequest"},
                                                                            {14, "ServerHelloDone"},
                                                                            {15, "CertificateVerify"},
                                                                            {16, "ClientKeyExchange"},
                                                                            {20, "Finished"},
                                                                            {22, "CertificateStatus"},
                                                                            {24, "KeyUpdate"}}};

std::string_view name_of(int kind, unsigned char first) {
    if (kind == SSL3_RT_ALERT) return "Alert";
    if (kind == SSL3_RT_CHANGE_CIPHER_SPEC) return "ChangeCipherSpec";
    const auto* const found = std::find_if(names.begin(), names.end(), [&](const auto& one) { return one.first == first; });
    return found != names.end() ? found->second : "another message";
}

void on_message(int is_sent, int /*version*/, int kind, const void* octets, std::size_t bytes, SSL* /*session*/, void* observer) {
    const bool is_message = kind == SSL3_RT_HANDSHAKE || kind == SSL3_RT_ALERT || kind == SSL3_RT_CHANGE_CIPHER_SPEC;
    if (observer == nullptr || !is_message || bytes == 0) return;
    static_cast<MessageObserver*>(observer)->message(is_sent == 1, name_of(kind, *static_cast<const unsigned char*>(octets)), bytes);
}

}  // namespace

void Stream::observe(MessageObserver* observer) {
    SSL_set_msg_callback(handle(), observer != nullptr ? on_message : nullptr);
    SSL_set_msg_callback_arg(handle(), observer);
}

}  // namespace webserv::tls
