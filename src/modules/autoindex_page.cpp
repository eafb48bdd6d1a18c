// modules/autoindex_page.cpp: the list that people see: sorted by a click on a column, filtered by a form, on a phone as well.
// Links and the form do all of it without a script; with one, the filter follows the typing.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <ctime>
#include <iterator>

#include "base/text.hpp"
#include "http/escape.hpp"
#include "modules/autoindex_listing.hpp"
#include "modules/autoindex_style.hpp"

namespace webserv::modules {
namespace {

using Column = ListOrder::Column;

/// "1.4 MB": three digits at most, as people say it.
std::string readable_size(std::uint64_t octets) {
    constexpr std::string_view units[] = {"B", "kB", "MB", "GB", "TB", "PB", "EB"};
    if (octets < 1000) return fmt::format("{} B", octets);
    double value = static_cast<double>(octets);
    std::size_t unit = 0;
    while (value >= 999.5 && unit + 1 < std::size(units)) {
        value /= 1000;
        ++unit;
    }
    return value < 9.95 ? fmt::format("{:.1f} {}", value, units[unit]) : fmt::format("{:.0f} {}", value, units[unit]);
}

/// The class of a row: which picture stands before its name.
std::string_view picture_of(const ListedFile& file) {
    struct Kind {
        std::string_view name;
        std::string_view extensions;
    };
    constexpr Kind kinds[] = {
        {"i", " jpg jpeg png gif svg webp avif ico bmp tif tiff heic "},
        {"a", " mp3 ogg oga opus flac wav m4a aac mid "},
        {"v", " mp4 mkv webm mov avi mpg mpeg m4v ogv "},
        {"z", " zip gz tgz xz txz bz2 zst 7z rar tar deb rpm iso jar "},
    };
    if (file.kind == ListedFile::Kind::directory) return "d";
    const auto dot = file.name.rfind('.');
    if (dot == file.name.npos) return "f";
    const std::string extension = " " + text::lower(std::string_view{file.name}.substr(dot + 1)) + " ";
    for (const Kind& kind : kinds) {
        if (kind.extensions.find(extension) != kind.extensions.npos) return kind.name;
    }
    return "f";
}

bool contains_ignoring_case(std::string_view text, std::string_view part) {
    const auto same = [](char a, char b) { return text::to_lower(a) == text::to_lower(b); };
    return std::search(text.begin(), text.end(), part.begin(), part.end(), same) != text.end();
}

class PageWriter final : public ListWriter {
public:
    explicit PageWriter(ListOptions list_options) : ListWriter{std::move(list_options)} {
        const std::string_view args = options().args;
        const std::string_view column = http::argument(args, "C");
        order_ = {.column = column == "M"   ? Column::modified
                            : column == "S" ? Column::size
                                            : Column::name,
                  .descending = http::argument(args, "O") == "D",
                  .natural = true};
        filter_ = http::decode_form_value(http::argument(args, "F"));
    }

    void arrange(std::vector<ListedFile>& files) override {
        if (!filter_.empty()) std::erase_if(files, [this](const ListedFile& file) { return !contains_ignoring_case(file.name, filter_); });
        sort_files(files, order_);
        for (const ListedFile& file : files) {
            ++(file.kind == ListedFile::Kind::directory ? folders_ : files_);
            if (file.kind == ListedFile::Kind::file) octets_ += file.size;
        }
    }

    void begin(std::string& out) override {
        out +=
            "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
            "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<meta name=\"color-scheme\" content=\"light "
            "dark\">\n"
            "<title>Index of ";
        http::append_html(out, options().path);
        out += "</title>\n";
        out += list_icon;
        out += "<style>\n";
        out += list_style;
        out += "</style>\n</head>\n<body>\n<header>\n";
        add_trail(out);
        add_form(out);
        out += "</header>\n<main>\n<table>\n<thead><tr>";
        add_heading(out, Column::name, "N", "Name");
        add_heading(out, Column::modified, "M", "Modified");
        add_heading(out, Column::size, "S", "Size");
        out += "</tr></thead>\n<tbody>\n";
        if (options().path != "/")
            out += "<tr class=\"up\"><td><a class=\"u\" href=\"../\">Parent folder</a></td><td></td><td></td></tr>\n";
    }

    void add(std::string& out, const ListedFile& file, bool) override {
        const bool is_folder = file.kind == ListedFile::Kind::directory;
        out += "<tr><td><a class=\"";
        out += picture_of(file);
        out += "\" href=\"";
        http::append_component(out, file.name);
        out += is_folder ? "/\">" : "\">";
        http::append_html(out, file.name);
        out += "</a></td><td>";
        add_time(out, file);
        out += "</td><td>";
        if (file.kind == ListedFile::Kind::file) add_size(out, file.size);
        out += "</td></tr>\n";
    }

