// server/listen_points.cpp: the listen directives of all servers, joined by address: one point each, with default and names.
// nginx's rule: socket options once an address, and the first server is the default unless one says so.
#include <fmt/format.h>

#include <algorithm>

#include "server/site_builder.hpp"
#include "server/tls_settings.hpp"

namespace webserv::server {

using config::Checked;
using config::complain;

namespace {

struct Draft {
    std::unique_ptr<ListenPoint> point;
    std::vector<const VirtualHost*> hosts;
    bool has_default = false;
    bool has_options = false;
};

// Same port and family: the wildcard's socket accepts for the specific address too, unless that has a socket of its own.
bool covers(const ListenPoint& wildcard, const ListenPoint& specific) {
    return wildcard.address.is_wildcard() && !specific.address.is_wildcard() && !specific.address.is_local() &&
           wildcard.address.family() == specific.address.family() && wildcard.address.port() == specific.address.port();
}

}  // namespace

Checked<> SiteBuilder::join_point(ListenPoint& point, const ListenEntry& entry, bool& has_default, bool& has_options) {
    if (entry.spec.default_server) {
        if (has_default) return complain(fmt::format("a duplicate default server for {}", point.address.text()), entry.spec.place);
        has_default = true;
        point.default_host = entry.host;
    }
    if (point.default_host == nullptr) point.default_host = entry.host;
    point.proxy_protocol = point.proxy_protocol || entry.spec.proxy_protocol;  // of all servers there
    point.secure = point.secure || entry.spec.secure;
    point.http2 = point.http2 || entry.spec.http2;
    if (entry.spec.http2) warn("the \"listen ... http2\" directive is deprecated, use the \"http2\" directive instead", entry.spec.place);
    if (entry.spec.has_options) {
        if (has_options) return complain(fmt::format("duplicate listen options for {}", point.address.text()), entry.spec.place);
        has_options = true;
        point.options = entry.spec.options;
    }
    return {};
}

Checked<> SiteBuilder::check_certificates(const ListenPoint& point) {
    const auto is_of_point = [&](const ListenEntry& entry) { return entry.spec.address == point.address; };
    const VirtualHost* const shown = point.default_host;
    if (shown->tls) return {};
    for (const ListenEntry& entry : listens_) {
        // Where the default server refuses handshakes, the others need certificates of their own.
        const bool needs = is_of_point(entry) && !entry.host->tls && !entry.host->settings.get<TlsSettings>().reject_handshake;
        if (!needs) continue;
        return complain("no \"ssl_certificate\" is defined for the \"listen ... ssl\" directive", entry.spec.place);
    }
    return {};
}

void SiteBuilder::add_names(ListenPoint& point, const VirtualHost& host) {
    for (const std::string& name : point.names.add(host)) {
        warnings_.push_back(fmt::format("conflicting server name \"{}\" on {}, ignored", name, point.address.text()));
    }
}

Checked<> SiteBuilder::link_points() {
    std::vector<Draft> drafts;
    for (const ListenEntry& entry : listens_) {
        auto draft =
            std::find_if(drafts.begin(), drafts.end(), [&](const Draft& other) { return other.point->address == entry.spec.address; });
        if (draft == drafts.end()) {
            drafts.emplace_back();
            draft = drafts.end() - 1;
            draft->point = std::make_unique<ListenPoint>();
            draft->point->address = entry.spec.address;
        }
        if (auto joined = join_point(*draft->point, entry, draft->has_default, draft->has_options); !joined) return joined;
        draft->hosts.push_back(entry.host);
        const bool takes = entry.host->settings.get<ConnectionSettings>().takes_underscores();
        draft->point->takes_underscores = draft->point->takes_underscores || takes;
        add_names(*draft->point, *entry.host);
    }
    for (Draft& draft : drafts) {
        const auto has_regex = [](const ServerName& name) { return name.regex != nullptr; };
        const auto& names = draft.hosts.front()->names;
        if (draft.point->secure) {
            if (auto checked = check_certificates(*draft.point); !checked) return checked;
        }
        draft.point->single = draft.hosts.size() == 1 && std::none_of(names.begin(), names.end(), has_regex);
    }
    for (Draft& draft : drafts) {
        int& wait_seconds = draft.point->options.defer_seconds;
        const auto patience = draft.point->default_host->settings.get<ConnectionSettings>().client_header_timeout;
        if (wait_seconds > 0) wait_seconds = static_cast<int>(std::max<std::int64_t>(1, std::chrono::floor<seconds>(patience).count()));
    }
    for (Draft& draft : drafts) {
        if (draft.has_options) continue;
        for (Draft& wildcard : drafts) {
            if (!wildcard.point || !draft.point || !covers(*wildcard.point, *draft.point)) continue;
            wildcard.point->specific.push_back(std::move(draft.point));
            break;
        }
    }
    for (Draft& draft : drafts) {
        if (draft.point) site_->points.push_back(std::move(draft.point));
    }
    return {};
}

}  // namespace webserv::server
