// app/generation.hpp: what one configuration has become: the site, the logs and sockets it uses, the answers it was built from.
// The master makes one from the files; a running worker makes the same one from the parcel it is handed.
#pragma once

#include <expected>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "app/options.hpp"
#include "config/loader.hpp"
#include "process/parcel.hpp"
#include "server/logs.hpp"
#include "server/module.hpp"
#include "server/site_builder.hpp"
#include "server/worker.hpp"

namespace webserv::app {

/// How sites are built, in the master and in its workers.
struct Recipe {
    Options options;
    std::vector<const server::Module*> modules;
};

struct Built {
    std::shared_ptr<server::Site> site;
    std::string record;  ///< the outside world's answers, for a ReplayingLoader
    std::vector<std::string> warnings;
    std::vector<std::string> notices;  ///< for the log
};
[[nodiscard]] config::Checked<Built> build(const Recipe& recipe, config::Loader& outside);

struct Generation {
    std::shared_ptr<server::Site> site;
    std::vector<server::LogFiles::Sink> access_logs;  ///< by the site's index
    std::vector<server::OpenListener> listeners;      ///< of one worker
};

/// Everything a running worker needs for a new Generation, in a sealed file in memory and as descriptors.
/// Errors: those of memfd_create(2).
[[nodiscard]] Result<process::Parcel> pack(const std::string& record, const server::LogFiles& logs,
                                           std::span<const server::OpenListener> listeners);
/// The log files alone.
[[nodiscard]] Result<process::Parcel> pack_logs(const server::LogFiles& logs);

struct Unpacked {
    std::string record;
    std::vector<server::LogFiles::Sink> logs;  ///< adopted: they stay open while this is kept
    std::vector<server::OpenListener> listeners;
};
/// Errors: bad_message, those of dup3(2).
[[nodiscard]] Result<Unpacked> unpack(process::Delivery delivery, server::LogFiles& logs);

/// Builds the site again from a parcel. May run on a helper thread. The error is a message for the log.
[[nodiscard]] std::expected<Generation, std::string> rebuild(const Recipe& recipe, const Unpacked& unpacked, server::LogFiles& logs);

}  // namespace webserv::app
