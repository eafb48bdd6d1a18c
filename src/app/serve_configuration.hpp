// app/serve_configuration.hpp: what `webserv serve` was asked for, and the same in the configuration's language.
// The engine is the one that reads nginx.conf; serve only writes its text.
#pragma once

#include <cstdint>
#include <string>

#include "sys/socket.hpp"

namespace webserv::app {

struct Folder {
    std::string path = ".";
    std::uint16_t port = 8080;
    std::string bind = "127.0.0.1";
    std::string local_path;  ///< --unix
    int backlog = sys::ListenOptions{}.backlog;
    std::string concurrency = "event";
    std::string index = "index.html";
    bool spa = false;
    bool cors = false;
    bool listing = true;
    std::string auth;       ///< USER:PASSWORD; "": everybody
    std::string user_file;  ///< where the user stands, if there is one
    bool tls = false;
    std::string certificate_file;  ///< --cert; "": the local authority signs one
    std::string key_file;          ///< --key
    bool quiet = false;
    bool trace = false;
};

/// What certificate and key are called in the configuration: files that exist in memory only.
inline constexpr const char* certificate_name = "(certificate)";
inline constexpr const char* key_name = "(key)";

/// The folder is the working directory: its name need not be quoted.
[[nodiscard]] std::string configuration(const Folder& folder);

/// The line of a password file for "user:password", the password as a digest: it may hold any octet.
[[nodiscard]] std::string user_line(const std::string& auth);

/// What is wrong with a value of --index, or of --auth; "" if nothing is.
[[nodiscard]] std::string complaint_about_index(const std::string& name);
[[nodiscard]] std::string complaint_about_auth(const std::string& auth);

}  // namespace webserv::app
