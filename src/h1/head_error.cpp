// h1/head_error.cpp: what a refused head is answered with, and what the log says about it.
// The words are those of nginx where it has the same complaint: log watchers look for them.
#include "h1/parser.hpp"

namespace webserv::h1 {

int status_of(HeadError error) noexcept {
    switch (error) {
        case HeadError::line_too_long:
            return 414;
        case HeadError::fields_too_large:
        case HeadError::too_many_fields:
            return 494;  // nginx's own code; the client sees 400
        case HeadError::unsupported_version:
            return 505;
        case HeadError::unknown_coding:
            return 501;
        case HeadError::unknown_expectation:
            return 417;
        default:
            return 400;
    }
}

std::string_view describe(HeadError error) noexcept {
    switch (error) {
        case HeadError::bad_method:
            return "client sent invalid method";
        case HeadError::bad_target:
            return "client sent invalid request";
        case HeadError::bad_version:
            return "client sent invalid version";
        case HeadError::unsupported_version:
            return "client sent unsupported version";
        case HeadError::bad_line_end:
            return "client sent a bare CR or LF";
        case HeadError::line_too_long:
            return "client sent too long URI";
        case HeadError::fields_too_large:
            return "client sent too long header line";
        case HeadError::too_many_fields:
            return "client sent too many header lines";
        case HeadError::too_many_blank_lines:
            return "client sent too many empty lines before its request";
        case HeadError::bad_field_name:
            return "client sent invalid header name";
        case HeadError::space_before_colon:
            return "client sent header name followed by white space";
        case HeadError::obsolete_fold:
            return "client sent folded header line";
        case HeadError::missing_colon:
            return "client sent header line without a colon";
        case HeadError::bad_field_value:
            return "client sent invalid header value";
        case HeadError::missing_host:
            return "client sent HTTP/1.1 request without \"Host\" header";
        case HeadError::repeated_host:
            return "client sent duplicate \"Host\" header";
        case HeadError::bad_host:
            return "client sent invalid host";
        case HeadError::bad_content_length:
            return "client sent invalid \"Content-Length\" header";
        case HeadError::repeated_content_length:
            return "client sent duplicate \"Content-Length\" header";
        case HeadError::length_with_coding:
            return "client sent \"Content-Length\" and \"Transfer-Encoding\" headers at the same time";
        case HeadError::unknown_coding:
            return "client sent unknown \"Transfer-Encoding\"";
        case HeadError::repeated_coding:
            return "client sent duplicate \"Transfer-Encoding\" header";
        case HeadError::coding_in_1_0:
            return "client sent HTTP/1.0 request with \"Transfer-Encoding\" header";
        case HeadError::unknown_expectation:
            return "client sent unknown \"Expect\"";
    }
    return "client sent invalid request";
}

}  // namespace webserv::h1
