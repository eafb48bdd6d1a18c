// config/memory_loader.hpp: an outside world made of a map, for tests: files by path, globs over those paths, variables.
// It counts what it was asked, so that a test can see which questions reached it.
#pragma once

#include <fnmatch.h>

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "config/loader.hpp"

namespace webserv::config {

class MemoryLoader final : public Loader {
public:
    explicit MemoryLoader(std::map<std::string, std::string> files = {}) : files_{std::move(files)} {}

    Result<std::string> read(const std::string& path) override {
        ++questions;
        const auto found = files_.find(path);
        if (found == files_.end()) return std::unexpected{Error{std::errc::no_such_file_or_directory, Blame::ourselves, "open"}};
        return found->second;
    }
    Result<std::vector<std::string>> glob(const std::string& pattern) override {
        ++questions;
        std::vector<std::string> paths;
        for (const auto& [path, content] : files_) {
            if (::fnmatch(pattern.c_str(), path.c_str(), FNM_PATHNAME) == 0) paths.push_back(path);
        }
        return paths;
    }
    Result<UserIdentity> user(const std::string& name, const std::string& group) override {
        ++questions;
        if (name != "www") return std::unexpected{Error{std::errc::no_such_device_or_address, Blame::ourselves, "getpwnam"}};
        return UserIdentity{33, group.empty() ? 33U : 44U};
    }
    Result<std::vector<std::string>> resolve(const std::string& host) override {
        ++questions;
        if (host != "box.example") return std::unexpected{Error{std::errc::no_such_file_or_directory, Blame::ourselves, "getaddrinfo"}};
        return std::vector<std::string>{"192.0.2.1", "2001:db8::1"};
    }
    Result<std::optional<std::string>> environment(const std::string& name) override {
        ++questions;
        const auto found = variables.find(name);
        if (found == variables.end()) return std::nullopt;
        return found->second;
    }
    std::string hostname() override { return "box.example"; }
    bool is_root() override { return true; }

    int questions = 0;
    std::map<std::string, std::string> variables;  ///< of the environment

private:
    std::map<std::string, std::string> files_;
};

}  // namespace webserv::config
