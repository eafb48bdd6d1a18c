// app/get_output.hpp: where `webserv get` puts what it gets: standard output, or a file that an interrupted download can go on with.
// Written as it comes. The file is opened, and emptied, only once there is something to write.
#pragma once

#include <cstdint>
#include <ctime>
#include <optional>
#include <string>
#include <string_view>

#include "app/get_failure.hpp"
#include "base/result.hpp"
#include "io/timers.hpp"
#include "sys/fd.hpp"

namespace webserv::app {

class GetOutput {
public:
    /// @param path  empty: standard output
    explicit GetOutput(std::string path) : path_{std::move(path)} {}

    [[nodiscard]] bool is_file() const noexcept { return !path_.empty(); }
    [[nodiscard]] const std::string& path() const noexcept { return path_; }

    /// What an earlier download has left in the file.
    struct Partial {
        std::uint64_t bytes = 0;
        std::string validator;  ///< of the representation it is the beginning of; empty: nobody has noted it
        std::time_t modified = 0;
    };
    [[nodiscard]] std::optional<Partial> partial() const;

    /// What is written from now on is of a representation with this validator (empty: none), and goes behind what is there.
    [[nodiscard]] Got<> append(std::string_view validator);
    /// ... or replaces it, as it also does without either.
    void replace(std::string_view validator) { validator_ = validator; }

    /// Where a pipe is not read, it waits until the deadline.
    [[nodiscard]] Got<> write(std::string_view octets, io::Deadline deadline);
    /// All has been written: a file without octets is made too, and errors that the kernel has kept for the end are told.
    [[nodiscard]] Got<> finish();

private:
    [[nodiscard]] Got<> open(bool appending);
    [[nodiscard]] GetFailure failure(const Error& error) const;

    std::string path_;
    std::string validator_;
    sys::Fd file_;
};

}  // namespace webserv::app
