// tls/certificate_status_test.cpp: what is believed about a certificate, and what is not; and how long it is stapled.
// The responder's part is played with OpenSSL's functions.
#include "tls/certificate_status.hpp"

#include <gtest/gtest.h>
#include <openssl/ocsp.h>
#include <openssl/pem.h>

#include <chrono>
#include <ctime>
#include <limits>
#include <memory>
#include <stdexcept>
#include <string>

#include "tls/certificates.hpp"
#include "tls/context.hpp"
#include "tls/pem.hpp"

namespace webserv::tls {
namespace {

constexpr long day = 86'400;

CertificateHandle certificate_in(const std::string& pem) {
    return CertificateHandle{PEM_read_bio_X509(memory_of(pem).get(), nullptr, nullptr, nullptr)};
}
KeyHandle key_in(const std::string& pem) { return KeyHandle{PEM_read_bio_PrivateKey(memory_of(pem).get(), nullptr, nullptr, nullptr)}; }

struct Told {
    int status = V_OCSP_CERTSTATUS_GOOD;
    long since_seconds = -60;
    long until_seconds = 7 * day;
};

class CertificateStatusTest : public testing::Test {
protected:
    std::shared_ptr<CertificateStatus> asked(bool verify, const std::string& responder = "http://ocsp.test/") {
        const auto all = context_.askable({.responder = responder, .verify = verify, .trust = {}});
        EXPECT_EQ(all.size(), 1U);
        if (!all.front()) throw std::runtime_error{all.front().error()};
        return *all.front();
    }
    // What `signer` says about our certificate.
    std::string response(const KeyPair& signer, const Told& told = {}) {
        const auto certificate = certificate_in(pair_.certificate), issuer = certificate_in(authority_.certificate);
        const auto by = certificate_in(signer.certificate);
        OCSP_BASICRESP* const basic = OCSP_BASICRESP_new();
        OCSP_CERTID* const id = OCSP_cert_to_id(nullptr, certificate.get(), issuer.get());
        ASN1_TIME* const since = X509_gmtime_adj(nullptr, told.since_seconds);
        ASN1_TIME* const until = X509_gmtime_adj(nullptr, told.until_seconds);
        ASN1_TIME* const revoked = told.status == V_OCSP_CERTSTATUS_REVOKED ? since : nullptr;
        EXPECT_NE(OCSP_basic_add1_status(basic, id, told.status, 0, revoked, since, until), nullptr);
        EXPECT_EQ(OCSP_basic_sign(basic, by.get(), key_in(signer.key).get(), EVP_sha256(), nullptr, 0), 1);
        OCSP_RESPONSE* const whole = OCSP_response_create(OCSP_RESPONSE_STATUS_SUCCESSFUL, basic);
        unsigned char* octets = nullptr;
        const int size = i2d_OCSP_RESPONSE(whole, &octets);
        std::string text{reinterpret_cast<const char*>(octets), static_cast<std::size_t>(size)};
        OPENSSL_free(octets);
        OCSP_RESPONSE_free(whole);
        OCSP_BASICRESP_free(basic);
        OCSP_CERTID_free(id);
        ASN1_TIME_free(since);
        ASN1_TIME_free(until);
        return text;
    }
    static std::string complaint(const CertificateStatus& status, const std::string& response, std::time_t now = std::time(nullptr)) {
        const auto checked = status.check(response, now);
        return checked ? "" : checked.error();
    }

