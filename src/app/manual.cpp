// app/manual.cpp: the pages that the engine renders, as files.
// The tables are the only source: a page can not say something else than the code.
#include "app/manual.hpp"

#include <fmt/format.h>

#include <filesystem>
#include <fstream>

#include "app/print.hpp"
#include "config/directive.hpp"
#include "modules/registry.hpp"
#include "server/site_builder.hpp"

namespace webserv::app {

int write_manual(std::span<char* const> words) {
    if (words.size() != 1) {
        print_error(fmt::format("webserv: usage: webserv manual FOLDER\n"));
        return 1;
    }
    const std::filesystem::path folder = words[0];
    std::error_code error;
    std::filesystem::create_directories(folder, error);
    const auto groups = server::directive_groups(modules::all());
    for (const auto& [name, text] : config::manual_pages(groups)) {
        std::ofstream page{folder / name, std::ios::binary};
        page << text;
        if (page.flush()) continue;
        print_error(fmt::format("webserv: cannot write {}\n", (folder / name).string()));
        return 1;
    }
    return 0;
}

}  // namespace webserv::app
