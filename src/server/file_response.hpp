// server/file_response.hpp: a file as the answer: its length, time and entity tag, and its octets as content.
// Small ones from memory, large ones by sendfile, or through memory if that is off.
#pragma once

#include <memory>

#include "server/exchange.hpp"
#include "server/open_files.hpp"

namespace webserv::server {

/// 200 with all of the file. The exchange keeps it open until it has been sent, whatever happens to its name meanwhile.
void respond_with_file(Exchange& exchange, std::shared_ptr<const OpenFile> opened);

}  // namespace webserv::server
