// app/local_authority.cpp: four files: the authority's certificate and key, and the present server's.
// Each is written beside its place and renamed; a lock on the folder keeps two servers that start at once from making two authorities.
#include "app/local_authority.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <utility>

#include "base/result.hpp"
#include "sys/environment.hpp"
#include "sys/fd.hpp"
#include "sys/file.hpp"
#include "sys/temporary.hpp"

namespace webserv::app {
namespace {

// Browsers refuse certificates of servers that are valid for longer than 398 days; an authority's may be.
constexpr std::chrono::days server_lifetime{397}, authority_lifetime{3'650};
constexpr std::chrono::days renewal_before{30};

std::string failure_text(const char* doing, const std::string& path) {
    return fmt::format("{}() \"{}\" failed {}", doing, path, describe_errno(errno));
}

std::expected<void, std::string> write_file(const std::string& path, std::string_view octets, mode_t mode) {
    const std::string fresh = path + ".new";
    (void)::unlink(fresh.c_str());  // of one that was interrupted
    const sys::Fd file{::open(fresh.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode)};
    if (!file) return std::unexpected{failure_text("open", fresh)};
    if (const auto written = sys::write_all(file, octets); !written) return std::unexpected{failure_text("write", fresh)};
    if (::rename(fresh.c_str(), path.c_str()) < 0) return std::unexpected{failure_text("rename", path)};
    return {};
}

std::expected<void, std::string> write_pair(const std::string& stem, const tls::KeyPair& pair) {
    if (auto done = write_file(stem + ".key", pair.key, 0600); !done) return done;  // first: a certificate without its key is of no use
    return write_file(stem + ".pem", pair.certificate, 0644);
}

// Nothing: there is none, or not both halves.
std::optional<tls::KeyPair> read_pair(const std::string& stem) {
    auto certificate = sys::read_whole((stem + ".pem").c_str());
    auto key = sys::read_whole((stem + ".key").c_str());
    if (!certificate || !key) return std::nullopt;
    return tls::KeyPair{std::move(*certificate), std::move(*key)};
}

bool serves_on(const tls::KeyPair& pair) {
    const auto facts = tls::read_certificate(pair.certificate);
    return facts && facts->remaining > renewal_before;
}

std::expected<tls::KeyPair, std::string> authority(const std::string& stem, bool& is_new) {
    if (auto kept = read_pair(stem); kept && serves_on(*kept)) return std::move(*kept);
    char host[256] = {};
    (void)::gethostname(host, sizeof host - 1);
    auto made = tls::make_authority(fmt::format("webserv on {}", host), authority_lifetime);
    if (!made) return made;
    if (auto written = write_pair(stem, *made); !written) return std::unexpected{written.error()};
    is_new = true;
    return made;
}

}  // namespace

std::expected<std::string, std::string> data_folder() {
    if (const auto data = sys::environment_variable("XDG_DATA_HOME"); data && data->starts_with('/')) return *data + "/webserv";
    const auto home = sys::environment_variable("HOME");
    if (!home || home->empty())
        return std::unexpected{"HOME is not set, so there is no place for a certificate authority: use --cert and --key"};
    return *home + "/.local/share/webserv";
}

std::expected<LocalCertificate, std::string> local_certificate(const std::string& folder, std::span<const std::string> names) {
    if (!sys::make_folders(folder)) return std::unexpected{failure_text("mkdir", folder)};
    const sys::Fd lock{::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
    if (!lock || ::flock(lock.get(), LOCK_EX) < 0) return std::unexpected{failure_text("open", folder)};

    LocalCertificate local;
    local.authority_path = folder + "/authority.pem";
    const auto signer = authority(folder + "/authority", local.authority_is_new);
    if (!signer) return std::unexpected{signer.error()};
    local.authority_digest = tls::read_certificate(signer->certificate).value_or(tls::CertificateFacts{}).fingerprint;

    const std::string stem = folder + "/server";
    if (auto kept = read_pair(stem); kept && serves_on(*kept) && !local.authority_is_new) {
        const auto facts = tls::read_certificate(kept->certificate);
        if (facts && facts->valid_for(names)) {
            local.pair = std::move(*kept);
            return local;
        }
    }
    auto made = tls::issue_certificate(*signer, names, server_lifetime);
    if (!made) return std::unexpected{made.error()};
    if (auto written = write_pair(stem, *made); !written) return std::unexpected{written.error()};
    local.pair = std::move(*made);
    return local;
}

}  // namespace webserv::app
