// io/complete.hpp: runs a loop until one task has ended: for tests, and for programs that do one thing.
// The task has a scope of its own, so it may wait for anything on that loop.
#pragma once

#include <optional>
#include <utility>

#include "base/task.hpp"
#include "io/loop.hpp"
#include "io/scope.hpp"

namespace webserv::io {
namespace detail {

template <class T>
Task<> store(Task<T> task, std::optional<T>& result) {
    result.emplace(co_await task);
}

}  // namespace detail

/// What `task` gives. Not from within a turn of the loop.
template <class T>
T complete(Loop& loop, Task<T> task) {
    std::optional<T> result;
    Scope scope;
    scope.spawn(detail::store(std::move(task), result));
    while (scope.task_count() > 0) loop.turn(never);
    return std::move(*result);
}

inline void complete(Loop& loop, Task<> task) {
    Scope scope;
    scope.spawn(std::move(task));
    while (scope.task_count() > 0) loop.turn(never);
}

}  // namespace webserv::io
