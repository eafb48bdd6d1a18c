// tls/session_memory_test.cpp: what rests comes back as it was, octet by octet, and takes no page meanwhile.
// That a connection works on afterwards is shown in stream_test.cpp.
#include "tls/session_memory.hpp"

#include <gtest/gtest.h>
#include <openssl/ssl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <array>
#include <cstring>
#include <string>

#include "tls/context.hpp"
#include "tls/record_memory.hpp"

namespace webserv::tls {
namespace {

// Before any other test of this program uses OpenSSL.
[[maybe_unused]] const bool prepared = (use_record_memory(), true);

[[nodiscard]] bool is_resident(const void* page) {
    std::array<unsigned char, 1> state{};
    EXPECT_EQ(::mincore(const_cast<void*>(page), 1, state.data()), 0);
    return (state[0] & 1U) != 0;
}

TEST(TlsSession, RestsWithoutItsPages) {
    const Context context = Context::create(Context::Role::server).value();
    Session session{context.handle()};
    ASSERT_TRUE(session);
    ssl_st* const object = session.get();
    const auto page_bytes = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
    ASSERT_EQ(reinterpret_cast<std::uintptr_t>(object) % page_bytes, 0U) << "it has no page of its own";
    SSL_set_app_data(object, &session);
    const std::string before{reinterpret_cast<const char*>(object), page_bytes};
    EXPECT_TRUE(is_resident(object));

    session.rest();
    EXPECT_TRUE(session.is_resting());
    EXPECT_FALSE(is_resident(object));
    session.rest();
    EXPECT_TRUE(session.is_resting());

    EXPECT_EQ(session.get(), object);
    EXPECT_FALSE(session.is_resting());
    EXPECT_EQ(std::memcmp(object, before.data(), page_bytes), 0);
    EXPECT_EQ(SSL_get_app_data(object), &session);
    session.rest();  // and may end so
}

TEST(TlsSession, EachHasPagesOfItsOwn) {
    const Context context = Context::create(Context::Role::client).value();
    Session one{context.handle()}, other{context.handle()};
    other.rest();
    EXPECT_EQ(SSL_get_version(one.get()), std::string{"TLSv1.3"});
    EXPECT_TRUE(other.is_resting());
    EXPECT_EQ(SSL_get_version(other.get()), std::string{"TLSv1.3"});
}

}  // namespace
}  // namespace webserv::tls
