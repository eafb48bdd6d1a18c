// modules/autoindex_listing.hpp: what is in a folder, in the order in which it is shown, and how a list becomes octets.
// Plain values and functions, for a helper thread: reading and sorting may take longer than the loop may stand still.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace webserv::modules {

struct ListedFile {
    enum class Kind : unsigned char { directory, file, other };

    std::string name;
    std::uint64_t size = 0;             ///< octets
    std::int64_t modified_seconds = 0;  ///< since the epoch
    Kind kind = Kind::file;
};

/// The order of a list: folders always come first, then by name, time or size.
struct ListOrder {
    enum class Column : unsigned char { name, modified, size };

    Column column = Column::name;
    bool descending = false;
    bool natural = false;  ///< names as people sort them: case aside, "file2" before "file10"; else by their octets
};

struct FolderContents {
    std::vector<ListedFile> files;
    std::vector<std::string> unreadable;  ///< names that stat(2) could not be asked about, a few of them
};

/// Reads a folder; names that begin with a dot are left out, as nginx does.
/// Errors: opendir's and readdir's, file_too_large beyond what a list may hold.
[[nodiscard]] Result<FolderContents> read_folder(const char* path);

void sort_files(std::vector<ListedFile>& files, ListOrder order);

/// The natural order of two names: negative, 0 or positive; 0 only for the same name.
[[nodiscard]] int compare_naturally(std::string_view one, std::string_view other) noexcept;

enum class ListFormat : unsigned char { html, plain, xml, json, jsonp };

/// What a list says beside the files.
struct ListOptions {
    ListFormat format = ListFormat::html;
    bool exact_size = true;
    bool local_time = false;
    std::string path{};      ///< $uri
    std::string args{};      ///< of the request: html obeys them
    std::string callback{};  ///< jsonp's
};

/// Writes a list, piece by piece: a large one need not stand in memory as a whole.
class ListWriter {
public:
    explicit ListWriter(ListOptions options) : options_{std::move(options)} {}
    ListWriter(const ListWriter&) = delete;
    ListWriter& operator=(const ListWriter&) = delete;
    virtual ~ListWriter() = default;

    /// Chooses what to show and in which order; once, before the rest.
    virtual void arrange(std::vector<ListedFile>& files);
    virtual void begin(std::string& out) = 0;
    virtual void add(std::string& out, const ListedFile& file, bool is_last) = 0;
    virtual void end(std::string& out) = 0;
    [[nodiscard]] virtual std::string_view content_type() const = 0;

protected:
    [[nodiscard]] const ListOptions& options() const noexcept { return options_; }

private:
    ListOptions options_;
};

[[nodiscard]] std::unique_ptr<ListWriter> make_list_writer(ListOptions options);
/// Of the handsome page, `autoindex_format html`.
[[nodiscard]] std::unique_ptr<ListWriter> make_page_writer(ListOptions options);

}  // namespace webserv::modules
