// modules/range.cpp: parts of a file (RFC 9110 section 14): 206 with the octets asked for, or 416.
// Runs last among the filters: it cuts what the others have left.
#include "http/range.hpp"

#include <fmt/format.h>

#include <limits>

#include "http/conditional.hpp"
#include "modules/registry.hpp"
#include "server/exchange.hpp"

namespace webserv::modules {
namespace {

using http::ByteRange;
using server::Exchange;
using server::Outcome;
namespace context = config::context;

struct Settings {
    std::uint64_t ranges_max = std::numeric_limits<std::int32_t>::max();  ///< as good as none: what they ask for is bounded too
};

std::uint64_t octets_of(const ByteRange& range) { return range.last - range.first + 1; }

/// Several parts of one content, each with a head of its own (section 14.6).
class PartsSource final : public io::Source {
public:
    PartsSource(io::Source& whole, std::pmr::vector<ByteRange> ranges, std::string_view boundary, std::string_view type,
                std::uint64_t length, Arena& arena)
        : whole_{whole}, heads_{&arena}, ranges_{std::move(ranges)} {
        const std::string type_line = type.empty() ? std::string{} : fmt::format("Content-Type: {}\r\n", type);
        for (const ByteRange& range : ranges_) {
            heads_.push_back(arena.copy(
                fmt::format("\r\n--{}\r\n{}Content-Range: bytes {}-{}/{}\r\n\r\n", boundary, type_line, range.first, range.last, length)));
            left_ += heads_.back().size() + octets_of(range);
        }
        heads_.push_back(arena.copy(fmt::format("\r\n--{}--\r\n", boundary)));
        left_ += heads_.back().size();
        text_ = heads_.front();
    }

    [[nodiscard]] std::optional<std::uint64_t> length() const override { return left_; }
    void cancel() override { whole_.cancel(); }

    Task<Result<io::Piece>> next(std::uint64_t bytes_max) override {
        if (part_left_ == 0 && text_.empty() && part_ < ranges_.size()) text_ = heads_[++part_];
        if (!text_.empty()) {
            const std::string_view bytes = text_.substr(0, bytes_max);
            text_.remove_prefix(bytes.size());
            left_ -= bytes.size();
            if (text_.empty() && part_ < ranges_.size()) begin_part();
            co_return io::Piece{.bytes = bytes};
        }
        if (part_left_ == 0) co_return io::Piece{};
        auto piece = co_await whole_.next(std::min(bytes_max, part_left_));
        if (!piece) co_return piece;
        const std::uint64_t octets = piece->file != nullptr ? piece->slice.length : piece->bytes.size();
        part_left_ -= octets;
        left_ -= octets;
        co_return piece;
    }

private:
    void begin_part() {
        part_left_ = octets_of(ranges_[part_]);
        (void)whole_.narrow(ranges_[part_].first, part_left_);  // it could before
    }

    io::Source& whole_;
    std::pmr::vector<std::string_view> heads_;  // one before each part, and the end
    std::pmr::vector<ByteRange> ranges_;
    std::size_t part_ = 0;
    std::string_view text_;  // of the present head
    std::uint64_t part_left_ = 0;
    std::uint64_t left_ = 0;
};

Outcome unsatisfiable(Exchange& exchange, std::uint64_t length) {
    exchange.response.fields.add("Content-Range", exchange.arena.copy(fmt::format("bytes */{}", length)));
    return Outcome::status(416);
}

// Twenty digits, as nginx's. That the content has them by chance is unlikely enough: RFC 2046 section 5.1.1 asks for no more.
std::string_view make_boundary(Exchange& exchange) {
    const auto now = static_cast<std::uint64_t>(std::chrono::system_clock::now().time_since_epoch().count());
    return exchange.arena.copy(fmt::format("{:020}", now ^ (exchange.connection.number << 40)));
}

void send_parts(Exchange& exchange, std::pmr::vector<ByteRange> ranges, std::uint64_t length) {
    http::Response& response = exchange.response;
    const std::string_view boundary = make_boundary(exchange);
    auto& parts = exchange.make<PartsSource>(*exchange.content, std::move(ranges), boundary, response.content_type, length, exchange.arena);
    exchange.content = &parts;
    response.content_length = parts.length();
    response.content_type = exchange.arena.copy(fmt::format("multipart/byteranges; boundary={}", boundary));
}

void send_part(Exchange& exchange, const ByteRange& range, std::uint64_t length) {
    exchange.response.content_length = octets_of(range);
    exchange.response.fields.add("Content-Range", exchange.arena.copy(fmt::format("bytes {}-{}/{}", range.first, range.last, length)));
}

Outcome cut(Exchange& exchange) {
    http::Response& response = exchange.response;
    const std::uint64_t ranges_max = exchange.settings<Settings>().ranges_max;
    if (ranges_max == 0) response.accept_ranges = false;
    const auto field = exchange.request.fields.find("range");
    if (!field || response.status != 200 || !response.accept_ranges || !response.content_length) return Outcome::declined();
    const http::Validators validators{.etag = response.etag, .last_modified = response.last_modified};
    if (!http::range_applies(exchange.request.fields, validators)) return Outcome::declined();

    const std::uint64_t length = *response.content_length;
    auto ranges = http::parse_ranges(*field, length, ranges_max, exchange.arena);
    if (!ranges) return ranges.error() == http::RangeError::unsatisfiable ? unsatisfiable(exchange, length) : Outcome::declined();
    const ByteRange first = ranges->front();
    if (exchange.content == nullptr || !exchange.content->narrow(first.first, octets_of(first))) return Outcome::declined();
    response.status = 206;
    exchange.forced_status = 0;
    response.accept_ranges = false;
    if (ranges->size() == 1) {
        send_part(exchange, first, length);
    } else {
        send_parts(exchange, std::move(*ranges), length);
    }
    return Outcome::declined();
}

constexpr config::Directive directives[] = {
    {.name = "max_ranges",
     .contexts = context::http | context::server | context::location,
     .syntax = "number",
     .apply = config::store_number<&Settings::ranges_max>,
     .doc =
         "How many byte ranges one request may ask for; one with more gets the whole file. 0: ranges are not offered. Several are sent as "
         "`multipart/byteranges`, unless they ask for more octets than the file has."},
};

constexpr server::Filter filters[] = {{.apply = cut, .wanted = nullptr}};

}  // namespace

constexpr server::Module range_module{.name = "range", .directives = directives, .variables = {}, .handlers = {}, .filters = filters};

}  // namespace webserv::modules
