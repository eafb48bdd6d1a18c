// sys/robust_mutex_test.cpp: a child that dies with the lock, and one that gives it back.
// Real processes: that is what the lock is for.
#include "sys/robust_mutex.hpp"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <new>

#include "sys/shared_memory.hpp"

namespace webserv::sys {
namespace {

class RobustMutexTest : public testing::Test {
protected:
    // What the child has seen of the lock, as its exit status.
    int in_child(bool gives_back) {
        const pid_t child = ::fork();
        if (child == 0) {
            const bool is_whole = mutex_->lock();
            if (gives_back) mutex_->unlock();
            ::_exit(is_whole ? 0 : 1);
        }
        int status = 0;
        ::waitpid(child, &status, 0);
        return WEXITSTATUS(status);
    }

    Result<SharedMemory> memory_ = SharedMemory::create(sizeof(RobustMutex));
    RobustMutex* mutex_ = new (memory_->bytes().data()) RobustMutex;
};

TEST_F(RobustMutexTest, IsTakenAndGivenBackByAnyProcess) {
    EXPECT_EQ(in_child(true), 0);
    EXPECT_TRUE(mutex_->lock());
    mutex_->unlock();
    EXPECT_EQ(in_child(true), 0);
}

TEST_F(RobustMutexTest, TellsOnceThatItsHolderHasDied) {
    EXPECT_EQ(in_child(false), 0);
    EXPECT_FALSE(mutex_->lock());
    mutex_->unlock();
    EXPECT_TRUE(mutex_->lock());
    mutex_->unlock();
    EXPECT_EQ(in_child(false), 0);
    EXPECT_EQ(in_child(true), 1);
}

}  // namespace
}  // namespace webserv::sys
