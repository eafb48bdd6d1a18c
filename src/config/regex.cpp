// config/regex.cpp: PCRE2, compiled once with JIT, matched under limits so that no subject can keep a worker busy.
// What a match needs (match data, JIT stack) belongs to the thread and is used again: matching allocates nothing.
#define PCRE2_CODE_UNIT_WIDTH 8
#include "config/regex.hpp"

#include <fmt/format.h>
#include <pcre2.h>

#include <algorithm>
#include <cstring>
#include <new>

namespace webserv::config {
namespace {

// A million steps are some milliseconds; an honest pattern on a request line of 8 KiB needs far fewer.
constexpr std::uint32_t match_steps_max = 1'000'000;
constexpr std::uint32_t depth_max = 10'000;         // nested backtracking points, of the interpreter
constexpr std::uint32_t heap_kibibytes_max = 8192;  // of the interpreter
constexpr std::size_t jit_stack_first = 32 * 1024;
constexpr std::size_t jit_stack_max = 1024 * 1024;

struct CodeDeleter {
    void operator()(pcre2_code* code) const { pcre2_code_free(code); }
};

// What one thread matches with.
class Matcher {
public:
    Matcher() : context_{pcre2_match_context_create(nullptr)}, stack_{pcre2_jit_stack_create(jit_stack_first, jit_stack_max, nullptr)} {
        if (context_ == nullptr) throw std::bad_alloc{};
        pcre2_set_match_limit(context_, match_steps_max);
        pcre2_set_depth_limit(context_, depth_max);
        pcre2_set_heap_limit(context_, heap_kibibytes_max);
        if (stack_ != nullptr) pcre2_jit_stack_assign(context_, nullptr, stack_);
    }
    Matcher(const Matcher&) = delete;
    Matcher& operator=(const Matcher&) = delete;
    ~Matcher() {
        pcre2_match_data_free(data_);
        pcre2_jit_stack_free(stack_);
        pcre2_match_context_free(context_);
    }

    /// @return the pairs of offsets of the groups; null if it does not match, or a limit is hit
    const PCRE2_SIZE* match(const pcre2_code* code, std::string_view subject, std::uint32_t pairs) {
        if (pairs > pairs_) {
            pcre2_match_data_free(data_);
            data_ = pcre2_match_data_create(pairs, nullptr);
            pairs_ = data_ != nullptr ? pairs : 0;
            if (data_ == nullptr) throw std::bad_alloc{};
        }
        const char* const text = subject.data() != nullptr ? subject.data() : "";
        const int groups = pcre2_match(code, reinterpret_cast<PCRE2_SPTR>(text), subject.size(), 0, 0, data_, context_);
        return groups > 0 ? pcre2_get_ovector_pointer(data_) : nullptr;
    }

private:
    pcre2_match_context* context_;
    pcre2_jit_stack* stack_;
    pcre2_match_data* data_ = nullptr;
    std::uint32_t pairs_ = 0;
};

Matcher& matcher_of_thread() {
    thread_local Matcher matcher;
    return matcher;
}

std::string compile_failure(std::string_view pattern, int code, std::size_t offset) {
    char words[256] = {};
    pcre2_get_error_message(code, reinterpret_cast<PCRE2_UCHAR*>(words), sizeof words);
    std::string message = fmt::format("pcre2_compile() failed: {} in \"{}\"", words, pattern);
    if (offset < pattern.size()) message += fmt::format(" at \"{}\"", pattern.substr(offset));
    return message;
}

}  // namespace

struct Regex::Compiled {
    std::unique_ptr<pcre2_code, CodeDeleter> code;
    std::vector<std::pair<std::string, std::size_t>> names;
    std::uint32_t groups = 0;

    void read_groups() {
        std::uint32_t count = 0;
        std::uint32_t entry_size = 0;
        PCRE2_SPTR table = nullptr;
        pcre2_pattern_info(code.get(), PCRE2_INFO_CAPTURECOUNT, &groups);
        pcre2_pattern_info(code.get(), PCRE2_INFO_NAMECOUNT, &count);
        pcre2_pattern_info(code.get(), PCRE2_INFO_NAMEENTRYSIZE, &entry_size);
        pcre2_pattern_info(code.get(), PCRE2_INFO_NAMETABLE, &table);
        // An entry is the group's number in two octets, then the name, terminated by zero (pcre2api(3)).
        for (std::uint32_t i = 0; i < count; ++i, table += entry_size) {
            names.emplace_back(reinterpret_cast<const char*>(table + 2), static_cast<std::size_t>(table[0] << 8U | table[1]));
        }
    }
};

Regex::Regex(std::unique_ptr<Compiled> compiled) noexcept : compiled_{std::move(compiled)} {}
Regex::Regex(Regex&&) noexcept = default;
Regex& Regex::operator=(Regex&&) noexcept = default;
Regex::~Regex() = default;

std::expected<Regex, std::string> Regex::compile(std::string_view pattern, bool caseless) {
    int code = 0;
    PCRE2_SIZE offset = 0;
    const char* const text = pattern.data() != nullptr ? pattern.data() : "";
    auto compiled = std::make_unique<Compiled>();
    compiled->code.reset(
        pcre2_compile(reinterpret_cast<PCRE2_SPTR>(text), pattern.size(), caseless ? PCRE2_CASELESS : 0, &code, &offset, nullptr));
    if (!compiled->code) return std::unexpected{compile_failure(pattern, code, offset)};
    // Without JIT (a kernel that forbids it, a pattern it cannot do) the interpreter gives the same answers.
    static_cast<void>(pcre2_jit_compile(compiled->code.get(), PCRE2_JIT_COMPLETE));
    compiled->read_groups();
    return Regex{std::move(compiled)};
}

bool Regex::matches(std::string_view subject) const {
    return matcher_of_thread().match(compiled_->code.get(), subject, compiled_->groups + 1) != nullptr;
}

const Captures* Regex::match(std::string_view subject, Arena& arena) const {
    const PCRE2_SIZE* const offsets = matcher_of_thread().match(compiled_->code.get(), subject, compiled_->groups + 1);
    if (offsets == nullptr) return nullptr;
    using Groups = decltype(Captures::groups);
    auto* const captures = new (arena.take(sizeof(Captures), alignof(Captures))) Captures{Groups{&arena}};
    captures->groups.resize(compiled_->groups + std::size_t{1});
    const std::string_view copy = arena.copy(subject);
    for (std::size_t group = 0; group < captures->groups.size(); ++group) {
        const PCRE2_SIZE begin = offsets[2 * group];
        const PCRE2_SIZE end = offsets[2 * group + 1];
        // A group that took no part is unset; \K in a lookahead can even put the end before the beginning.
        if (begin != PCRE2_UNSET && begin <= end && end <= copy.size()) captures->groups[group] = copy.substr(begin, end - begin);
    }
    return captures;
}

const std::vector<std::pair<std::string, std::size_t>>& Regex::names() const noexcept { return compiled_->names; }
std::size_t Regex::group_count() const noexcept { return compiled_->groups; }

}  // namespace webserv::config
