// observe/log_fuzz.cpp: whatever a message holds, it becomes one line: bounded, ended once, free of control octets.
// Written to a memory file and read back, because what counts is what reaches the descriptor.
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cassert>
#include <cstdint>
#include <string_view>

#include "observe/log.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace webserv;
    static const auto sink = [] {
        auto made = std::make_shared<observe::LogSink>();
        made->file = sys::Fd{::memfd_create("log", MFD_CLOEXEC)};
        return made;
    }();
    observe::Log log;
    log.add(sink, observe::Level::info);
    const std::string_view message{reinterpret_cast<const char*>(data), size};
    [[maybe_unused]] const int emptied = ::ftruncate(sink->file.get(), 0) | static_cast<int>(::lseek(sink->file.get(), 0, SEEK_SET));
    log.write(observe::Level::error, message, size);

    std::array<char, 8192> buffer;
    const ssize_t count = ::pread(sink->file.get(), buffer.data(), buffer.size(), 0);
    assert(count > 0 && count <= 4096);
    const std::string_view line{buffer.data(), static_cast<std::size_t>(count)};
    assert(line.ends_with('\n'));
    const auto is_control = [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; };
    assert(std::none_of(line.begin(), line.end() - 1, is_control));
    // What needs no escape and has room is there unchanged.
    if (size < 3000 && std::none_of(message.begin(), message.end(), is_control)) assert(line.substr(0, line.size() - 1).ends_with(message));
    return 0;
}
