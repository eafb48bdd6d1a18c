// http/accept_encoding_test.cpp: lists as browsers send them, and weights at the edges.
// The first rows are those of nginx's own answers.
#include "http/accept_encoding.hpp"

#include <gtest/gtest.h>

namespace webserv::http {
namespace {

TEST(AcceptEncoding, ListsCodingsWithWeights) {
    struct Case {
        std::string_view value;
        bool gzip;
    };
    const Case cases[] = {
        {"gzip", true},
        {"gzip, deflate, br", true},
        {"deflate,gzip", true},
        {"GZIP", true},
        {"x, gzip;q=0.5", true},
        {"deflate, gzip;q=1.0", true},
        {"gzip;q=0", false},
        {"gzip; q=0", false},
        {"gzip ; q=0.000", false},
        {"gzip;q=0.001", true},
        {"gzip;Q=1", true},
        {"gzip;q=1.001", false},  // no weight at all
        {"gzip;q=2", false},
        {"gzip;q=", false},
        {"gzip;q=0.1234", false},
        {"gzip;q=-1", false},
        {"gzip;x=1", false},
        {"gzip q=1", false},
        {"*", false},
        {"identity", false},
        {"gzipx", false},
        {"xgzip", false},
        {"x-gzip", false},
        {"gzipx, gzip", true},
        {"", false},
        {",,gzip", true},
    };
    for (const Case& c : cases) EXPECT_EQ(lists_coding(c.value, "gzip"), c.gzip) << c.value;
}

TEST(AcceptEncoding, MayStandOnSeveralLines) {
    FieldSection fields{*std::pmr::get_default_resource()};
    EXPECT_FALSE(accepts_coding(fields, "br"));
    fields.add("Accept-Encoding", "gzip");
    EXPECT_FALSE(accepts_coding(fields, "br"));
    fields.add("accept-encoding", "br");
    fields.add("X-Encoding", "zstd");
    EXPECT_TRUE(accepts_coding(fields, "br"));
    EXPECT_FALSE(accepts_coding(fields, "zstd"));
}

}  // namespace
}  // namespace webserv::http
