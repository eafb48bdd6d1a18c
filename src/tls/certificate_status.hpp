// tls/certificate_status.hpp: whether a certificate of ours is revoked, as its authority's responder says (OCSP, RFC 6960): the question,
// what to think of the answer, and the answer that handshakes staple. Takes octets; who carries them is somebody else.
#pragma once

#include <algorithm>
#include <ctime>
#include <expected>
#include <limits>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "tls/handle.hpp"

namespace webserv::tls {

/// A response that may be stapled.
struct StatusResponse {
    std::string octets;                                                 ///< DER
    std::time_t valid_until = std::numeric_limits<std::time_t>::max();  ///< its nextUpdate
};

/// When to ask again after a good answer: five minutes before it expires, once an hour at least, every five minutes at most. nginx's rule.
[[nodiscard]] constexpr std::time_t next_question(std::time_t now, std::time_t valid_until) noexcept {
    return std::max(std::min(valid_until - 300, now + 3600), now + 300);
}

class CertificateStatus {
public:
    struct Certificates {
        CertificateHandle certificate, issuer;
        std::vector<CertificateHandle> chain;  ///< behind the certificate, as its file has it
        StoreHandle trusted;
        std::string name;  ///< of the file, for messages
    };
    /// How to ask, and what makes an answer a good one.
    struct Asking {
        std::string responder;  ///< its URL
        bool verify = false;    ///< whether the signer may speak for the authority
        std::string trust;      ///< words that tell these trusted certificates from others
    };
    CertificateStatus(Certificates certificates, const Asking& asking);

    [[nodiscard]] const std::string& name() const noexcept { return is_about_.name; }
    [[nodiscard]] const std::string& responder() const noexcept { return responder_; }  ///< its URL
    [[nodiscard]] bool is_of(const x509_st* certificate) const noexcept { return is_about_.certificate.get() == certificate; }
    /// Equal for two where the same question has the same answer.
    [[nodiscard]] const std::string& identity() const noexcept { return identity_; }

    /// What the responder is asked: DER. Errors: no memory.
    [[nodiscard]] std::expected<std::string, std::string> request() const;
    /// The response, if it says now that the certificate is good, and is signed; with `verify` by whom the authority, or those who are
    /// trusted, have made its signer. Or what is wrong with it, in nginx's words.
    [[nodiscard]] std::expected<StatusResponse, std::string> check(std::string_view response, std::time_t now) const;

    /// From now on this is stapled, as long as it is valid.
    void staple(std::shared_ptr<const StatusResponse> response) noexcept { response_ = std::move(response); }
    /// What is to be stapled; null: nothing.
    [[nodiscard]] const StatusResponse* stapled(std::time_t now) const noexcept {
        return response_ != nullptr && response_->valid_until >= now ? response_.get() : nullptr;
    }

private:
    Certificates is_about_;
    std::string responder_;
    bool verify_;
    std::string identity_;
    std::shared_ptr<const StatusResponse> response_;
};

}  // namespace webserv::tls