    KeyPair authority_ = make_authority("test", std::chrono::days{30}).value();
    KeyPair stranger_ = make_authority("stranger", std::chrono::days{30}).value();
    std::string name_ = "example.com";
    KeyPair pair_ = issue_certificate(authority_, {&name_, 1}, std::chrono::days{20}).value();
    Context context_ = [this] {
        const std::string chain = pair_.certificate + authority_.certificate;
        Context context = Context::create(Context::Role::server).value();
        EXPECT_TRUE(context.use_certificate({.chain = chain, .chain_name = "c", .key = pair_.key, .key_name = "k"}));
        return context;
    }();
};

TEST_F(CertificateStatusTest, TheIssuerIsBelieved) {
    for (const bool verify : {false, true}) {
        const auto checked = asked(verify)->check(response(authority_), std::time(nullptr));
        ASSERT_TRUE(checked) << checked.error();
        EXPECT_NEAR(static_cast<double>(checked->valid_until - std::time(nullptr)), 7.0 * day, 60);
    }
}

TEST_F(CertificateStatusTest, AStrangerIsBelievedOnlyWhereClientsAreToJudge) {
    EXPECT_EQ(complaint(*asked(false), response(stranger_)), "");
    EXPECT_NE(complaint(*asked(true), response(stranger_)).find("OCSP_basic_verify() failed"), std::string::npos);
}

TEST_F(CertificateStatusTest, ASignatureHasToFit) {
    const std::string good = response(authority_);
    const std::string octets_of_times = "Z";
    std::string changed = good;
    changed[good.find(octets_of_times) - 1] ^= 1;  // a second of a time: signed
    for (const bool verify : {false, true}) EXPECT_NE(complaint(*asked(verify), changed), "");
}

TEST_F(CertificateStatusTest, OnlyGoodAndTimelyWordIsStapled) {
    const auto status = asked(false);
    EXPECT_EQ(complaint(*status, response(authority_, {.status = V_OCSP_CERTSTATUS_REVOKED})),
              "certificate status \"revoked\" in the OCSP response");
    EXPECT_EQ(complaint(*status, response(authority_, {.status = V_OCSP_CERTSTATUS_UNKNOWN})),
              "certificate status \"unknown\" in the OCSP response");
    EXPECT_NE(complaint(*status, response(authority_, {.since_seconds = -2 * day, .until_seconds = -day})).find("OCSP_check_validity()"),
              std::string::npos);
    EXPECT_NE(complaint(*status, response(authority_, {.since_seconds = day})).find("OCSP_check_validity()"), std::string::npos);
    EXPECT_EQ(complaint(*status, response(authority_, {.until_seconds = 60}), std::time(nullptr) + 120), "the OCSP response has expired");
}

TEST_F(CertificateStatusTest, WhateverIsSentIsNoHarm) {
    const std::string good = response(authority_);
    const auto status = asked(false);
    EXPECT_NE(complaint(*status, "").find("d2i_OCSP_RESPONSE() failed"), std::string::npos);
    for (std::size_t size = 0; size < good.size(); size += 7) EXPECT_NE(complaint(*status, good.substr(0, size)), "");
    EXPECT_EQ(complaint(*status, {"\x30\x03\x0a\x01\x06", 5}), "OCSP response not successful (6: unauthorized)");
}

TEST_F(CertificateStatusTest, NothingIsStapledThatHasExpired) {
    const auto status = asked(false);
    EXPECT_EQ(status->stapled(0), nullptr);
    status->staple(std::make_shared<const StatusResponse>(StatusResponse{.octets = "x", .valid_until = 1000}));
    ASSERT_NE(status->stapled(1000), nullptr);
    EXPECT_EQ(status->stapled(1000)->octets, "x");
    EXPECT_EQ(status->stapled(1001), nullptr);
}

TEST_F(CertificateStatusTest, TheSameQuestionHasTheSameIdentity) {
    EXPECT_EQ(asked(true)->identity(), asked(true)->identity());
    EXPECT_NE(asked(true)->identity(), asked(false)->identity());
    EXPECT_NE(asked(true)->identity(), asked(true, "http://other.test/")->identity());
}

TEST(NextQuestion, IsSoonEnoughAndNotTooSoon) {
    EXPECT_EQ(next_question(0, 10'000), 3600);
    EXPECT_EQ(next_question(0, 2'000), 1700);
    EXPECT_EQ(next_question(0, 100), 300);
    EXPECT_EQ(next_question(0, std::numeric_limits<std::time_t>::max()), 3600);
}

}  // namespace
}  // namespace webserv::tls
