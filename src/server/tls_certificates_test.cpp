// server/tls_certificates_test.cpp: which certificates are kept (ssl_certificate_cache), and until when.
// That files are read again is shown by the integration tests; here the clock is ours.
#include "server/tls_certificates.hpp"

#include <gtest/gtest.h>

#include "tls/certificates.hpp"

namespace webserv::server {
namespace {

using std::chrono::seconds;

class CertificateCache : public testing::Test {
protected:
    NamedCertificates::Kept credential() {
        static const tls::KeyPair pair = tls::make_authority("test", std::chrono::days{1}).value();
        auto parsed =
            tls::Credential::parse({.chain = pair.certificate, .chain_name = "c", .key = pair.key, .key_name = "k", .passwords = {}});
        EXPECT_TRUE(parsed) << parsed.error();
        return std::make_shared<const tls::Credential>(std::move(*parsed));
    }
    NamedCertificates certificates{"/", {}, {.max = 2, .inactive = seconds{10}, .valid = seconds{60}}};
    io::TimePoint begin{};
};

TEST_F(CertificateCache, KeepsThoseThatWereWantedLast) {
    const auto a = credential(), b = credential();
    certificates.keep("a", a, begin);
    certificates.keep("b", b, begin);
    EXPECT_EQ(certificates.find("a", begin + seconds{1}), a);
    certificates.keep("c", credential(), begin + seconds{2});
    EXPECT_EQ(certificates.find("b", begin + seconds{2}), nullptr) << "nobody has wanted it for longest";
    EXPECT_EQ(certificates.find("a", begin + seconds{2}), a);
    EXPECT_NE(certificates.find("c", begin + seconds{2}), nullptr);
}

TEST_F(CertificateCache, ForgetsWhatNobodyWants) {
    certificates.keep("a", credential(), begin);
    EXPECT_NE(certificates.find("a", begin + seconds{10}), nullptr);
    EXPECT_NE(certificates.find("a", begin + seconds{20}), nullptr) << "it was wanted meanwhile";
    EXPECT_EQ(certificates.find("a", begin + seconds{31}), nullptr);
}

TEST_F(CertificateCache, ReadsAgainHoweverOftenItIsWanted) {
    certificates.keep("a", credential(), begin);
    for (int second = 5; second <= 60; second += 5) EXPECT_NE(certificates.find("a", begin + seconds{second}), nullptr);
    EXPECT_EQ(certificates.find("a", begin + seconds{61}), nullptr);
    certificates.keep("a", credential(), begin + seconds{61});
    EXPECT_NE(certificates.find("a", begin + seconds{62}), nullptr);
}

TEST_F(CertificateCache, WithoutRoomKeepsNothing) {
    NamedCertificates without{"/", {}, {}};
    without.keep("a", credential(), begin);
    EXPECT_EQ(without.find("a", begin), nullptr);
}

}  // namespace
}  // namespace webserv::server
