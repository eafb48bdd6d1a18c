// server/path_watch.hpp: whether anything has happened to what a path names, without asking stat(2) again.
// Every folder and symbolic link that the path leads through is watched, and the file itself.
#pragma once

#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "io/loop.hpp"
#include "sys/file_watch.hpp"

namespace webserv::server {

/// One path that somebody wants to know about. Its address must not change while it is watched.
class WatchedPath {
public:
    WatchedPath() = default;
    WatchedPath(const WatchedPath&) = delete;
    WatchedPath& operator=(const WatchedPath&) = delete;

    /// Nothing has happened since it was watched, as far as catch_up() knows. Once false, it is watched no more.
    [[nodiscard]] bool untouched() const noexcept { return !steps_.empty(); }

private:
    friend class PathWatch;
    struct Step {  ///< what must not change: an entry of a folder, or, without a name, the thing itself
        int watch;
        std::string name;
    };
    std::vector<Step> steps_;
};

class PathWatch final : private io::Watcher {
public:
    /// @param loop  tells when something has happened, so that nobody has to ask in vain; null: nobody tells
    explicit PathWatch(io::Loop* loop = nullptr) noexcept : loop_{loop} {}
    ~PathWatch();

    /// Begins to watch an absolute path. What happened before is not told: look at the file once more afterwards. Where the last name
    /// of the path is missing, its coming is what happens.
    /// @return false: it can not be watched (a limit, a network file system, a folder that can not be read), so nobody will say
    bool watch(std::string_view path, WatchedPath& watched);
    void unwatch(WatchedPath& watched);

    /// Learns what has happened until now. One read(2), if anything is watched at all; more if something has.
    void catch_up();
    /// Whether the loop tells what happens: what was changed before a turn began is news in that turn, before anything that was sent
    /// afterwards is handed out. epoll(7) keeps the order.
    [[nodiscard]] bool is_told() const noexcept { return told_; }
    [[nodiscard]] bool has_news() const noexcept { return news_; }  ///< since catch_up()

private:
    using Dependents = std::unordered_multimap<std::string, WatchedPath*>;  // by the name of their step

    void on_events(std::uint32_t events) override;
    void ask_to_be_told();
    void take_all();
    [[nodiscard]] bool open();
    bool follow(std::string_view path, WatchedPath& watched);
    bool reach(const std::string& place, WatchedPath& watched);
    bool step_into(std::string& place, std::string_view name, std::string& rest, WatchedPath& watched);
    bool depend(const Result<int>& watch, std::string_view name, WatchedPath& watched);
    void touched(const sys::FileChange& change);
    void forget_all();

    std::optional<sys::FileWatch> kernel_;  // from the first path on
    io::Loop* loop_;
    bool refused_ = false;  // the kernel has none for us
    bool told_ = false;
    bool news_ = false;
    std::unordered_map<int, Dependents> watches_;
};

}  // namespace webserv::server
