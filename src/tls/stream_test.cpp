// tls/stream_test.cpp: TLS over streams in memory and over sockets, both ends ours: what protocols rely on holds here as well.
// Faults come from a seed: short transfers, refusals, a network that takes a few octets at a time.
#include "tls/stream.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <memory>
#include <string>

#include "io/complete.hpp"
#include "io/memory_stream.hpp"
#include "io/socket_stream.hpp"
#include "tls/certificates.hpp"
#include "tls/facts.hpp"

namespace webserv::tls {
namespace {

using io::Loop;
using std::chrono::milliseconds;

constexpr milliseconds patient{10'000};

const KeyPair& authority() {
    static const KeyPair made = make_authority("test", std::chrono::days{2}).value();
    return made;
}

Context server_context() {
    const std::string names[] = {"example.com", "127.0.0.1"};
    const KeyPair pair = issue_certificate(authority(), names, std::chrono::days{1}).value();
    Context context = Context::create(Context::Role::server).value();
    EXPECT_TRUE(context.use_certificate({.chain = pair.certificate, .chain_name = "c", .key = pair.key, .key_name = "k"}));
    context.set_session_identity("test");
    return context;
}

Context client_context() {
    Context context = Context::create(Context::Role::client).value();
    EXPECT_TRUE(context.trust(authority().certificate, "a", false));
    context.set_verify(Verify::on, 3);
    return context;
}

struct Kind {
    const char* name;
    bool over_sockets;
    io::Faults faults{};
    unsigned protocols = protocols_default;
};
void PrintTo(const Kind& kind, std::ostream* out) { *out << kind.name; }

const Kind kinds[] = {
    {"memory", false},
    {"faults", false, {.seed = 5, .short_transfers = 40, .refusals = 30, .capacity_bytes = 20'000}},
    {"few_octets", false, {.seed = 7, .short_transfers = 90, .refusals = 10, .capacity_bytes = 3'000}},
    {"sockets", true},
    {"tls1_2",
     false,
     {.seed = 9, .short_transfers = 40, .refusals = 30, .capacity_bytes = 20'000},
     static_cast<unsigned>(Protocol::tls1_2)},
};

class TlsStream : public testing::TestWithParam<Kind> {
protected:
    TlsStream() {
        ::signal(SIGPIPE, SIG_IGN);
        loop = std::move(*Loop::create({.simulated_time = !GetParam().over_sockets}));
        EXPECT_TRUE(for_server.set_protocols(GetParam().protocols));
        if (GetParam().over_sockets) {
            int numbers[2];
            EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, numbers), 0);
            below_server = std::make_unique<io::SocketStream>(*loop, &scope, sys::Fd{numbers[0]});
            below_client = std::make_unique<io::SocketStream>(*loop, &scope, sys::Fd{numbers[1]});
        } else {
            auto [near, far] = io::MemoryStream::make_pair(*loop, &scope, GetParam().faults);
            below_server = std::move(near);
            below_client = std::move(far);
        }
        server = std::make_unique<Stream>(*below_server, for_server);
        client = std::make_unique<Stream>(*below_client, for_client);
        EXPECT_TRUE(client->expect_server("example.com"));
    }
    [[nodiscard]] io::Deadline soon() const { return loop->now() + patient; }
    void connect() {
        Result<> at_server, at_client;
        io::complete(*loop, shake(*server, *client, at_server, at_client));
        ASSERT_TRUE(at_server && at_client) << server->failure() << client->failure();
    }
    Task<> shake_one(Stream& stream, Result<>& outcome) { outcome = co_await handshake(stream, soon()); }
    Task<> shake(Stream& one, Stream& other, Result<>& of_one, Result<>& of_other) {
        io::Scope both;
        both.spawn(shake_one(one, of_one));
        both.spawn(shake_one(other, of_other));
        co_await both.finished();
    }

    std::unique_ptr<Loop> loop;
    io::Scope scope;
    Context for_server = server_context(), for_client = client_context();
    std::unique_ptr<io::Stream> below_server, below_client;
    std::unique_ptr<Stream> server, client;
};

std::string sample(std::size_t bytes) {
    std::string text(bytes, '\0');
    std::uint32_t state = 1;
    for (char& c : text) c = static_cast<char>((state = state * 1664525 + 1013904223) >> 24);
    return text;
}

Task<> write_and_finish(io::Stream& stream, std::string text, Result<std::uint64_t>& outcome) {
    iovec parts[] = {{text.data(), text.size() / 3}, {nullptr, 0}, {text.data() + text.size() / 3, text.size() - text.size() / 3}};
    outcome = co_await io::write_all(stream, parts, patient);
    const auto finished = co_await io::finish_writing(stream, stream.now() + patient);
    EXPECT_TRUE(finished);
}

Task<> read_all(io::Stream& stream, std::size_t buffer_bytes, io::Deadline deadline, Result<std::string>& text) {
    std::string buffer(buffer_bytes, '\0');
    text = std::string{};
    for (;;) {
        const auto count = co_await io::read_some(stream, buffer, deadline);
        if (!count) text = std::unexpected{count.error()};
        if (!count || *count == 0) co_return;
        text->append(buffer, 0, *count);
    }
}

TEST_P(TlsStream, AgreesAndKnowsWhoIsThere) {
    connect();
    EXPECT_EQ(protocol_of(*server), GetParam().protocols == protocols_default ? "TLSv1.3" : "TLSv1.2");
    EXPECT_EQ(server_name_of(*server), "example.com");
    EXPECT_EQ(cipher_of(*server), cipher_of(*client));
    EXPECT_FALSE(is_resumed(*server));
}

TEST_P(TlsStream, MovesMuchThatWayAndFindsItsEnd) {
    connect();
    const std::string text = sample(700'001);
    Result<std::uint64_t> sent;
    Result<std::string> received;
    io::Scope tasks;
    tasks.spawn(write_and_finish(*server, text, sent));
    tasks.spawn(read_all(*client, 5'000, soon(), received));
    while (tasks.task_count() > 0) loop->turn(io::never);
    EXPECT_EQ(sent.value_or(0), text.size());
    ASSERT_TRUE(received) << describe(received.error());
    EXPECT_TRUE(*received == text);
    EXPECT_TRUE(client->peer_gone());
}

TEST_P(TlsStream, MovesMuchTheOtherWayToo) {
    connect();
    const std::string text = sample(300'000);
    Result<std::uint64_t> sent;
    Result<std::string> received;
    io::Scope tasks;
    tasks.spawn(write_and_finish(*client, text, sent));
    tasks.spawn(read_all(*server, 1'000, soon(), received));
    while (tasks.task_count() > 0) loop->turn(io::never);
    ASSERT_TRUE(received) << describe(received.error());
    EXPECT_TRUE(*received == text);
}

// Neither end says that it has finished: whoever has said so only drops what still comes.
Task<> write_only(io::Stream& stream, std::string text) {
    iovec part{text.data(), text.size()};
    const auto outcome = co_await io::write_all(stream, {&part, 1}, patient);
    EXPECT_EQ(outcome.value_or(0), text.size());
}

Task<> read_octets(io::Stream& stream, std::size_t bytes, std::string& text) {
    std::string buffer(2'000, '\0');
    while (text.size() < bytes) {
        const auto count = co_await io::read_some(stream, buffer, stream.now() + patient);
        EXPECT_TRUE(count && *count > 0) << "after " << text.size();
        if (!count || *count == 0) co_return;
        text.append(buffer, 0, *count);
    }
}

TEST_P(TlsStream, MovesMuchBothWaysAtOnceAndRestsMeanwhile) {
    connect();
    const std::string there = sample(100'000), back = sample(150'000);
    std::string came_there, came_back;
    io::Scope tasks;
    tasks.spawn(write_only(*client, there));
    tasks.spawn(read_octets(*server, there.size(), came_there));
    tasks.spawn(write_only(*server, back));
    tasks.spawn(read_octets(*client, back.size(), came_back));
    while (tasks.task_count() > 0) {
        loop->turn(io::never);
        server->take_rest();
        client->take_rest();
    }
    EXPECT_TRUE(came_there == there && came_back == back);
    EXPECT_EQ(server_name_of(*server), "example.com") << "what it knows is still there";
    server->take_rest();
}

sys::Fd make_file(std::string_view content) {
    sys::Fd file{::memfd_create("tls_test", MFD_CLOEXEC)};
    EXPECT_EQ(::pwrite(file.get(), content.data(), content.size(), 0), static_cast<ssize_t>(content.size()));
    return file;
}

Task<> send_and_finish(io::Stream& stream, const sys::Fd& file, io::FileSlice slice, Result<>& outcome) {
    std::string head = "head";
    iovec part{head.data(), head.size()};
    const auto written = co_await io::write_all(stream, {&part, 1}, patient, true);
    EXPECT_TRUE(written);
    outcome = co_await io::send_file(stream, file, slice, patient);
    const auto finished = co_await io::finish_writing(stream, stream.now() + patient);
    EXPECT_TRUE(finished);
}

TEST_P(TlsStream, SendsAHeadAndAFile) {
    connect();
    const std::string text = sample(200'000);
    const sys::Fd file = make_file(text);
    Result<> sent;
    Result<std::string> received;
    io::Scope tasks;
    tasks.spawn(send_and_finish(*server, file, {.offset = 10, .length = 150'000}, sent));
    tasks.spawn(read_all(*client, 20'000, soon(), received));
    while (tasks.task_count() > 0) loop->turn(io::never);
    EXPECT_TRUE(sent);
    ASSERT_TRUE(received);
    EXPECT_TRUE(*received == "head" + text.substr(10, 150'000));
}

TEST_P(TlsStream, NoticesThatAFileWasTruncated) {
    connect();
    const sys::Fd file = make_file(sample(1'000));
    Result<> sent;
    Result<std::string> received;
    io::Scope tasks;
    tasks.spawn(send_and_finish(*server, file, {.offset = 0, .length = 5'000}, sent));
    tasks.spawn(read_all(*client, 20'000, soon(), received));
    while (tasks.task_count() > 0) loop->turn(io::never);
    ASSERT_FALSE(sent);
    EXPECT_EQ(sent.error().code, std::errc::io_error);
}

// What plain streams leave to the kernel is read by ourselves here: it must not be a signal that ends the process.
TEST_P(TlsStream, SurvivesAMappingThatIsCutMeanwhile) {
    connect();
    const sys::Fd file = make_file(sample(8'192));
    void* const mapping = ::mmap(nullptr, 8'192, PROT_READ, MAP_SHARED, file.get(), 0);
    ASSERT_NE(mapping, MAP_FAILED);
    ASSERT_EQ(::ftruncate(file.get(), 100), 0);
    const iovec part{mapping, 8'192};
    const auto attempt = server->try_write({&part, 1});
    ASSERT_FALSE(attempt);
    EXPECT_EQ(attempt.error().code, std::errc::bad_address);
    ::munmap(mapping, 8'192);
}

TEST_P(TlsStream, AClientDoesNotTakeACutForTheEnd) {
    connect();
    EXPECT_TRUE(below_server->finish_writing());  // without a close_notify: somebody on the way
    Result<std::string> received;
    io::complete(*loop, read_all(*client, 100, soon(), received));
    EXPECT_FALSE(received);
}

TEST_P(TlsStream, RefusesAServerWithAnotherName) {
    EXPECT_TRUE(client->expect_server("other.example"));
    Result<> at_server, at_client;
    io::complete(*loop, shake(*server, *client, at_server, at_client));
    ASSERT_FALSE(at_client);
    EXPECT_EQ(at_client.error().code, std::errc::protocol_error);
    EXPECT_NE(client->failure().find("certificate verify failed"), std::string_view::npos) << client->failure();
    EXPECT_NE(client->failure().find("hostname mismatch"), std::string_view::npos) << client->failure();
}

TEST_P(TlsStream, TakesOctetsThatWereReadBefore) {
    Result<> at_client;
    io::Scope tasks;
    tasks.spawn(shake_one(*client, at_client));
    std::string hello(1, '\0');
    while (!below_server->try_read(hello)->count) loop->turn(loop->now() + milliseconds{1});
    server->begin_with(hello);
    Result<> at_server;
    tasks.spawn(shake_one(*server, at_server));
    while (tasks.task_count() > 0) loop->turn(io::never);
    EXPECT_TRUE(at_server && at_client) << server->failure();
}

INSTANTIATE_TEST_SUITE_P(Stream, TlsStream, testing::ValuesIn(kinds), [](const auto& kind) { return kind.param.name; });

// A small answer is one record, and one write; with the first one go the tickets.
TEST(TlsStreamRecords, AreAsFewAsTheyCan) {
    const auto loop = std::move(*Loop::create({.simulated_time = true}));
    io::Scope scope;
    auto [near, far] = io::MemoryStream::make_pair(*loop, &scope);
    const Context for_server = server_context(), for_client = client_context();
    Stream server{*near, for_server}, client{*far, for_client};
    bool done_server = false, done_client = false;
    while (!done_server || !done_client) {
        if (!done_client) done_client = client.try_handshake()->blocked_on == io::Readiness::none;
        if (!done_server) done_server = server.try_handshake()->blocked_on == io::Readiness::none;
    }
    std::string head(200, 'h'), content(1'000, 'c');
    const iovec parts[] = {{head.data(), head.size()}, {content.data(), content.size()}};
    const std::uint64_t before = near->octets_written();
    EXPECT_EQ(server.try_write(parts)->count, 1'200U);
    const std::uint64_t with_tickets = near->octets_written() - before;
    EXPECT_GT(with_tickets, 1'222U) << "the tickets leave with the first answer";
    EXPECT_EQ(server.try_write(parts)->count, 1'200U);
    constexpr unsigned record_overhead = 5 + 1 + 16;
    EXPECT_EQ(near->octets_written() - before - with_tickets, 1'200U + record_overhead);
}

}  // namespace
}  // namespace webserv::tls
