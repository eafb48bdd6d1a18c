// modules/autoindex.cpp: lists a folder that has no index file.
// A helper thread reads and sorts it, so that a large folder keeps nobody waiting; a long list is written as it is sent.
#include <fmt/format.h>

#include <algorithm>
#include <memory>

#include "base/text.hpp"
#include "http/escape.hpp"
#include "io/offload.hpp"
#include "modules/autoindex_listing.hpp"
#include "modules/registry.hpp"
#include "server/answers.hpp"
#include "server/worker.hpp"

namespace webserv::modules {
namespace {

using observe::Level;
using server::Exchange;
using server::Outcome;
using server::Phase;
namespace context = config::context;

struct Settings {
    bool enabled = false;
    bool exact_size = true;
    bool local_time = false;
    ListFormat format = ListFormat::html;
};

constexpr config::Choice<ListFormat> formats[] = {
    {"html", ListFormat::html}, {"plain", ListFormat::plain}, {"xml", ListFormat::xml},
    {"json", ListFormat::json}, {"jsonp", ListFormat::jsonp},
};

/// A list while it is sent. The first piece is written by the helper thread; most lists have no other.
class ListSource final : public io::Source {
public:
    ListSource(std::unique_ptr<ListWriter> writer, std::vector<ListedFile> files) : writer_{std::move(writer)}, files_{std::move(files)} {}

    /// On the helper thread.
    void prepare() {
        writer_->arrange(files_);
        writer_->begin(text_);
        write_more(first_bytes);
    }
    [[nodiscard]] std::optional<std::uint64_t> length() const override {
        if (!written_) return std::nullopt;
        return text_.size() - sent_;
    }
    [[nodiscard]] std::string_view content_type() const { return writer_->content_type(); }
    void cancel() override { cancelled_ = true; }

    Task<Result<io::Piece>> next(std::uint64_t bytes_max) override {
        if (cancelled_) co_return std::unexpected{Error{std::errc::operation_canceled, Blame::ourselves, "list"}};
        if (sent_ == text_.size() && !written_) {
            text_.clear();
            sent_ = 0;
            write_more(piece_bytes);
        }
        const std::string_view left = std::string_view{text_}.substr(sent_);
        const std::string_view piece = left.substr(0, static_cast<std::size_t>(std::min<std::uint64_t>(bytes_max, left.size())));
        sent_ += piece.size();
        co_return io::Piece{.bytes = piece, .file = nullptr, .slice = {}};
    }

private:
    static constexpr std::size_t first_bytes = 256U << 10;  // up to here a list has a length, and is written elsewhere
    static constexpr std::size_t piece_bytes = 32U << 10;   // a fraction of a millisecond of the loop's time

    void write_more(std::size_t bytes) {
        while (at_ < files_.size() && text_.size() < bytes) {
            writer_->add(text_, files_[at_], at_ + 1 == files_.size());
            ++at_;
        }
        if (at_ < files_.size()) return;
        writer_->end(text_);
        written_ = true;
    }

