// modules/registry.cpp: the one list. Within a phase, handlers run in this order; so do filters.
// Adding a feature is a line here and a file beside.
#include "modules/registry.hpp"

#include "server/core_modules.hpp"

namespace webserv::modules {

std::span<const server::Module* const> all() noexcept {
    static constexpr const server::Module* modules[] = {
        &server::main_module,
        &server::process_module,
        &server::error_log_module,
        &server::core_module,
        &server::connection_module,
        &server::http2_module,
        &server::output_module,
        &server::file_reading_module,
        &server::content_coding_module,
        &server::tls_module,
        &server::resolver_module,
        &server::moot_module,
        &server::open_file_module,
        &server::variables_module,
        &server::network_variables_module,
        &server::tls_variables_module,
        &redirect_module,
        // who the client is, before all that asks about it
        &realip_module,
        &early_read_module,
        // access: addresses before passwords
        &access_module,
        &auth_basic_module,
        // before the content: which file it is
        &try_files_module,
        // content: what a location says it is; an index is looked for before the folder is listed, and before the file itself
        &stub_status_module,
        &empty_gif_module,
        &random_index_module,
        &index_module,
        &autoindex_module,
        &static_coding_module,
        &dav_module,
        &static_module,
        // filters: 304 and 412 are decided before fields are added, ranges are cut last
        &conditional_module,
        &more_headers_module,
        &expires_module,
        &headers_module,
        &range_module,
        &limit_rate_module,
        // log
        &upstreams_module,
        &access_log_module,
        // beside the answers
        &stapling_module,
    };
    return modules;
}

}  // namespace webserv::modules
