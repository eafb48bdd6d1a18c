// app/system_loader.hpp: the real outside world for configurations: files, globs, users, names, the host's name.
// The only loader that touches the system; everything else sees its interface.
#pragma once

#include "config/loader.hpp"

namespace webserv::app {

class SystemLoader final : public config::Loader {
public:
    Result<std::string> read(const std::string& path) override;
    Result<std::vector<std::string>> glob(const std::string& pattern) override;
    Result<config::UserIdentity> user(const std::string& name, const std::string& group) override;
    Result<std::vector<std::string>> resolve(const std::string& host) override;
    Result<std::optional<std::string>> environment(const std::string& name) override;
    std::string hostname() override;
    bool is_root() override;
};

}  // namespace webserv::app
