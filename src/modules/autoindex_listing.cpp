// modules/autoindex_listing.cpp: reads a folder, and sorts what was in it.
// The lists themselves are written by autoindex_formats.cpp and autoindex_page.cpp.
#include "modules/autoindex_listing.hpp"

#include <algorithm>

#include "base/text.hpp"
#include "sys/directory.hpp"

namespace webserv::modules {
namespace {

// Some hundred octets each: whoever asks must not be able to take all of the memory. Nobody reads such a list.
constexpr std::size_t files_max = 1'000'000;
constexpr std::size_t unreadable_max = 16;  // log lines a request

ListedFile::Kind kind_of(const sys::FileStatus& status) {
    if (status.is_directory()) return ListedFile::Kind::directory;
    return status.is_regular() ? ListedFile::Kind::file : ListedFile::Kind::other;
}

/// The number that stands at the front of `text`, without leading zeros; `text` goes on behind it.
std::string_view take_digits(std::string_view& text) {
    const auto end = std::find_if_not(text.begin(), text.end(), text::is_digit);
    std::string_view digits = text.substr(0, static_cast<std::size_t>(end - text.begin()));
    text.remove_prefix(digits.size());
    digits.remove_prefix(std::min(digits.find_first_not_of('0'), digits.size()));
    return digits;
}

int compare_octets(std::string_view one, std::string_view other) noexcept {
    const int order = one.compare(other);
    return (order > 0) - (order < 0);
}

template <class Number>
int compare_numbers(Number one, Number other) {
    return (one > other) - (one < other);
}

int compare(const ListedFile& one, const ListedFile& other, ListOrder order) {
    using Column = ListOrder::Column;
    int result = 0;
    if (order.column == Column::modified) result = compare_numbers(one.modified_seconds, other.modified_seconds);
    if (order.column == Column::size && one.kind == ListedFile::Kind::file) result = compare_numbers(one.size, other.size);
    if (result == 0) result = order.natural ? compare_naturally(one.name, other.name) : compare_octets(one.name, other.name);
    return order.descending ? -result : result;
}

}  // namespace

Result<FolderContents> read_folder(const char* path) {
    auto folder = sys::Directory::open(path);
    if (!folder) return std::unexpected{folder.error()};
    FolderContents contents;
    for (;;) {
        const auto name = folder->next();
        if (!name) return std::unexpected{name.error()};
        if (!*name) return contents;
        if ((*name)->front() == '.') continue;
        if (contents.files.size() >= files_max) return std::unexpected{Error{std::errc::file_too_large, Blame::ourselves, "readdir"}};
        const auto status = folder->status();
        if (!status) {
            if (contents.unreadable.size() < unreadable_max) contents.unreadable.emplace_back(**name);
            continue;
        }
        contents.files.push_back(
            {.name = std::string{**name}, .size = status->size, .modified_seconds = status->modified_seconds, .kind = kind_of(*status)});
    }
}

int compare_naturally(std::string_view one, std::string_view other) noexcept {
    std::string_view left = one, right = other;
    while (!left.empty() && !right.empty()) {
        if (text::is_digit(left.front()) && text::is_digit(right.front())) {
            const std::string_view first = take_digits(left), second = take_digits(right);
            if (first.size() != second.size()) return compare_numbers(first.size(), second.size());
            if (const int order = compare_octets(first, second); order != 0) return order;
            continue;
        }
        const auto a = static_cast<unsigned char>(text::to_lower(left.front()));
        const auto b = static_cast<unsigned char>(text::to_lower(right.front()));
        if (a != b) return compare_numbers(a, b);
        left.remove_prefix(1);
        right.remove_prefix(1);
    }
    const int order = compare_numbers(left.size(), right.size());
    return order != 0 ? order : compare_octets(one, other);
}

void sort_files(std::vector<ListedFile>& files, ListOrder order) {
    std::sort(files.begin(), files.end(), [order](const ListedFile& one, const ListedFile& other) {
        const bool first = one.kind == ListedFile::Kind::directory, second = other.kind == ListedFile::Kind::directory;
        return first != second ? first : compare(one, other, order) < 0;
    });
}

void ListWriter::arrange(std::vector<ListedFile>& files) { sort_files(files, {}); }

}  // namespace webserv::modules
