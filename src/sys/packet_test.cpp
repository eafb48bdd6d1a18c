// sys/packet_test.cpp: packets keep their bounds and their descriptors, and nothing is lost or leaked when a peer goes.
// Over a real pair of local sockets.
#include "sys/packet.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <numeric>

#include "sys/memory_file.hpp"
#include "sys/process.hpp"

namespace webserv::sys {
namespace {

class PacketTest : public testing::Test {
protected:
    void SetUp() override {
        auto pair = open_control_pair();
        ASSERT_TRUE(pair);
        ours_ = std::move(pair->ours);
        theirs_ = std::move(pair->theirs);
    }
    Fd ours_;
    Fd theirs_;
};

TEST_F(PacketTest, KeepBoundsAndDescriptors) {
    const auto first = make_memory_file("first", "one");
    const auto second = make_memory_file("second", "two");
    ASSERT_TRUE(first && second);
    const int numbers[] = {first->get(), second->get()};
    ASSERT_TRUE(send_packet(ours_, "a", numbers));
    ASSERT_TRUE(send_packet(ours_, "bc", {}));

    auto packet = receive_packet(theirs_);
    ASSERT_TRUE(packet && *packet);
    EXPECT_EQ((*packet)->bytes, "a");
    ASSERT_EQ((*packet)->descriptors.size(), 2U);
    EXPECT_EQ(read_memory_file((*packet)->descriptors[0]).value(), "one");
    EXPECT_EQ(read_memory_file((*packet)->descriptors[1]).value(), "two");
    EXPECT_NE(::fcntl((*packet)->descriptors[0].get(), F_GETFD) & FD_CLOEXEC, 0);

    packet = receive_packet(theirs_);
    ASSERT_TRUE(packet && *packet);
    EXPECT_EQ((*packet)->bytes, "bc");
    EXPECT_TRUE((*packet)->descriptors.empty());
}

TEST_F(PacketTest, TakesAsManyDescriptorsAsTheKernelDoes) {
    const auto file = make_memory_file("file", "x");
    ASSERT_TRUE(file);
    const std::vector<int> numbers(packet_descriptors_max, file->get());
    ASSERT_TRUE(send_packet(ours_, "many", numbers));
    const auto packet = receive_packet(theirs_);
    ASSERT_TRUE(packet && *packet);
    EXPECT_EQ((*packet)->descriptors.size(), packet_descriptors_max);
}

TEST_F(PacketTest, NothingThereIsNoError) {
    const auto packet = receive_packet(theirs_);
    ASSERT_TRUE(packet);
    EXPECT_FALSE(*packet);
}

TEST_F(PacketTest, APeerThatHasGoneIsAnError) {
    ours_.reset();
    EXPECT_EQ(receive_packet(theirs_).error().code, std::errc::not_connected);
    EXPECT_EQ(send_packet(theirs_, "x", {}).error().code, std::errc::broken_pipe);
}

TEST_F(PacketTest, NeverWaitsForASlowPeer) {
    const std::string text(packet_bytes_max, 'x');
    Result<> sent;
    for (int i = 0; i < 100'000 && sent; ++i) sent = send_packet(ours_, text, {});
    EXPECT_EQ(sent.error().code, std::errc::resource_unavailable_try_again);
}

TEST(MemoryFile, CanNotBeChanged) {
    const auto file = make_memory_file("file", "content");
    ASSERT_TRUE(file);
    EXPECT_LT(::pwrite(file->get(), "x", 1, 0), 0);
    EXPECT_LT(::ftruncate(file->get(), 0), 0);
    EXPECT_EQ(read_memory_file(*file).value(), "content");
}

TEST(MemoryFile, WhatIsNotSealedIsNotBelieved) {
    const Fd file{::memfd_create("open", MFD_CLOEXEC | MFD_ALLOW_SEALING)};
    EXPECT_EQ(read_memory_file(file).error().code, std::errc::operation_not_permitted);
}

}  // namespace
}  // namespace webserv::sys
