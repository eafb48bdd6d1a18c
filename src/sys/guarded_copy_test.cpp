// sys/guarded_copy_test.cpp: a mapping that is whole, and one whose file has been truncated.
// The process survives, again and again.
#include "sys/guarded_copy.hpp"

#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include <string>

#include "sys/fd.hpp"

namespace webserv::sys {
namespace {

TEST(GuardedCopy, CopiesWhatIsThereAndComesBackFromWhatIsNot) {
    char name[] = "/tmp/webserv-guarded-XXXXXX";
    const Fd file{::mkstemp(name)};
    ASSERT_TRUE(file);
    ::unlink(name);
    const std::string octets(8192, 'x');
    ASSERT_EQ(::write(file.get(), octets.data(), octets.size()), 8192);
    void* const mapping = ::mmap(nullptr, octets.size(), PROT_READ, MAP_SHARED, file.get(), 0);
    ASSERT_NE(mapping, MAP_FAILED);
    const char* const mapped = static_cast<const char*>(mapping);

    std::string copy(octets.size(), '\0');
    EXPECT_TRUE(copy_guarded(copy.data(), mapped, copy.size()));
    EXPECT_EQ(copy, octets);
    ASSERT_EQ(::ftruncate(file.get(), 100), 0);
    for (int i = 0; i < 3; ++i) {
        EXPECT_FALSE(copy_guarded(copy.data(), mapped, copy.size()));
        EXPECT_TRUE(copy_guarded(copy.data(), mapped, 100));
    }
    ::munmap(mapping, octets.size());
}

}  // namespace
}  // namespace webserv::sys
