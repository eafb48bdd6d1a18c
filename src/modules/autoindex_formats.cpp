// modules/autoindex_formats.cpp: nginx's own lists: its plain page, XML, JSON and JSONP, to the octet.
// Programs read them, so nothing is improved here.
#include <fmt/format.h>

#include <ctime>
#include <iterator>

#include "http/date.hpp"
#include "http/escape.hpp"
#include "modules/autoindex_listing.hpp"

namespace webserv::modules {
namespace {

std::string_view kind_name(ListedFile::Kind kind) {
    switch (kind) {
        case ListedFile::Kind::directory:
            return "directory";
        case ListedFile::Kind::file:
            return "file";
        case ListedFile::Kind::other:
            return "other";
    }
    return {};
}

bool is_directory(const ListedFile& file) { return file.kind == ListedFile::Kind::directory; }

std::tm broken_down(std::int64_t seconds, bool local) {
    const std::time_t time = seconds;
    std::tm parts{};
    (void)(local ? ::localtime_r(&time, &parts) : ::gmtime_r(&time, &parts));
    return parts;
}

/// nginx's page: a preformatted text with links, names cut at 50 octets.
class PlainWriter final : public ListWriter {
public:
    using ListWriter::ListWriter;

    void begin(std::string& out) override {
        std::string path;
        http::append_html(path, options().path);
        fmt::format_to(std::back_inserter(out),
                       "<html>\r\n<head><title>Index of {0}</title></head>\r\n<body>\r\n<h1>Index of {0}</h1><hr><pre>"
                       "<a href=\"../\">../</a>\r\n",
                       path);
    }

    void add(std::string& out, const ListedFile& file, bool) override {
        out += "<a href=\"";
        http::append_component(out, file.name);
        if (is_directory(file)) out += '/';
        out += "\">";
        add_name(out, file);
        constexpr const char* months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
        const std::tm time = broken_down(file.modified_seconds, options().local_time);
        fmt::format_to(std::back_inserter(out), " {:02}-{}-{} {:02}:{:02} ", time.tm_mday, months[time.tm_mon], time.tm_year + 1900,
                       time.tm_hour, time.tm_min);
        add_size(out, file);
        out += "\r\n";
    }

    void end(std::string& out) override { out += "</pre><hr></body>\r\n</html>\r\n"; }
    [[nodiscard]] std::string_view content_type() const override { return "text/html"; }

private:
    static constexpr std::size_t name_width = 50;

    static void add_name(std::string& out, const ListedFile& file) {
        std::size_t width = file.name.size();
        if (width > name_width) {
            http::append_html(out, std::string_view{file.name}.substr(0, name_width - 3));
            out += "..&gt;</a>";
            return;
        }
        http::append_html(out, file.name);
        if (is_directory(file) && width < name_width) {
            out += '/';
            ++width;
        }
        out += "</a>";
        out.append(name_width - width, ' ');
    }

    void add_size(std::string& out, const ListedFile& file) const {
        const auto end = std::back_inserter(out);
        if (options().exact_size) {
            if (is_directory(file)) {
                fmt::format_to(end, "{:>19}", '-');
            } else {
                fmt::format_to(end, "{:>19}", file.size);
            }
        } else if (is_directory(file)) {
            fmt::format_to(end, "{:>7}", '-');
        } else {
            add_rounded(out, file.size);
        }
    }

    static void add_rounded(std::string& out, std::uint64_t size) {
        constexpr std::uint64_t kilo = 1024, mega = kilo * 1024, giga = mega * 1024;
        const auto end = std::back_inserter(out);
        const auto rounded = [size](std::uint64_t unit) { return size / unit + (size % unit > unit / 2 - 1 ? 1 : 0); };
        if (size > giga - 1) {
            fmt::format_to(end, "{:>6}G", rounded(giga));
        } else if (size > mega - 1) {
            fmt::format_to(end, "{:>6}M", rounded(mega));
        } else if (size > 9999) {
            fmt::format_to(end, "{:>6}K", rounded(kilo));
        } else {
            fmt::format_to(end, " {:>6}", size);
        }
    }
};

class XmlWriter final : public ListWriter {
public:
    using ListWriter::ListWriter;

    void begin(std::string& out) override { out += "<?xml version=\"1.0\"?>\r\n<list>\r\n"; }

    void add(std::string& out, const ListedFile& file, bool) override {
        const std::tm time = broken_down(file.modified_seconds, false);
        const auto end = std::back_inserter(out);
        fmt::format_to(end, "<{} mtime=\"{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z\"", kind_name(file.kind), time.tm_year + 1900,
                       time.tm_mon + 1, time.tm_mday, time.tm_hour, time.tm_min, time.tm_sec);
        if (file.kind == ListedFile::Kind::file) fmt::format_to(end, " size=\"{}\"", file.size);
        out += '>';
        http::append_html(out, file.name);
        fmt::format_to(end, "</{}>\r\n", kind_name(file.kind));
    }

    void end(std::string& out) override { out += "</list>\r\n"; }
    [[nodiscard]] std::string_view content_type() const override { return "text/xml; charset=utf-8"; }
};

/// JSON, and JSONP when there is a callback.
class JsonWriter final : public ListWriter {
public:
    using ListWriter::ListWriter;

    void begin(std::string& out) override {
        if (has_callback()) out += "/* callback */\r\n" + options().callback + "(";
        out += "[\r\n";
    }

    void add(std::string& out, const ListedFile& file, bool is_last) override {
        out += "{ \"name\":\"";
        http::append_json(out, file.name);
        char date[http::date_bytes];
        http::format_date(file.modified_seconds, date);
        const auto end = std::back_inserter(out);
        fmt::format_to(end, "\", \"type\":\"{}\", \"mtime\":\"{}\"", kind_name(file.kind), std::string_view{date, sizeof date});
        if (file.kind == ListedFile::Kind::file) fmt::format_to(end, ", \"size\":{}", file.size);
        out += is_last ? " }\r\n" : " },\r\n";
    }

    void end(std::string& out) override {
        out += "]";
        if (has_callback()) out += ");";
    }

    [[nodiscard]] std::string_view content_type() const override { return has_callback() ? "application/javascript" : "application/json"; }

private:
    [[nodiscard]] bool has_callback() const { return !options().callback.empty(); }
};

}  // namespace

std::unique_ptr<ListWriter> make_list_writer(ListOptions options) {
    switch (options.format) {
        case ListFormat::html:
            return make_page_writer(std::move(options));
        case ListFormat::plain:
            return std::make_unique<PlainWriter>(std::move(options));
        case ListFormat::xml:
            return std::make_unique<XmlWriter>(std::move(options));
        case ListFormat::json:
        case ListFormat::jsonp:
            return std::make_unique<JsonWriter>(std::move(options));
    }
    return nullptr;
}

}  // namespace webserv::modules
