// server/path_watch.cpp: a path followed as the kernel follows it, each folder watched before what lies in it is looked at.
// In that order nothing escapes: what changes later is told, what changed before is seen.
#include "server/path_watch.hpp"

#include <limits.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <algorithm>
#include <cassert>
#include <utility>

namespace webserv::server {
namespace {

constexpr std::size_t steps_max = 40;  // as many as the kernel follows symbolic links; a path with more is asked the slow way

/// The next component of a path, which loses it; empty at its end.
std::string take_component(std::string& path) {
    const auto begin = path.find_first_not_of('/');
    if (begin == path.npos) {
        path.clear();
        return {};
    }
    const auto end = std::min(path.find('/', begin), path.size());
    std::string component = path.substr(begin, end - begin);
    path.erase(0, end);
    return component;
}

/// Where a symbolic link leads; nothing if it is none.
std::optional<std::string> link_target(const std::string& path) {
    char target[PATH_MAX];
    const ssize_t bytes = ::readlink(path.c_str(), target, sizeof target);
    if (bytes <= 0) return std::nullopt;
    return std::string{target, static_cast<std::size_t>(bytes)};
}

}  // namespace

PathWatch::~PathWatch() {
    if (loop_ != nullptr && kernel_) loop_->forget(kernel_->descriptor(), *this);
}

// Once, until what has happened was learned: who is idle is not woken for each of many changes.
void PathWatch::ask_to_be_told() { told_ = loop_ != nullptr && loop_->add(kernel_->descriptor(), *this, EPOLLIN | EPOLLET | EPOLLONESHOT); }

void PathWatch::on_events(std::uint32_t) { news_ = true; }

bool PathWatch::open() {
    if (kernel_ || refused_) return kernel_.has_value();
    auto created = sys::FileWatch::create();
    refused_ = !created;
    if (!created) return false;
    kernel_.emplace(std::move(*created));
    ask_to_be_told();
    return true;
}

bool PathWatch::watch(std::string_view path, WatchedPath& watched) {
    assert(!watched.untouched());
    if (!path.starts_with('/') || !open()) return false;
    if (follow(path, watched)) return true;
    unwatch(watched);
    return false;
}

bool PathWatch::follow(std::string_view path, WatchedPath& watched) {
    std::string place;  // without symbolic links, without a final slash: the root is empty
    std::string rest{path};
    while (watched.steps_.size() < steps_max) {
        const std::string name = take_component(rest);
        if (name.empty()) return reach(place, watched);
        if (!step_into(place, name, rest, watched)) return false;
    }
    return false;
}

// The end of the path. If nothing is there, its folder tells when something comes.
bool PathWatch::reach(const std::string& place, WatchedPath& watched) {
    const auto file = kernel_->add_file(place.c_str());
    if (!file) return file.error().code == std::errc::no_such_file_or_directory && !watched.steps_.empty();
    return depend(file, {}, watched) && sys::is_on_local_file_system(place.c_str());
}

// One component: `place` becomes what it names, or, if that is a symbolic link, `rest` begins with where it leads.
bool PathWatch::step_into(std::string& place, std::string_view name, std::string& rest, WatchedPath& watched) {
    if (name == ".") return true;
    if (name == "..") {
        place.resize(place.empty() ? 0 : place.rfind('/'));
        return true;
    }
    const char* const folder = place.empty() ? "/" : place.c_str();
    if (!sys::is_on_local_file_system(folder) || !depend(kernel_->add_folder(folder), name, watched)) return false;
    const std::string child = place + "/" + std::string{name};
    if (const auto target = link_target(child)) {
        if (target->starts_with('/')) place.clear();
        rest = *target + "/" + rest;
    } else {
        place = child;
    }
    return true;
}

bool PathWatch::depend(const Result<int>& watch, std::string_view name, WatchedPath& watched) {
    if (!watch) return false;
    watched.steps_.push_back({*watch, std::string{name}});
    watches_[*watch].emplace(name, &watched);
    return true;
}

void PathWatch::unwatch(WatchedPath& watched) {
    for (const auto& [watch, name] : std::exchange(watched.steps_, {})) {
        const auto node = watches_.find(watch);
        if (node == watches_.end()) continue;  // the same folder twice in one path
        Dependents& dependents = node->second;
        std::erase_if(dependents, [&](const auto& dependent) { return dependent.second == &watched; });
        if (!dependents.empty()) continue;
        watches_.erase(node);
        kernel_->remove(watch);
    }
}

void PathWatch::catch_up() {
    take_all();
    if (!std::exchange(news_, false)) return;
    ask_to_be_told();
    take_all();  // a change before the loop was asked again would be told behind a request that has followed it
}

void PathWatch::take_all() {
    while (!watches_.empty() || news_) {
        const auto& happened = kernel_->take();
        if (happened.changes.empty()) break;
        if (happened.lost) {
            forget_all();
        } else {
            for (const sys::FileChange& change : happened.changes) touched(change);
        }
    }
}

void PathWatch::touched(const sys::FileChange& change) {
    const auto node = watches_.find(change.watch);
    if (node == watches_.end()) return;
    std::vector<WatchedPath*> concerned;
    const auto [begin, end] =
        change.name.empty() ? std::pair{node->second.begin(), node->second.end()} : node->second.equal_range(std::string{change.name});
    for (auto dependent = begin; dependent != end; ++dependent) concerned.push_back(dependent->second);
    for (WatchedPath* const watched : concerned) unwatch(*watched);
}

void PathWatch::forget_all() {
    for (const auto& [watch, dependents] : watches_) {
        for (const auto& [name, watched] : dependents) watched->steps_.clear();
        kernel_->remove(watch);
    }
    watches_.clear();
}

}  // namespace webserv::server
