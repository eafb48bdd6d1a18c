// server/exchange.hpp: one request and its final response, with everything that was decided in between.
// Born in an arena, answered by phases, logged, gone: an idle connection keeps nothing of it.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <type_traits>
#include <utility>

#include "base/arena.hpp"
#include "config/expression.hpp"
#include "config/regex.hpp"
#include "http/message.hpp"
#include "io/source.hpp"
#include "observe/log.hpp"
#include "observe/trace.hpp"
#include "server/connection.hpp"
#include "server/core_settings.hpp"
#include "server/module.hpp"
#include "server/site.hpp"
#include "server/transport.hpp"

namespace webserv::server {

class Worker;

/// Request content that was read before the exchange was answered: in memory, or in a file once it outgrew that.
struct RequestContent {
    std::string_view bytes;      ///< all of it, if it fitted client_body_buffer_size
    std::string_view file_path;  ///< else the file; removed when the exchange ends
    std::uint64_t size = 0;      ///< octets
};

class Exchange final : public config::VariableReader {
public:
    /// Keeps the references: they must outlive it.
    Exchange(Connection& client, Transport& carrier, const WayIn& way_in, http::Request& received, Arena& memory,
             io::TimePoint first_octet);
    Exchange(const Exchange&) = delete;
    Exchange& operator=(const Exchange&) = delete;
    ~Exchange() override;

    Connection& connection;
    Transport& transport;
    Worker& worker;
    const std::shared_ptr<const Site>& site;
    const ListenPoint& point;  ///< of the site: what the connection came in by
    Arena& arena;
    http::Request& request;
    http::Response response;
    io::Source* content = nullptr;  ///< of the response; null: none

    const VirtualHost* host;
    const Location* location;    ///< never null; the server's bare one until another is chosen
    std::string_view host_name;  ///< lower-cased, without port: $host
    std::string_view path;       ///< decoded and normalised: $uri
    std::string_view args;       ///< raw: $args
    bool has_args = false;
    bool internal = false;            ///< after an internal redirect
    bool persistent = false;          ///< the connection stays open after this exchange
    bool broken = false;              ///< sending has failed: nothing more can be said to this peer
    bool error_page_used = false;     ///< error_page applies once, unless recursive_error_pages
    bool had_error_page = false;      ///< ... and has applied
    int forced_status = 0;            ///< replaces the response's status: an error page keeps the error's code
    bool post_action = false;         ///< the answer has left: what still runs is the location's post_action
    bool named_jump = false;          ///< jump_to() has chosen the location
    bool path_follows_alias = false;  ///< in a regex location the alias is no longer the whole name: try_files has found the rest
    std::uint64_t bytes_sent = 0;
    std::uint64_t content_bytes_sent = 0;
    bool complete = false;                       ///< the response was sent to its end
    const config::Captures* captures = nullptr;  ///< $1..$9: of the last regex that chose
    RequestContent request_content;
    bool content_was_read = false;
    observe::Trace* trace = nullptr;  ///< null unless somebody wants to know how this was decided
    io::TimePoint began;              ///< first octet of the request
    std::uint64_t number;             ///< among those of its connection: $connection_requests

    template <class T>
    [[nodiscard]] const T& settings() const {
        return location->settings.get<T>();
    }
    [[nodiscard]] const CoreSettings& core() const noexcept { return *location->core; }
    [[nodiscard]] bool is_safe() const noexcept { return request.method == http::Method::get || request.method == http::Method::head; }

    /// An object that lives as long as the exchange, in its arena.
    template <class T, class... Arguments>
    T& make(Arguments&&... arguments);

    /// Who asks: the connection's peer, or whom a trusted peer speaks for.
    [[nodiscard]] sys::Address client() const noexcept { return client_ != nullptr ? *client_ : connection.peer(); }
    /// Whether somebody was found that the peer speaks for.
    [[nodiscard]] bool has_spoken_for() const noexcept { return client_ != nullptr; }
    void set_client(const sys::Address& address) { client_ = &make<sys::Address>(address); }

    /// Phases begin again with this path, as if it had been requested by ourselves. Beyond 10 of them: 500.
    [[nodiscard]] Outcome redirect_internally(std::string_view new_path, std::string_view new_args);
    /// Goes on in a named location ("@name"); path and method stay. An unknown name: 500.
    [[nodiscard]] Outcome jump_to(std::string_view name);
    [[nodiscard]] bool has_redirected_too_often() const noexcept;

    /// One line in the location's error log, with client, server, request and host appended as nginx does.
    void log(observe::Level level, std::string_view message) const;
    [[nodiscard]] bool logs(observe::Level level) const noexcept {
        return location->log != nullptr && (location->log->takes(level) || connection.debugged);
    }

    /// The value of a variable; nothing if it has none (logs print "-").
    [[nodiscard]] std::optional<std::string_view> value(int index) {
        const Cached& known = cached(index);
        if (known.state == Cached::State::unknown) return ask_for(index);
        return known.state == Cached::State::present ? std::optional{known.text} : std::nullopt;
    }
    [[nodiscard]] std::string_view variable(int index) override { return value(index).value_or(std::string_view{}); }
    [[nodiscard]] std::string_view capture(std::size_t group) override;
    [[nodiscard]] std::string_view evaluate(const config::Expression& expression) { return expression.evaluate(*this, arena); }
    /// Makes a match's groups $1.. and its named groups variables.
    void take_captures(const config::Captures* matched, const std::vector<std::pair<int, std::size_t>>& named);

private:
    struct Made {  // what make() has constructed, newest first
        void (*destroy)(void*);
        void* object;
        Made* next;
    };
    struct Cached {
        std::string_view text;
        enum class State : unsigned char { unknown, missing, present } state = State::unknown;
    };
    [[nodiscard]] Cached& cached(int index) {
        if (values_ == nullptr) make_values();
        return values_[index];
    }
    void make_values();
    [[nodiscard]] std::optional<std::string_view> ask_for(int index);
    [[nodiscard]] bool too_many_redirects(std::string_view doing, std::string_view to);

    const sys::Address* client_ = nullptr;  // the connection's peer
    Made* made_ = nullptr;
    Cached* values_ = nullptr;
    unsigned redirects_ = 0;
};

template <class T, class... Arguments>
T& Exchange::make(Arguments&&... arguments) {
    T* const object = new (arena.take(sizeof(T), alignof(T))) T(std::forward<Arguments>(arguments)...);
    if constexpr (!std::is_trivially_destructible_v<T>) {
        made_ = new (arena.take(sizeof(Made), alignof(Made))) Made{[](void* made) { static_cast<T*>(made)->~T(); }, object, made_};
    }
    return *object;
}

}  // namespace webserv::server
