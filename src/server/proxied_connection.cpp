// server/proxied_connection.cpp: reads until there is a header, or until it is certain that there will be none.
// Who sends none gets no answer: he is no proxy, or one that is not configured.
#include "server/proxied_connection.hpp"

#include <string>

#include "io/stream.hpp"
#include "server/worker.hpp"

namespace webserv::server {
namespace {

using observe::Level;

constexpr std::string_view doing = "reading PROXY protocol";

}  // namespace

Task<bool> read_proxy_header(Connection& connection, io::Deadline deadline, std::string& rest) {
    using Progress = ProxyHeaderStep::Progress;
    std::string gathered;
    for (;;) {
        const std::size_t before = gathered.size();
        gathered.resize(proxy_header_bytes_max);  // the parser is content, or not, with less
        const std::span<char> room{gathered.data() + before, gathered.size() - before};
        auto count = co_await io::read_some(connection.socket, room, deadline);
        gathered.resize(before + count.value_or(0));
        if (!count || *count == 0) {
            if (!count && count.error().code == std::errc::operation_canceled) co_return false;  // we are ending
            const bool timed_out = !count && count.error().code == std::errc::timed_out;
            connection.log(Level::info, timed_out ? "client timed out" : "client closed connection", doing);
            co_return false;
        }
        ProxyHeaderStep step = parse_proxy_header(gathered);
        if (step.progress == Progress::incomplete) continue;
        if (step.progress == Progress::failed) {
            connection.log(Level::error, step.complaint, doing);
            co_return false;
        }
        if (step.header) connection.proxy_header = std::make_unique<const ProxyHeader>(std::move(*step.header));
        rest = gathered.substr(step.bytes);
        co_return true;
    }
}

}  // namespace webserv::server
