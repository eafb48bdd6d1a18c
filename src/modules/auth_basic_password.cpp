// modules/auth_basic_password.cpp: each way to store a password, tried backwards.
// Whatever the way, the last comparison takes the same time for every wrong password.
#include "modules/auth_basic_password.hpp"

#include <algorithm>

#include "base/digest.hpp"
#include "base/text.hpp"
#include "sys/password.hpp"

namespace webserv::modules {
namespace {

constexpr std::string_view apache = "$apr1$", plain = "{PLAIN}", salted_sha = "{SSHA}", sha = "{SHA}";
constexpr std::size_t sha_bytes = 20;
constexpr std::size_t apache_salt_max = 8;
constexpr unsigned apache_rounds = 1000;

bool begins_line(std::string_view line, std::string_view user) {
    return line.size() > user.size() && line.starts_with(user) && line[user.size()] == ':';
}

/// Apache's and PHK's MD5: a digest of digests, a thousand times over; the sequence is as arbitrary as it looks.
Md5Digest apache_digest(const std::string& password, const std::string& salt) {
    const Md5Digest inner = md5(password + salt + password);
    std::string text = password + std::string{apache} + salt;
    for (std::size_t left = password.size(); left > 0; left -= std::min(left, inner.size())) {
        text += octets_of(inner).substr(0, left);
    }
    for (std::size_t bits = password.size(); bits != 0; bits >>= 1) text += (bits & 1) != 0 ? '\0' : password.front();
    Md5Digest digest = md5(text);
    for (unsigned round = 0; round < apache_rounds; ++round) {
        const std::string last{octets_of(digest)};
        text = round % 2 != 0 ? password : last;
        if (round % 3 != 0) text += salt;
        if (round % 7 != 0) text += password;
        text += round % 2 != 0 ? last : password;
        digest = md5(text);
    }
    return digest;
}

/// crypt(3)'s own alphabet, six bits a letter, the lowest first.
void append_letters(std::string& out, std::uint32_t value, int count) {
    constexpr std::string_view letters = "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    for (; count > 0; --count, value >>= 6) out += letters[value & 63];
}

std::string apache_hash(const std::string& password, std::string_view stored) {
    std::string_view rest = stored.substr(apache.size());
    const std::string salt{rest.substr(0, std::min(rest.find('$'), apache_salt_max))};
    const Md5Digest digest = apache_digest(password, salt);
    std::string hash = std::string{apache} + salt + "$";
    const auto octet = [&digest](std::size_t at) { return std::uint32_t{digest[at]}; };
    for (std::size_t i = 0; i < 5; ++i) {
        append_letters(hash, octet(i) << 16 | octet(i + 6) << 8 | octet(i == 4 ? 5 : i + 12), 4);
    }
    append_letters(hash, octet(11), 2);
    return hash;
}

/// The digest of password and salt, with the salt behind it; without a salt for {SHA}.
bool sha_matches(const std::string& password, std::string_view encoded, bool has_salt) {
    const auto decoded = text::decode_base64(encoded);
    if (!decoded || decoded->size() < sha_bytes || (!has_salt && decoded->size() != sha_bytes)) return false;
    const Sha1Digest digest = sha1(password + decoded->substr(sha_bytes));
    return equal_in_constant_time(octets_of(digest), std::string_view{*decoded}.substr(0, sha_bytes));
}

}  // namespace

std::optional<std::string_view> find_password(std::string_view file, std::string_view user) {
    if (user.starts_with('#')) return std::nullopt;
    while (!file.empty()) {
        const auto end = file.find('\n');
        std::string_view line = file.substr(0, end);
        file = end == file.npos ? std::string_view{} : file.substr(end + 1);
        if (!begins_line(line, user)) continue;
        line.remove_prefix(user.size() + 1);
        return line.substr(0, line.find_first_of(":\r"));
    }
    return std::nullopt;
}

bool is_slow(std::string_view stored) noexcept {
    return !stored.starts_with(plain) && !stored.starts_with(salted_sha) && !stored.starts_with(sha);
}

bool password_matches(const std::string& password, const std::string& stored) {
    if (stored.starts_with(plain)) return equal_in_constant_time(password, std::string_view{stored}.substr(plain.size()));
    if (stored.starts_with(salted_sha)) return sha_matches(password, std::string_view{stored}.substr(salted_sha.size()), true);
    if (stored.starts_with(sha)) return sha_matches(password, std::string_view{stored}.substr(sha.size()), false);
    if (stored.starts_with(apache)) return equal_in_constant_time(apache_hash(password, stored), stored);
    const auto hash = sys::hash_password(password, stored);
    return hash && equal_in_constant_time(*hash, stored);
}

}  // namespace webserv::modules