    std::unique_ptr<ListWriter> writer_;
    std::vector<ListedFile> files_;
    std::size_t at_ = 0;
    std::string text_;
    std::size_t sent_ = 0;
    bool written_ = false;
    bool cancelled_ = false;
};

struct Listed {
    std::unique_ptr<ListSource> source;
    std::vector<std::string> unreadable;
};

/// All that may take long.
Result<Listed> list(const std::string& folder, ListOptions options) {
    auto contents = read_folder(folder.c_str());
    if (!contents) return std::unexpected{contents.error()};
    auto source = std::make_unique<ListSource>(make_list_writer(std::move(options)), std::move(contents->files));
    source->prepare();
    return Listed{.source = std::move(source), .unreadable = std::move(contents->unreadable)};
}

Outcome cannot_list(Exchange& exchange, std::string_view folder, const Error& error) {
    const auto message = [&] {
        return fmt::format("{}() \"{}\" failed {}", error.doing, folder, describe_errno(static_cast<int>(error.code)));
    };
    switch (error.code) {
        case std::errc::no_such_file_or_directory:
        case std::errc::not_a_directory:
        case std::errc::filename_too_long:
            exchange.log(Level::error, message());
            return Outcome::status(404);
        case std::errc::permission_denied:
            exchange.log(Level::error, message());
            return Outcome::status(403);
        default:
            exchange.log(Level::crit, message());
            return Outcome::status(500);
    }
}

/// What stands before the bracket is run by a browser: a name, or one within another.
bool is_callback(std::string_view name) {
    return std::all_of(name.begin(), name.end(), [](char c) { return text::is_alpha(c) || text::is_digit(c) || c == '_' || c == '.'; });
}

Outcome answer_with(Exchange& exchange, std::string_view folder, Listed& listed) {
    for (const std::string& name : listed.unreadable) {
        exchange.log(Level::crit, fmt::format("stat() \"{}/{}\" failed", folder, name));
    }
    ListSource& source = *exchange.make<std::unique_ptr<ListSource>>(std::move(listed.source));
    http::Response& response = exchange.response;
    response.status = 200;
    response.content_type = source.content_type();
    response.content_length = source.length();
    exchange.content = &source;
    return Outcome::respond();
}

Task<Outcome> list_folder(Exchange& exchange) {
    if (!exchange.path.ends_with('/') || !exchange.is_safe()) co_return Outcome::declined();
    const auto& settings = exchange.settings<Settings>();
    ListOptions options{.format = settings.format,
                        .exact_size = settings.exact_size,
                        .local_time = settings.local_time,
                        .path = std::string{exchange.path},
                        .args = std::string{exchange.args},
                        .callback = {}};
    if (settings.format == ListFormat::jsonp) options.callback = http::argument(exchange.args, "callback");
    if (!is_callback(options.callback)) {
        exchange.log(Level::info, "client sent invalid callback parameter");
        co_return Outcome::status(400);
    }
    const auto path = server::file_path(exchange, {});
    if (!path) co_return Outcome::status(404);
    std::string folder{*path};
    if (folder.size() > 1) folder.pop_back();  // the slash: as nginx names it in its log
    auto work = [&folder, &options] { return list(folder, std::move(options)); };
    auto job = io::offload(exchange.worker.loop, work);
    auto listed = co_await job;
    if (!listed) co_return cannot_list(exchange, folder, listed.error());
    co_return answer_with(exchange, folder, *listed);
}

bool wanted(const config::SettingsTable& settings) { return settings.get<Settings>().enabled; }

constexpr config::Contexts everywhere = context::http | context::server | context::location;

constexpr config::Directive directives[] = {
    {.name = "autoindex",
     .contexts = everywhere,
     .takes = config::arity::flag,
     .fallback = "off",
     .apply = config::store_flag<&Settings::enabled>,
     .doc = "Lists a folder when the path ends in `/` and there is no index file. Names that begin with a dot are left out."},
    {.name = "autoindex_exact_size",
     .contexts = everywhere,
     .takes = config::arity::flag,
     .fallback = "on",
     .apply = config::store_flag<&Settings::exact_size>,
     .doc =
         "Whether a list says the exact number of octets: in `plain` instead of K, M and G, in `html` beside them, when one points at the "
         "size. The other formats always do."},
    {.name = "autoindex_format",
     .contexts = everywhere,
     .takes = config::arity::one,
     .syntax = "html | plain | xml | json | jsonp",
     .fallback = "html",
     .apply = config::store_choice<&Settings::format, formats>,
     .doc =
         "What a list looks like. `html` is a page for people: a click on a column sorts by it (`?C=` with N, M or S for name, time or "
         "size, "
         "`&O=` with A or D for up or down), a form filters (`&F=`), and names are sorted as people do it. `plain` is nginx's `html`, to "
         "the octet. `xml`, `json` and `jsonp` are nginx's; the last takes the function's name from the argument `callback`."},
    {.name = "autoindex_localtime",
     .contexts = everywhere,
     .takes = config::arity::flag,
     .fallback = "off",
     .apply = config::store_flag<&Settings::local_time>,
     .doc = "Whether the times in `html` and `plain` are those of the server's zone instead of UTC."},
};

constexpr server::Handler handlers[] = {{.phase = Phase::content, .plain = nullptr, .waiting = list_folder, .wanted = wanted}};

}  // namespace

constexpr server::Module autoindex_module{
    .name = "autoindex", .directives = directives, .variables = {}, .handlers = handlers, .filters = {}};

}  // namespace webserv::modules
