// app/generation.cpp: building, packing and building again.
// In a parcel the first descriptor is the list of the others: logs by path, then listeners by number and point.
#include "app/generation.hpp"

#include <fmt/format.h>

#include <utility>

#include "base/record.hpp"
#include "sys/memory_file.hpp"

namespace webserv::app {
namespace {

server::BuildOptions build_options(const Options& options) {
    return {.prefix = options.prefix_path,
            .conf_path = options.conf_path,
            .directives = options.directives,
            .error_log = options.error_log_path};
}

Result<process::Parcel> seal(const std::string& list, std::vector<std::shared_ptr<const sys::Fd>> descriptors) {
    auto file = sys::make_memory_file("webserv-generation", list);
    if (!file) return std::unexpected{file.error()};
    descriptors.insert(descriptors.begin(), std::make_shared<const sys::Fd>(std::move(*file)));
    return process::Parcel{std::move(descriptors)};
}

void put_logs(const server::LogFiles& logs, std::string& list, std::vector<std::shared_ptr<const sys::Fd>>& descriptors) {
    const std::vector<server::LogFiles::Sink> sinks = logs.all();
    put_number(list, sinks.size());
    for (const auto& sink : sinks) {
        put_text(list, sink->path);
        descriptors.emplace_back(sink, &sink->file);
    }
}

}  // namespace

config::Checked<Built> build(const Recipe& recipe, config::Loader& outside) {
    config::RecordingLoader loader{outside};
    server::SiteBuilder builder{build_options(recipe.options), recipe.modules, loader};
    auto site = builder.build();
    if (!site) return std::unexpected{site.error()};
    return Built{std::move(*site), loader.record(), builder.warnings(), builder.notices()};
}

Result<process::Parcel> pack(const std::string& record, const server::LogFiles& logs, std::span<const server::OpenListener> listeners) {
    std::string list;
    std::vector<std::shared_ptr<const sys::Fd>> descriptors;
    put_logs(logs, list, descriptors);
    put_number(list, listeners.size());
    for (const server::OpenListener& listener : listeners) {
        put_number(list, listener.id);
        put_number(list, listener.point);
        descriptors.push_back(listener.socket);
    }
    put_text(list, record);
    return seal(list, std::move(descriptors));
}

Result<process::Parcel> pack_logs(const server::LogFiles& logs) {
    std::string list;
    std::vector<std::shared_ptr<const sys::Fd>> descriptors;
    put_logs(logs, list, descriptors);
    put_number(list, 0);
    put_text(list, {});
    return seal(list, std::move(descriptors));
}

Result<Unpacked> unpack(process::Delivery delivery, server::LogFiles& logs) {
    constexpr Error malformed{.code = std::errc::bad_message, .blame = Blame::ourselves, .doing = "unpack"};
    if (delivery.descriptors.empty()) return std::unexpected{malformed};
    const auto list = sys::read_memory_file(delivery.descriptors.front());
    if (!list) return std::unexpected{list.error()};
    RecordReader reader{*list};
    auto next = delivery.descriptors.begin() + 1;
    const auto left = [&] { return static_cast<std::uint64_t>(delivery.descriptors.end() - next); };

    Unpacked unpacked;
    const std::uint64_t log_count = reader.number();
    if (log_count > left()) return std::unexpected{malformed};
    for (std::uint64_t index = 0; index < log_count; ++index) {
        auto sink = logs.adopt(std::string{reader.text()}, std::move(*next++));
        if (!sink) return std::unexpected{sink.error()};
        unpacked.logs.push_back(std::move(*sink));
    }
    const std::uint64_t listener_count = reader.number();
    if (listener_count != left()) return std::unexpected{malformed};
    for (std::uint64_t index = 0; index < listener_count; ++index) {
        server::OpenListener listener;
        listener.id = reader.number();
        listener.point = reader.number();
        listener.socket = std::make_shared<const sys::Fd>(std::move(*next++));
        unpacked.listeners.push_back(std::move(listener));
    }
    unpacked.record = reader.text();
    if (!reader.ok() || !reader.done()) return std::unexpected{malformed};
    return unpacked;
}

std::expected<Generation, std::string> rebuild(const Recipe& recipe, const Unpacked& unpacked, server::LogFiles& logs) {
    auto loader = config::ReplayingLoader::open(unpacked.record);
    if (!loader) return std::unexpected{describe(loader.error())};
    server::SiteBuilder builder{build_options(recipe.options), recipe.modules, **loader};
    auto site = builder.build();
    if (!site) return std::unexpected{site.error().first_line()};

    Generation generation{.site = std::move(*site), .access_logs = {}, .listeners = unpacked.listeners};
    if (auto opened = server::open_logs(*generation.site, logs, generation.access_logs); !opened) return std::unexpected{opened.error()};
    for (const server::OpenListener& listener : generation.listeners) {
        if (listener.point >= generation.site->points.size()) return std::unexpected{"a listener has no place in the configuration"};
    }
    return generation;
}

}  // namespace webserv::app