    void end(std::string& out) override {
        const auto count = [](std::uint64_t number, std::string_view what) {
            return fmt::format("{} {}{}", number, what, number == 1 ? "" : "s");
        };
        out += "</tbody>\n</table>\n";
        const bool nothing = folders_ + files_ == 0;
        if (nothing) out += filter_.empty() ? "<p class=\"none\">This folder is empty.</p>\n" : "<p class=\"none\">No name matches.</p>\n";
        fmt::format_to(std::back_inserter(out), "</main>\n<footer>{}, {}{}{}</footer>\n", count(folders_, "folder"), count(files_, "file"),
                       files_ > 0 ? ", " : "", files_ > 0 ? readable_size(octets_) : "");
        out += "<script>\n";
        out += list_script;
        out += "</script>\n</body>\n</html>\n";
    }

    [[nodiscard]] std::string_view content_type() const override { return "text/html; charset=utf-8"; }

private:
    /// Each folder above, by a relative link: it also holds where a proxy has put this server below another path.
    void add_trail(std::string& out) const {
        std::string_view rest = options().path;
        const auto depth = static_cast<std::size_t>(std::count(rest.begin(), rest.end(), '/')) - 1;
        out += "<h1>";
        for (std::size_t level = 0; level <= depth; ++level) {
            const auto slash = rest.find('/');
            const std::string_view name = level == 0 ? std::string_view{"/"} : rest.substr(0, slash);
            if (level == depth) {
                out += level == 0 ? "<b>Index of " : "<b>";
            } else {
                out += "<a href=\"";
                for (std::size_t up = level; up < depth; ++up) out += "../";
                out += "\">";
            }
            http::append_html(out, name);
            out += level == depth ? "</b>" : level == 0 ? "</a> " : "</a> / ";
            rest.remove_prefix(slash + 1);
        }
        out += "</h1>\n";
    }

    /// The order stays when somebody filters.
    void add_form(std::string& out) const {
        out +=
            "<form role=\"search\"><input type=\"search\" name=\"F\" placeholder=\"Filter\" aria-label=\"Filter names\" "
            "autocomplete=\"off\" "
            "value=\"";
        http::append_html(out, filter_);
        out += "\">";
        if (order_.column != Column::name) {
            fmt::format_to(std::back_inserter(out), "<input type=\"hidden\" name=\"C\" value=\"{}\">",
                           order_.column == Column::size ? "S" : "M");
        }
        if (order_.descending) out += "<input type=\"hidden\" name=\"O\" value=\"D\">";
        out += "<noscript><button>Filter</button></noscript></form>\n";
    }

    /// A link that sorts by this column, or the other way round if it does already; what is filtered stays.
    void add_heading(std::string& out, Column column, std::string_view letter, std::string_view title) const {
        const bool chosen = order_.column == column;
        const bool turns_round = chosen && !order_.descending;
        const std::string_view sorted = !chosen ? "" : order_.descending ? " aria-sort=\"descending\"" : " aria-sort=\"ascending\"";
        fmt::format_to(std::back_inserter(out), "<th{}><a href=\"?C={}&amp;O={}", sorted, letter, turns_round ? "D" : "A");
        if (!filter_.empty()) {
            out += "&amp;F=";
            http::append_component(out, filter_);
        }
        fmt::format_to(std::back_inserter(out), "\">{}</a></th>", title);
    }

    void add_time(std::string& out, const ListedFile& file) const {
        const std::time_t time = file.modified_seconds;
        std::tm utc{}, shown{};
        ::gmtime_r(&time, &utc);
        shown = utc;
        if (options().local_time) ::localtime_r(&time, &shown);
        fmt::format_to(std::back_inserter(out),
                       "<time datetime=\"{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z\">{:04}-{:02}-{:02} {:02}:{:02}</time>", utc.tm_year + 1900,
                       utc.tm_mon + 1, utc.tm_mday, utc.tm_hour, utc.tm_min, utc.tm_sec, shown.tm_year + 1900, shown.tm_mon + 1,
                       shown.tm_mday, shown.tm_hour, shown.tm_min);
    }

    void add_size(std::string& out, std::uint64_t octets) const {
        const auto end = std::back_inserter(out);
        if (options().exact_size) {
            fmt::format_to(end, "<data value=\"{0}\" title=\"{0} bytes\">{1}</data>", octets, readable_size(octets));
        } else {
            out += readable_size(octets);
        }
    }

    ListOrder order_;
    std::string filter_;
    std::uint64_t folders_ = 0;
    std::uint64_t files_ = 0;
    std::uint64_t octets_ = 0;
};

}  // namespace

std::unique_ptr<ListWriter> make_page_writer(ListOptions options) { return std::make_unique<PageWriter>(std::move(options)); }

}  // namespace webserv::modules
