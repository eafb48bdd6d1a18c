// upstream/resolver.cpp: c-ares, driven by the loop: it tells which of its sockets it waits for, and until when; we tell it what has come.
// What it does not do is ours: keeping answers, and sharing questions.
#include "upstream/resolver.hpp"

#include <ares.h>
#include <sys/epoll.h>

#include <algorithm>
#include <map>
#include <utility>

#include "base/text.hpp"
#include "io/event.hpp"

namespace webserv::upstream {
namespace {

constexpr int rounds_max = 5;  // of all name servers: 31 seconds if there is one

ResolveError error_of(int status) {
    switch (status) {
        case ARES_ENOTFOUND:
        case ARES_ENODATA:
        case ARES_EBADNAME:
            return ResolveError::unknown_host;
        case ARES_ETIMEOUT:
            return ResolveError::no_answer;
        default:
            return ResolveError::failed;
    }
}

struct Found {
    std::vector<sys::Address> addresses;
    std::chrono::seconds time_to_live{};
};

// The shortest life of all that the answer consists of counts, names on the way included.
Found found_in(const ares_addrinfo& answer) {
    Found found;
    int seconds = INT32_MAX;
    for (const ares_addrinfo_node* node = answer.nodes; node != nullptr; node = node->ai_next) {
        const sys::Address address = sys::Address::from(node->ai_addr, node->ai_addrlen);
        if (std::find(found.addresses.begin(), found.addresses.end(), address) == found.addresses.end()) found.addresses.push_back(address);
        seconds = std::min(seconds, node->ai_ttl);
    }
    for (const ares_addrinfo_cname* name = answer.cnames; name != nullptr; name = name->next) seconds = std::min(seconds, name->ttl);
    found.time_to_live = std::chrono::seconds{std::max(seconds, 0)};
    return found;
}

std::vector<sys::Address> with_port(std::vector<sys::Address> addresses, std::uint16_t port) {
    for (sys::Address& address : addresses) address.set_port(port);
    return addresses;
}

}  // namespace

class Resolver::Channel final : public io::Timer {
public:
    Channel(io::Loop& loop, const ResolverOptions& options) : loop_{loop}, options_{options} { open(); }
    ~Channel() override;

    struct Question {
        std::string name;
        std::vector<io::Event*> waiters;
        std::optional<std::expected<Found, ResolveError>> answer{};
    };
    [[nodiscard]] const std::vector<sys::Address>* find(const std::string& name);
    [[nodiscard]] std::shared_ptr<Question> ask(const std::string& name);
    [[nodiscard]] bool is_idle() const noexcept { return questions_.empty(); }

private:
    /// A socket of c-ares, which opens and closes it.
    struct Socket final : io::Watcher {
        Socket(Channel& owner, int number) : channel{owner}, descriptor{number} {}
        ~Socket() {
            channel.loop_.remove(descriptor, *this);
            (void)descriptor.release();
        }
        void on_events(std::uint32_t events) override { channel.process(descriptor.get(), events); }  // may be the end of this socket

        Channel& channel;
        sys::Fd descriptor;
    };
    struct Kept {
        std::vector<sys::Address> addresses;
        io::TimePoint until;
    };
    struct Asked {  // what c-ares brings back with its answer
        Channel& channel;
        std::shared_ptr<Question> question;
    };
    static void answered(void* asked, int status, int timeouts, ares_addrinfo* answer);
    static void watch(void* channel, ares_socket_t number, int for_reading, int for_writing);

    void open();
    void use_servers();
    void process(int number, std::uint32_t events);
    void expired() override;
    void arm();
    void finish(Question& question);
    void keep(const std::string& name, const Found& found);

