// config/loader.cpp: keeps the outside world's answers as bytes, and gives the same answers again from them.
// A record is "webserv-record 1\n", the number of entries, and the entries: kind, question, error number and answer, each text
// with its length before it.
#include "config/loader.hpp"

#include <algorithm>
#include <limits>
#include <utility>

#include "base/record.hpp"

namespace webserv::config {
namespace {

constexpr std::string_view header = "webserv-record 1\n";

// The kinds of question.
constexpr char kind_read = 'r', kind_glob = 'g', kind_user = 'u', kind_resolve = 'n', kind_environment = 'e', kind_hostname = 'h',
               kind_is_root = 'i';

// Error::doing is a literal and never allocated: the steps that loaders take, to choose from when one is read back.
const char* literal_of(std::string_view doing) {
    for (const char* const known : {"open", "read", "pread", "fstat", "stat", "glob", "getaddrinfo", "getpwnam", "getgrnam"}) {
        if (doing == known) return known;
    }
    return "load";
}

std::string encode_list(const std::vector<std::string>& list) {
    std::string text;
    for (const std::string& entry : list) put_text(text, entry);
    return text;
}

std::string encode_user(const UserIdentity& identity) {
    std::string text;
    put_number(text, identity.user);
    put_number(text, identity.group);
    return text;
}

std::string user_question(const std::string& name, const std::string& group) {
    std::string question;
    put_text(question, name);
    put_text(question, group);
    return question;
}

using Answer = RecordedAnswers::Answer;

std::unexpected<Error> failure_of(const Answer& answer) {
    return std::unexpected{Error{std::errc{answer.error}, Blame::ourselves, literal_of(answer.text)}};
}

Result<std::string> decode_text(const Answer& answer) {
    if (answer.error != 0) return failure_of(answer);
    return answer.text;
}

Result<std::vector<std::string>> decode_list(const Answer& answer) {
    if (answer.error != 0) return failure_of(answer);
    std::vector<std::string> list;
    RecordReader reader{answer.text};
    while (!reader.done() && reader.ok()) list.emplace_back(reader.text());
    if (!reader.ok()) return std::unexpected{Error{std::errc::bad_message, Blame::ourselves, "glob"}};
    return list;
}

Result<UserIdentity> decode_user(const Answer& answer) {
    if (answer.error != 0) return failure_of(answer);
    RecordReader reader{answer.text};
    const std::uint64_t user = reader.number();
    const std::uint64_t group = reader.number();
    const bool fits = std::max(user, group) <= std::numeric_limits<std::uint32_t>::max();
    if (!reader.ok() || !reader.done() || !fits) return std::unexpected{Error{std::errc::bad_message, Blame::ourselves, "getpwnam"}};
    return UserIdentity{static_cast<std::uint32_t>(user), static_cast<std::uint32_t>(group)};
}

// A variable that is set has '=' before its value, so that an empty value differs from none.
std::string encode_variable(const std::optional<std::string>& value) { return value ? '=' + *value : std::string{}; }

Result<std::optional<std::string>> decode_variable(const Answer& answer) {
    if (answer.error != 0) return failure_of(answer);
    if (answer.text.empty()) return std::nullopt;
    if (answer.text.front() != '=') return std::unexpected{Error{std::errc::bad_message, Blame::ourselves, "getenv"}};
    return answer.text.substr(1);
}

// Whether an answer can be read back, whatever kind it is of.
bool is_sound(char kind, const Answer& answer) {
    switch (kind) {
        case kind_glob:
        case kind_resolve:
            return answer.error != 0 || decode_list(answer).has_value();
        case kind_user:
            return answer.error != 0 || decode_user(answer).has_value();
        case kind_environment:
            return answer.error != 0 || decode_variable(answer).has_value();
        case kind_is_root:
            return answer.text == "0" || answer.text == "1";
        case kind_read:
        case kind_hostname:
            return true;
        default:
            return false;
    }
}

template <class Value, class Encode>
Answer answer_of(const Result<Value>& result, const Encode& encode) {
    if (result) return Answer{0, encode(*result)};
    return Answer{static_cast<int>(result.error().code), result.error().doing};
}

constexpr Error unrecorded{std::errc::operation_not_permitted, Blame::ourselves, "replay"};

}  // namespace

const RecordedAnswers::Answer* RecordedAnswers::find(char kind, const std::string& question) const {
    const auto found = answers_.find({kind, question});
    return found != answers_.end() ? &found->second : nullptr;
}

const RecordedAnswers::Answer& RecordedAnswers::keep(char kind, const std::string& question, Answer answer) {
    return answers_.insert_or_assign({kind, question}, std::move(answer)).first->second;
}

std::string RecordedAnswers::encode() const {
    std::string record{header};
    put_number(record, answers_.size());
    for (const auto& [key, answer] : answers_) {
        record += key.first;
        put_text(record, key.second);
        put_number(record, static_cast<std::uint64_t>(answer.error));
        put_text(record, answer.text);
    }
    return record;
}

Result<RecordedAnswers> RecordedAnswers::decode(std::string_view record) {
    const std::unexpected broken{Error{std::errc::bad_message, Blame::ourselves, "replay"}};
    if (!record.starts_with(header)) return broken;
    RecordReader reader{record.substr(header.size())};
    RecordedAnswers answers;
    for (std::uint64_t left = reader.number(); left > 0; --left) {
        const std::string_view kind = reader.take(1);
        const std::string question{reader.text()};
        const std::uint64_t error = reader.number();
        Answer answer{0, std::string{reader.text()}};
        if (!reader.ok() || error > std::numeric_limits<std::int16_t>::max()) return broken;
        answer.error = static_cast<int>(error);
        if (!is_sound(kind[0], answer) || answers.find(kind[0], question) != nullptr) return broken;
        answers.keep(kind[0], question, std::move(answer));
    }
    if (!reader.ok() || !reader.done()) return broken;
    return answers;
}

// The host's name and who we are are always recorded: their answers have no way to say that they are missing.
RecordingLoader::RecordingLoader(Loader& outside) : outside_{outside} {
    answers_.keep(kind_hostname, "", {0, outside.hostname()});
    answers_.keep(kind_is_root, "", {0, outside.is_root() ? "1" : "0"});
}

// Asked again, a question gets the recorded answer: the record must agree with what was built from it.
Result<std::string> RecordingLoader::read(const std::string& path) {
    const auto* answer = answers_.find(kind_read, path);
    if (answer == nullptr) {
        const auto keep_as_is = [](const std::string& content) { return content; };
        answer = &answers_.keep(kind_read, path, answer_of(outside_.read(path), keep_as_is));
    }
    return decode_text(*answer);
}

Result<std::vector<std::string>> RecordingLoader::glob(const std::string& pattern) {
    const auto* answer = answers_.find(kind_glob, pattern);
    if (answer == nullptr) answer = &answers_.keep(kind_glob, pattern, answer_of(outside_.glob(pattern), encode_list));
    return decode_list(*answer);
}

Result<UserIdentity> RecordingLoader::user(const std::string& name, const std::string& group) {
    const std::string question = user_question(name, group);
    const auto* answer = answers_.find(kind_user, question);
    if (answer == nullptr) {
        answer = &answers_.keep(kind_user, question, answer_of(outside_.user(name, group), encode_user));
    }
    return decode_user(*answer);
}

Result<std::vector<std::string>> RecordingLoader::resolve(const std::string& host) {
    const auto* answer = answers_.find(kind_resolve, host);
    if (answer == nullptr) answer = &answers_.keep(kind_resolve, host, answer_of(outside_.resolve(host), encode_list));
    return decode_list(*answer);
}

Result<std::optional<std::string>> RecordingLoader::environment(const std::string& name) {
    const auto* answer = answers_.find(kind_environment, name);
    if (answer == nullptr) answer = &answers_.keep(kind_environment, name, answer_of(outside_.environment(name), encode_variable));
    return decode_variable(*answer);
}

std::string RecordingLoader::hostname() { return answers_.find(kind_hostname, "")->text; }
bool RecordingLoader::is_root() { return answers_.find(kind_is_root, "")->text == "1"; }
std::string RecordingLoader::record() const { return answers_.encode(); }

Result<std::unique_ptr<ReplayingLoader>> ReplayingLoader::open(std::string_view record) {
    auto answers = RecordedAnswers::decode(record);
    if (!answers) return std::unexpected{answers.error()};
    const bool complete = answers->find(kind_hostname, "") != nullptr && answers->find(kind_is_root, "") != nullptr;
    if (!complete) return std::unexpected{Error{std::errc::bad_message, Blame::ourselves, "replay"}};
    return std::unique_ptr<ReplayingLoader>{new ReplayingLoader{std::move(*answers)}};
}

Result<std::string> ReplayingLoader::read(const std::string& path) {
    const auto* const answer = answers_.find(kind_read, path);
    if (answer == nullptr) return std::unexpected{unrecorded};
    return decode_text(*answer);
}

Result<std::vector<std::string>> ReplayingLoader::glob(const std::string& pattern) {
    const auto* const answer = answers_.find(kind_glob, pattern);
    if (answer == nullptr) return std::unexpected{unrecorded};
    return decode_list(*answer);
}

Result<std::vector<std::string>> ReplayingLoader::resolve(const std::string& host) {
    const auto* answer = answers_.find(kind_resolve, host);
    if (answer == nullptr) return std::unexpected{unrecorded};
    return decode_list(*answer);
}

Result<UserIdentity> ReplayingLoader::user(const std::string& name, const std::string& group) {
    const auto* const answer = answers_.find(kind_user, user_question(name, group));
    if (answer == nullptr) return std::unexpected{unrecorded};
    return decode_user(*answer);
}

Result<std::optional<std::string>> ReplayingLoader::environment(const std::string& name) {
    const auto* const answer = answers_.find(kind_environment, name);
    if (answer == nullptr) return std::unexpected{unrecorded};
    return decode_variable(*answer);
}

std::string ReplayingLoader::hostname() { return answers_.find(kind_hostname, "")->text; }
bool ReplayingLoader::is_root() { return answers_.find(kind_is_root, "")->text == "1"; }

}  // namespace webserv::config
