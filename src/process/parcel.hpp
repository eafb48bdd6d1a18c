// process/parcel.hpp: what a running worker is handed so that it goes over to another configuration.
// Opaque here: the application packs it in the master and unpacks it in the worker.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "sys/fd.hpp"

namespace webserv::process {

struct Parcel {
    std::vector<std::shared_ptr<const sys::Fd>> descriptors;  ///< any number; the application knows which is which
};

/// The same, arrived: the descriptors are the receiver's own.
struct Delivery {
    std::uint64_t generation = 0;
    std::vector<sys::Fd> descriptors;
};

}  // namespace webserv::process
