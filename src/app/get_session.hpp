// app/get_session.hpp: `webserv get`, from a URL to the end of its content: connect, ask, follow, write down.
// The calls are those of docs/LIFE_OF_A_SOCKET.md, "Client, step by step".
#pragma once

#include <expected>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "app/get_failure.hpp"
#include "app/get_options.hpp"
#include "app/get_output.hpp"
#include "app/get_progress.hpp"
#include "app/get_request.hpp"
#include "app/get_trace.hpp"
#include "base/arena.hpp"
#include "base/task.hpp"
#include "h1/client_connection.hpp"
#include "http/message.hpp"
#include "http/url.hpp"
#include "io/event.hpp"
#include "io/loop.hpp"
#include "io/socket_stream.hpp"
#include "tls/stream.hpp"
#include "upstream/system_resolver.hpp"

namespace webserv::app {

class GetSession {
public:
    /// @param trace  may be null
    GetSession(io::Loop& loop, const GetOptions& options, GetContent content, GetOutput& output, GetTrace* trace);
    GetSession(const GetSession&) = delete;
    GetSession& operator=(const GetSession&) = delete;

    /// Gets it, following redirects if that was asked for.
    Task<Got<>> run(const http::Url& url);

    /// Whether a thread still waits for a name server: the process shall not wait for it.
    [[nodiscard]] bool is_resolving() const noexcept { return resolver_.is_busy(); }

private:
    struct Connection {
        Connection(std::unique_ptr<io::SocketStream> plain, std::unique_ptr<tls::Stream> secured, std::string where)
            : socket{std::move(plain)},
              tls{std::move(secured)},
              stream{tls ? static_cast<io::Stream&>(*tls) : *socket},
              http{stream},
              origin{std::move(where)} {}
        std::unique_ptr<io::SocketStream> socket;
        std::unique_ptr<tls::Stream> tls;  ///< null: nothing is encrypted
        io::Stream& stream;
        h1::ClientConnection http;
        std::string origin;  ///< scheme://host:port
    };
    struct Redirect {
        int status = 0;
        http::Url target;
    };
    using Next = std::optional<Redirect>;  ///< nothing: that was the last response
    /// The request's way out, which may go on while the response comes in.
    struct Sending {
        Sending(io::Loop& loop, const GetHead& request_head) : head{request_head}, may_send{loop, nullptr} {}
        const GetHead& head;
        io::Event may_send;  ///< 100 (Continue) has come, or a final response instead
        bool is_refused = false;
        std::optional<h1::Sent> sent;

        /// Whether the content could not be read, rather than sent.
        [[nodiscard]] bool is_our_fault() const noexcept {
            if (!sent || sent->outcome) return false;
            return sent->outcome.error().blame == Blame::ourselves && sent->outcome.error().code != std::errc::operation_canceled;
        }
    };
    using Response = std::expected<http::ReceivedResponse, h1::ResponseFailure>;

    Task<Got<std::vector<sys::Address>>> find_addresses(const GetRequest& request, io::Deadline deadline);
    Task<Got<>> connect(const GetRequest& request);
    Task<Got<std::unique_ptr<tls::Stream>>> begin_tls(io::Stream& socket, const GetRequest& request, io::Deadline deadline);
    Task<Got<Next>> exchange(const GetRequest& request);
    Task<> send(Sending& sending, bool has_content);
    Task<Response> read_response(const GetRequest& request, Sending& sending, Arena& arena);
    Task<Got<Next>> take(const GetRequest& request, const http::ReceivedResponse& response);
    [[nodiscard]] Got<Next> redirect_of(const GetRequest& request, const http::ReceivedResponse& response) const;
    /// Whether there is content to be written. Decides what becomes of a file that is there already.
    [[nodiscard]] Got<bool> begin_output(const http::ReceivedResponse& response);
    [[nodiscard]] Got<> go_on_with_file(const http::ReceivedResponse& response);
    Task<Got<>> receive();
    [[nodiscard]] Got<> write_trailers();
    Task<> drop_content();

    [[nodiscard]] GetFailure failure_of(const h1::ResponseFailure& failure, const Sending& sending) const;
    [[nodiscard]] GetFailure content_failure(const Error& error) const;
    [[nodiscard]] GetFailure out_of_time() const;
    [[nodiscard]] std::chrono::milliseconds patience() const;
    void say(std::string_view mark, std::string_view text) const;
    void say_lines(std::string_view mark, std::string_view head) const;

    io::Loop& loop_;
    const GetOptions& options_;
    GetContent content_;
    GetOutput& output_;
    GetTrace* trace_;
    GetProgress progress_;
    io::Deadline deadline_;
    upstream::SystemResolver resolver_;
    std::optional<GetOutput::Partial> partial_;  ///< what -C goes on with
    std::optional<std::uint64_t> expected_;      ///< octets that a 206 has promised
    bool is_last_part_ = true;                   ///< ... to the end of the representation
    std::optional<tls::Context> tls_context_;    ///< once it is needed
    std::unique_ptr<Connection> connection_;
    std::string heads_;  ///< for -i and -I: those that were received and not written yet
};

}  // namespace webserv::app
