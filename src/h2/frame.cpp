// h2/frame.cpp: the names of error codes.
// As RFC 9113 section 7 writes them.
#include "h2/frame.hpp"

#include <array>

namespace webserv::h2 {

std::string_view name_of(ErrorCode code) noexcept {
    static constexpr std::array<std::string_view, 14> names{"NO_ERROR",
                                                            "PROTOCOL_ERROR",
                                                            "INTERNAL_ERROR",
                                                            "FLOW_CONTROL_ERROR",
                                                            "SETTINGS_TIMEOUT",
                                                            "STREAM_CLOSED",
                                                            "FRAME_SIZE_ERROR",
                                                            "REFUSED_STREAM",
                                                            "CANCEL",
                                                            "COMPRESSION_ERROR",
                                                            "CONNECT_ERROR",
                                                            "ENHANCE_YOUR_CALM",
                                                            "INADEQUATE_SECURITY",
                                                            "HTTP_1_1_REQUIRED"};
    const auto index = static_cast<std::size_t>(code);
    return index < names.size() ? names[index] : "unknown error";
}

}  // namespace webserv::h2