    io::Loop& loop_;
    const ResolverOptions& options_;
    ares_channel channel_ = nullptr;
    std::map<int, Socket> sockets_;
    std::map<std::string, std::shared_ptr<Question>> questions_;
    std::map<std::string, Kept> kept_;
};

void Resolver::Channel::open() {
    static const int library = ares_library_init(ARES_LIB_INIT_ALL);
    if (library != ARES_SUCCESS) return;
    char hosts_are_not_asked[] = "b";
    ares_options options{};
    options.timeout = static_cast<int>(name_server_patience.count());
    options.tries = rounds_max;
    options.sock_state_cb = watch;
    options.sock_state_cb_data = this;
    int chosen = ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_SOCK_STATE_CB;
    if (!options_.servers.empty()) {
        options.lookups = hosts_are_not_asked;  // a name is what these servers say it is; nor is it one of a domain of this machine's
        options.ndomains = 0;
        chosen |= ARES_OPT_LOOKUPS | ARES_OPT_DOMAINS | ARES_OPT_ROTATE;
    }
    if (ares_init_options(&channel_, &options, chosen) != ARES_SUCCESS) {
        channel_ = nullptr;
    } else if (!options_.servers.empty()) {
        use_servers();
    }
}

void Resolver::Channel::use_servers() {
    std::vector<ares_addr_port_node> nodes(options_.servers.size());
    for (std::size_t index = 0; index < nodes.size(); ++index) {
        ares_addr_port_node& node = nodes[index];
        const sys::Address& server = options_.servers[index];
        node.family = server.family();
        if (server.family() == AF_INET) {
            node.addr.addr4 = reinterpret_cast<const sockaddr_in*>(server.data())->sin_addr;
        } else {
            std::copy_n(reinterpret_cast<const sockaddr_in6*>(server.data())->sin6_addr.s6_addr, sizeof node.addr.addr6,
                        reinterpret_cast<unsigned char*>(&node.addr.addr6));
        }
        node.udp_port = node.tcp_port = server.port();
        node.next = index + 1 < nodes.size() ? &nodes[index + 1] : nullptr;
    }
    if (ares_set_servers_ports(channel_, nodes.data()) == ARES_SUCCESS) return;
    ares_destroy(channel_);
    channel_ = nullptr;
}

Resolver::Channel::~Channel() {
    loop_.timers().disarm(*this);
    if (channel_ != nullptr) ares_destroy(channel_);  // answers everything that is still asked
}

const std::vector<sys::Address>* Resolver::Channel::find(const std::string& name) {
    const auto kept = kept_.find(name);
    return kept != kept_.end() && kept->second.until > loop_.now() ? &kept->second.addresses : nullptr;
}

std::shared_ptr<Resolver::Channel::Question> Resolver::Channel::ask(const std::string& name) {
    if (const auto asked = questions_.find(name); asked != questions_.end()) return asked->second;
    const std::shared_ptr<Question> question{new Question{.name = name, .waiters = {}}};
    if (channel_ == nullptr) {
        question->answer = std::unexpected{ResolveError::failed};
        return question;
    }
    questions_.emplace(name, question);
    ares_addrinfo_hints hints{};
    hints.ai_family = options_.ipv4 && options_.ipv6 ? AF_UNSPEC : options_.ipv4 ? AF_INET : AF_INET6;
    hints.ai_socktype = SOCK_STREAM;
    ares_getaddrinfo(channel_, name.c_str(), nullptr, &hints, answered, new Asked{*this, question});
    arm();
    return question;
}

void Resolver::Channel::answered(void* asked, int status, int /*timeouts*/, ares_addrinfo* answer) {
    const std::unique_ptr<Asked> about{static_cast<Asked*>(asked)};
    const std::unique_ptr<ares_addrinfo, decltype([](ares_addrinfo* owned) { ares_freeaddrinfo(owned); })> owner{answer};
    Question& question = *about->question;
    if (status == ARES_SUCCESS && answer != nullptr && answer->nodes != nullptr) {
        question.answer = found_in(*answer);
    } else {
        question.answer = std::unexpected{status == ARES_SUCCESS ? ResolveError::unknown_host : error_of(status)};
    }
    about->channel.finish(question);
}

void Resolver::Channel::finish(Question& question) {
    if (*question.answer) keep(question.name, **question.answer);
    for (io::Event* const waiter : question.waiters) waiter->set();
    questions_.erase(question.name);
}

void Resolver::Channel::keep(const std::string& name, const Found& found) {
    const std::chrono::seconds life = options_.valid.value_or(found.time_to_live);
    const io::TimePoint until = io::deadline_after(loop_.now(), life);
    if (until <= loop_.now()) return;
    if (kept_.size() >= names_kept_max && !kept_.contains(name)) {
        kept_.erase(std::min_element(kept_.begin(), kept_.end(),
                                     [](const auto& one, const auto& other) { return one.second.until < other.second.until; }));
    }
    kept_.insert_or_assign(name, Kept{found.addresses, until});
}

// Level-triggered: c-ares reads from a stream as much as it likes, not all there is.
void Resolver::Channel::watch(void* channel, ares_socket_t number, int for_reading, int for_writing) {
    auto& self = *static_cast<Channel*>(channel);
    if (for_reading == 0 && for_writing == 0) {
        self.sockets_.erase(number);
        return;
    }
    Socket& socket = self.sockets_.try_emplace(number, self, number).first->second;
    const std::uint32_t events = (for_reading != 0 ? EPOLLIN : 0U) | (for_writing != 0 ? EPOLLOUT : 0U);
    (void)self.loop_.add(socket.descriptor, socket, events);  // where this fails the question times out
}

void Resolver::Channel::process(int number, std::uint32_t events) {
    const bool failed = (events & (EPOLLERR | EPOLLHUP)) != 0;  // either operation tells what it is
    ares_process_fd(channel_, failed || (events & EPOLLIN) != 0 ? number : ARES_SOCKET_BAD,
                    (events & EPOLLOUT) != 0 ? number : ARES_SOCKET_BAD);
    arm();
}

void Resolver::Channel::expired() {
    ares_process_fd(channel_, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
    arm();
}

void Resolver::Channel::arm() {
    timeval memory{};
    const timeval* const left = ares_timeout(channel_, nullptr, &memory);
    if (left == nullptr) {
        loop_.timers().disarm(*this);
    } else {
        // A millisecond later: c-ares counts in smaller steps, and would do nothing if it were asked too early.
        const auto wait = std::chrono::seconds{left->tv_sec} + std::chrono::microseconds{left->tv_usec} + std::chrono::milliseconds{1};
        loop_.timers().arm(*this, loop_.now() + wait);
    }
}

Resolver::Resolver(io::Loop& loop, ResolverOptions options) : loop_{loop}, options_{std::move(options)} {}
Resolver::~Resolver() = default;

Task<std::expected<std::vector<sys::Address>, ResolveError>> Resolver::resolve(const std::string& host, std::uint16_t port,
                                                                               io::Scope* scope, io::Deadline deadline) {
    if (const auto literal = sys::Address::parse_ip(host, port)) {
        std::vector<sys::Address> itself{*literal};
        co_return std::move(itself);
    }
    // What the system's name servers are is asked anew: it may change, and we live long.
    const bool may_be_out_of_date = options_.servers.empty() && channel_ && channel_->is_idle();
    if (!channel_ || may_be_out_of_date) channel_ = std::make_unique<Channel>(loop_, options_);
    std::string name = text::lower(host);
    if (name.ends_with('.')) name.pop_back();
    if (const auto* const kept = channel_->find(name)) co_return with_port(*kept, port);

    const std::shared_ptr<Channel::Question> question = channel_->ask(name);
    if (!question->answer) {
        io::Event answered{loop_, scope};
        question->waiters.push_back(&answered);
        (void)co_await answered.wait(deadline);
        std::erase(question->waiters, &answered);
    }
    if (!question->answer) co_return std::unexpected{ResolveError::timed_out};
    if (!*question->answer) co_return std::unexpected{question->answer->error()};
    co_return with_port((*question->answer)->addresses, port);
}

}  // namespace webserv::upstream
