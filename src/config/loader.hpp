// config/loader.hpp: every question a configuration asks the outside world, behind one interface.
// A RecordingLoader keeps the answers, so that a worker without rights can build the same site again by replaying them.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.hpp"

namespace webserv::config {

struct UserIdentity {
    std::uint32_t user = 0;
    std::uint32_t group = 0;
};

class Loader {
public:
    Loader() = default;
    Loader(const Loader&) = delete;
    Loader& operator=(const Loader&) = delete;
    virtual ~Loader() = default;

    virtual Result<std::string> read(const std::string& path) = 0;                             ///< a file's octets
    virtual Result<std::vector<std::string>> glob(const std::string& pattern) = 0;             ///< sorted; none is no error
    virtual Result<UserIdentity> user(const std::string& name, const std::string& group) = 0;  ///< group "": the user's own
    virtual Result<std::vector<std::string>> resolve(const std::string& host) = 0;             ///< a name's addresses, as literals
    virtual Result<std::optional<std::string>> environment(const std::string& name) = 0;       ///< a variable of the process
    virtual std::string hostname() = 0;
    virtual bool is_root() = 0;  ///< decides `listen`'s default port
};

/// Questions with their answers, as both loaders below keep them.
class RecordedAnswers {
public:
    struct Answer {
        int error = 0;     ///< an errno value; 0: answered
        std::string text;  ///< the answer, or what failed
    };
    [[nodiscard]] const Answer* find(char kind, const std::string& question) const;
    const Answer& keep(char kind, const std::string& question, Answer answer);

    [[nodiscard]] std::string encode() const;
    /// Errors: bad_message.
    [[nodiscard]] static Result<RecordedAnswers> decode(std::string_view record);

private:
    std::map<std::pair<char, std::string>, Answer> answers_;
};

/// Passes questions on and keeps the answers. The same question is passed on once.
class RecordingLoader final : public Loader {
public:
    explicit RecordingLoader(Loader& outside);
    Result<std::string> read(const std::string& path) override;
    Result<std::vector<std::string>> glob(const std::string& pattern) override;
    Result<UserIdentity> user(const std::string& name, const std::string& group) override;
    Result<std::vector<std::string>> resolve(const std::string& host) override;
    Result<std::optional<std::string>> environment(const std::string& name) override;
    std::string hostname() override;
    bool is_root() override;

    /// Everything that was asked and answered, as bytes that a ReplayingLoader reads; always hostname() and is_root().
    [[nodiscard]] std::string record() const;

private:
    Loader& outside_;
    RecordedAnswers answers_;
};

/// Answers from a record; a question that is not in it fails with operation_not_permitted.
class ReplayingLoader final : public Loader {
public:
    /// Errors: bad_message if the record is not one that record() gave.
    [[nodiscard]] static Result<std::unique_ptr<ReplayingLoader>> open(std::string_view record);
    Result<std::string> read(const std::string& path) override;
    Result<std::vector<std::string>> glob(const std::string& pattern) override;
    Result<UserIdentity> user(const std::string& name, const std::string& group) override;
    Result<std::vector<std::string>> resolve(const std::string& host) override;
    Result<std::optional<std::string>> environment(const std::string& name) override;
    std::string hostname() override;
    bool is_root() override;

private:
    explicit ReplayingLoader(RecordedAnswers answers) : answers_{std::move(answers)} {}
    RecordedAnswers answers_;
};

}  // namespace webserv::config
