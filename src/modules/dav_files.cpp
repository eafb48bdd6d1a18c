// modules/dav_files.cpp: put, remove, make, copy and move, in nginx's order of checks.
// Nothing that exists is damaged by a request that fails halfway: what is new appears under its name when it is complete.
#include "modules/dav_files.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/result.hpp"
#include "sys/file.hpp"
#include "sys/tree.hpp"

namespace webserv::modules::dav {
namespace {

constexpr int created = 201, no_content = 204, bad_request = 400, forbidden = 403, not_found = 404, not_allowed = 405, conflict = 409,
              precondition_failed = 412, internal_error = 500, insufficient_storage = 507;

int status_of(std::errc code, int if_missing) {
    switch (code) {
        case std::errc::no_such_file_or_directory:
        case std::errc::not_a_directory:
        case std::errc::filename_too_long:
            return if_missing;
        case std::errc::permission_denied:
        case std::errc::operation_not_permitted:
            return forbidden;
        case std::errc::file_exists:
            return not_allowed;
        case std::errc::no_space_on_device:
            return insufficient_storage;
        default:
            return internal_error;
    }
}

Done failed_at(const std::string& path, const Error& error, int if_missing) {
    return {.status = status_of(error.code, if_missing),
            .complaint = fmt::format("{}() \"{}\" failed {}", error.doing, path, describe_errno(static_cast<int>(error.code)))};
}

/// Of the name itself: a link is not followed.
Result<sys::FileStatus> look(const std::string& path) { return sys::status_of(AT_FDCWD, path.c_str(), false); }

bool sets_time(const std::string& path, std::time_t seconds) {
    const timespec times[] = {{.tv_sec = 0, .tv_nsec = UTIME_OMIT}, {.tv_sec = seconds, .tv_nsec = 0}};
    return ::utimensat(AT_FDCWD, path.c_str(), times, 0) == 0;
}

Done transfer_collection(const Transfer& request) {
    if (request.moves && ::rename(request.from.c_str(), request.to.c_str()) == 0) return {.status = created};
    if (const auto copied = sys::copy_tree(request.from, request.to); !copied) return failed_at(request.to, copied.error(), not_found);
    if (!request.moves) return {.status = created};
    if (const auto removed = sys::remove_tree(request.from); !removed) return failed_at(request.from, removed.error(), not_found);
    return {.status = created};
}

Done transfer_file(const Transfer& request) {
    Result<> done;
    if (request.moves) {
        done = sys::make_folders_above(request.to, request.access.folder());
        if (done) done = sys::move_file(request.from, request.to);
    } else {
        done = sys::copy_file(request.from, request.to);
    }
    if (done) return {.status = no_content};
    Done failure = failed_at(request.to, done.error(), internal_error);
    if (failure.status != insufficient_storage) failure.status = internal_error;
    return failure;
}

}  // namespace

Done put(const Put& request) {
    const auto old = sys::status_of(request.path.c_str());
    if (old && old->is_directory())
        return {.status = conflict, .complaint = fmt::format("\"{}\" could not be created {}", request.path, describe_errno(EISDIR))};
    if (::chmod(request.temporary.c_str(), request.access.file) < 0)
        return failed_at(request.temporary, failed("chmod").error(), internal_error);
    if (request.modified && !sets_time(request.temporary, *request.modified)) {
        return failed_at(request.temporary, failed("utimensat").error(), internal_error);
    }
    if (request.makes_folders) {
        if (const auto made = sys::make_folders_above(request.path, request.access.folder()); !made) {
            return failed_at(request.path, made.error(), conflict);
        }
    }
    if (const auto moved = sys::move_file(request.temporary, request.path); !moved) return failed_at(request.path, moved.error(), conflict);
    return {.status = old ? no_content : created};
}

Done remove(const std::string& path, bool as_collection, std::optional<unsigned> depth) {
    const auto status = look(as_collection ? path + "/" : path);
    if (!status) return failed_at(path, status.error(), status.error().code == std::errc::not_a_directory ? conflict : not_found);
    if (!status->is_directory()) {
        if (depth && *depth != 0) return {.status = bad_request, .complaint = "\"Depth\" header must be 0 or infinity"};
        if (::unlink(path.c_str()) < 0) return failed_at(path, failed("unlink").error(), not_found);
        return {.status = no_content};
    }
    if (!as_collection) return {.status = conflict, .complaint = fmt::format("DELETE \"{}\" failed {}", path, describe_errno(EISDIR))};
    if (depth) return {.status = bad_request, .complaint = "\"Depth\" header must be infinity"};
    if (const auto removed = sys::remove_tree(path); !removed) return failed_at(path, removed.error(), not_found);
    return {.status = no_content};
}

Done make_collection(const std::string& path, Access access) {
    if (::mkdir(path.c_str(), access.folder()) < 0) return failed_at(path, failed("mkdir").error(), conflict);
    return {.status = created};
}

Done transfer(const Transfer& request) {
    if (request.to == request.from || request.to.starts_with(request.from + "/")) {
        return {.status = forbidden, .complaint = fmt::format("\"{}\" cannot be put into itself", request.from)};
    }
    const auto there = look(request.to);
    if (!there && there.error().code != std::errc::no_such_file_or_directory) return failed_at(request.to, there.error(), not_found);
    if (there && there->is_directory() && !request.as_collection) {
        return {.status = conflict, .complaint = fmt::format("\"{}\" is a collection", request.to)};
    }
    if (there && !request.overwrites) {
        return {.status = precondition_failed,
                .complaint = fmt::format("\"{}\" could not be created {}", request.to, describe_errno(EEXIST))};
    }
    const auto source = look(request.as_collection ? request.from + "/" : request.from);
    if (!source) return failed_at(request.from, source.error(), not_found);
    if (!source->is_directory()) return transfer_file(request);
    if (!request.as_collection) return {.status = bad_request, .complaint = fmt::format("\"{}\" is collection", request.from)};
    if (there) {
        if (const auto removed = sys::remove_tree(request.to); !removed) return failed_at(request.to, removed.error(), not_found);
    }
    return transfer_collection(request);
}

}  // namespace webserv::modules::dav
