// app/get_request.cpp: our own fields first, in curl's order, then the user's; a field of the user's replaces ours.
// What decides about framing the writer adds: a user may ask for chunks, not lie about a length.
#include "app/get_request.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/text.hpp"
#include "base/version.hpp"
#include "h1/request_writer.hpp"
#include "http/redirect.hpp"
#include "sys/file.hpp"

namespace webserv::app {
namespace {

// As curl: below, asking first costs more than sending in vain.
constexpr std::uint64_t expect_from_bytes = 1U << 20;

struct OwnField {
    std::string name;
    std::string value;
};

// -H, taken apart. `sent` is false for "Name:", which only takes ours away.
struct UserField {
    std::string_view name;
    std::string_view value;
    bool sent = true;
};

std::optional<UserField> parse_user_field(std::string_view text) {
    const std::size_t end = text.find_first_of(":;");
    if (end == text.npos) return std::nullopt;
    UserField field{.name = text.substr(0, end), .value = text::trim(text.substr(end + 1))};
    if (text[end] == ';') return field.value.empty() ? std::optional{field} : std::nullopt;
    field.sent = !field.value.empty();
    return field;
}

bool is_one_of(std::string_view name, std::initializer_list<std::string_view> names) {
    return std::any_of(names.begin(), names.end(), [&](std::string_view other) { return text::equal_ignoring_case(name, other); });
}

// Whether a field of the user's has no business in this request: it is meant for the first origin, or for content that is gone.
bool stays_behind(const UserField& field, const GetRequest& request) {
    if (!request.is_trusted && is_one_of(field.name, {"Authorization", "Cookie", "Host"})) return true;
    return request.lost_content && is_one_of(field.name, {"Content-Encoding", "Content-Language", "Content-Location", "Content-Type"});
}

std::string credentials(const GetRequest& request, const GetOptions& options) {
    if (request.url.user_information) return request.url.user_information->user + ":" + request.url.user_information->password;
    if (!request.is_trusted || options.user.empty()) return {};
    return options.user.find(':') == std::string::npos ? options.user + ":" : options.user;
}

std::vector<OwnField> own_fields(const GetRequest& request, const GetOptions& options, bool expects_continue, const GetResume* resume) {
    std::vector<OwnField> fields{{"Host", request.url.authority()}};
    if (const std::string secret = credentials(request, options); !secret.empty()) {
        fields.push_back({"Authorization", "Basic " + text::encode_base64(secret)});
    }
    fields.push_back({"User-Agent", product});
    fields.push_back({"Accept", "*/*"});
    if (resume != nullptr) {
        fields.push_back({"Range", fmt::format("bytes={}-", resume->from)});
        if (!resume->condition.empty()) fields.push_back({resume->condition, resume->value});
    }
    if (request.has_content) fields.push_back({"Content-Type", "application/x-www-form-urlencoded"});
    if (expects_continue) fields.push_back({"Expect", "100-continue"});
    return fields;
}

Got<std::vector<UserField>> user_fields(const GetOptions& options) {
    std::vector<UserField> fields;
    for (const std::string& text : options.fields) {
        const auto field = parse_user_field(text);
        if (!field) return get_failure(GetStatus::bad_usage, fmt::format("-H \"{}\": it is \"Name: value\", \"Name:\" or \"Name;\"", text));
        fields.push_back(*field);
    }
    return fields;
}

}  // namespace

std::unique_ptr<io::Source> GetContent::source() const {
    if (file) return std::make_unique<io::FileSource>(file, io::FileSlice{.offset = 0, .length = length});
    return std::make_unique<io::MemorySource>(bytes);
}

Got<GetContent> open_content(const GetOptions& options) {
    GetContent content;
    if (!options.data) return content;
    const auto fail = [](const std::string& path, const Error& error) {
        return get_failure(GetStatus::not_read, fmt::format("{} can not be read: {}", path, describe(error)));
    };
    const bool is_file = options.data->starts_with('@');
    const std::string path = !is_file ? "" : *options.data == "@-" ? "/dev/stdin" : options.data->substr(1);
    if (!is_file) {
        content.bytes = *options.data;
    } else if (auto file = sys::open_for_reading(path.c_str()); !file) {
        return fail(path, file.error());
    } else if (const auto status = sys::status_of(*file); status && status->is_directory()) {
        return fail(path, Error{.code = std::errc::is_a_directory, .doing = "open"});
    } else if (status && status->is_regular()) {
        content.file = std::move(*file);
        content.length = status->size;
        return content;
    } else if (auto bytes = sys::read_whole(path.c_str()); !bytes) {  // a pipe: its length is known only at its end
        return fail(path, bytes.error());
    } else {
        content.bytes = std::move(*bytes);
    }
    content.length = content.bytes.size();
    return content;
}

GetRequest first_request(const GetOptions& options, http::Url url) {
    const std::string usual = options.head ? "HEAD" : options.data ? "POST" : "GET";
    return {.url = std::move(url), .method = options.method.empty() ? usual : options.method, .has_content = options.data.has_value()};
}

GetRequest redirected(const GetRequest& request, int status, http::Url target, const http::Url& first) {
    GetRequest next = request;
    if (http::redirect_becomes_get(status, request.method)) {
        next.method = "GET";
        next.lost_content = request.lost_content || request.has_content;
        next.has_content = false;
    }
    // Once it has left, it is not trusted again: who is on the way decides where it goes.
    next.is_trusted = request.is_trusted && target.is_same_origin(first);
    if (!target.user_information && target.is_same_origin(request.url)) target.user_information = request.url.user_information;
    next.url = std::move(target);
    return next;
}

Got<GetHead> request_head(const GetRequest& request, const GetOptions& options, const GetContent& content, const GetResume* resume) {
    const auto users = user_fields(options);
    if (!users) return std::unexpected{users.error()};
    const auto sets = [&](std::string_view name) {
        return std::any_of(users->begin(), users->end(),
                           [&](const UserField& field) { return text::equal_ignoring_case(field.name, name); });
    };
    GetHead head;
    const bool wants_length = request.has_content || is_one_of(request.method, {"POST", "PUT", "PATCH"});  // RFC 9110 section 8.6
    if (wants_length) head.framing = h1::Framing::length;
    head.expects_continue = request.has_content && content.length >= expect_from_bytes && !sets("Expect");

    Arena arena;
    http::FieldSection fields{arena};
    const auto own = own_fields(request, options, head.expects_continue, resume);
    for (const OwnField& field : own) {
        const bool replaced = std::any_of(users->begin(), users->end(), [&](const UserField& user) {
            return text::equal_ignoring_case(user.name, field.name) && !stays_behind(user, request);
        });
        if (!replaced) fields.add(field.name, field.value);
    }
    for (const UserField& field : *users) {
        if (!field.sent || stays_behind(field, request)) continue;
        if (is_one_of(field.name, {"Transfer-Encoding"}) && text::equal_ignoring_case(field.value, "chunked") && request.has_content) {
            head.framing = h1::Framing::chunked;
            continue;
        }
        if (is_one_of(field.name, {"Expect"}))
            head.expects_continue = request.has_content && text::equal_ignoring_case(field.value, "100-continue");
        fields.add(field.name, field.value);
    }
    const h1::RequestHead parts{.method = request.method,
                                .target = request.url.target,
                                .fields = fields,
                                .framing = head.framing,
                                .content_length = request.has_content ? content.length : 0};
    const auto rendered = h1::render_request_head(parts, arena);
    if (!rendered) return get_failure(GetStatus::bad_usage, fmt::format("that is no request: {}", h1::describe(rendered.error())));
    head.octets = *rendered;
    return head;
}

}  // namespace webserv::app
