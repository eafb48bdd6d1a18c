// modules/autoindex_test.cpp: the order of a list, and what is written of names and sizes that are at the edge of something.
// What nginx writes is compared with nginx itself, in tests/integration/test_autoindex.py.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "modules/autoindex_listing.hpp"

namespace webserv::modules {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using Kind = ListedFile::Kind;
using Column = ListOrder::Column;

ListedFile file(std::string name, std::uint64_t size = 0, std::int64_t time = 0) {
    return {.name = std::move(name), .size = size, .modified_seconds = time, .kind = Kind::file};
}

ListedFile folder(std::string name) { return {.name = std::move(name), .size = 4096, .modified_seconds = 0, .kind = Kind::directory}; }

std::vector<std::string> sorted(std::vector<ListedFile> files, ListOrder order) {
    sort_files(files, order);
    std::vector<std::string> names;
    for (const ListedFile& each : files) names.push_back(each.name);
    return names;
}

TEST(ListOrder, PutsFoldersFirst) {
    const std::vector<ListedFile> files{file("a", 3, 1), folder("z"), file("B", 1, 3), folder("y"), file("c", 2, 2)};
    EXPECT_THAT(sorted(files, {}), ElementsAre("y", "z", "B", "a", "c"));
    EXPECT_THAT(sorted(files, {.natural = true}), ElementsAre("y", "z", "a", "B", "c"));
    EXPECT_THAT(sorted(files, {.descending = true, .natural = true}), ElementsAre("z", "y", "c", "B", "a"));
    EXPECT_THAT(sorted(files, {.column = Column::size, .natural = true}), ElementsAre("y", "z", "B", "c", "a"));
    EXPECT_THAT(sorted(files, {.column = Column::modified, .descending = true}), ElementsAre("z", "y", "B", "c", "a"));
}

TEST(ListOrder, ComparesNamesAsPeopleDo) {
    const std::vector<std::string_view> in_order{"",       "1",     "2",     "10",   "a",   "a1",   "A2",      "a02b",
                                                 "a2c",    "a9",    "a10",   "a10b", "b",   "file", "file 1",  "file-1",
                                                 "file01", "file1", "file2", "x0",   "x00", "x1",   "\xc3\xa4"};
    for (std::size_t i = 0; i < in_order.size(); ++i) {
        for (std::size_t j = 0; j < in_order.size(); ++j) {
            const int order = compare_naturally(in_order[i], in_order[j]);
            EXPECT_EQ(order < 0, i < j) << in_order[i] << " " << in_order[j];
            EXPECT_EQ(order == 0, i == j) << in_order[i] << " " << in_order[j];
        }
    }
}

TEST(ListOrder, TakesNumbersOfAnyLength) {
    const std::string large(400, '9'), larger = "1" + std::string(400, '0');
    EXPECT_LT(compare_naturally(large, larger), 0);
    EXPECT_GT(compare_naturally("x" + larger, "x" + large), 0);
    EXPECT_LT(compare_naturally("000", "1"), 0);
}

std::string page_of(ListOptions options, std::vector<ListedFile> files) {
    const auto writer = make_list_writer(std::move(options));
    writer->arrange(files);
    std::string out;
    writer->begin(out);
    for (std::size_t i = 0; i < files.size(); ++i) writer->add(out, files[i], i + 1 == files.size());
    writer->end(out);
    return out;
}

std::string size_text(std::uint64_t octets) {
    const std::string page = page_of({.exact_size = false, .path = "/"}, {file("x", octets)});
    const auto from = page.find("</time></td><td>") + 16;
    return page.substr(from, page.find('<', from) - from);
}

TEST(ListPage, SaysSizesWithThreeDigitsAtMost) {
    struct Case {
        std::uint64_t octets;
        std::string_view text;
    };
    const Case cases[] = {{0, "0 B"},          {999, "999 B"},      {1000, "1.0 kB"},          {9949, "9.9 kB"},     {9950, "10 kB"},
                          {999'499, "999 kB"}, {999'500, "1.0 MB"}, {1'500'000'000, "1.5 GB"}, {UINT64_MAX, "18 EB"}};
    for (const Case& each : cases) EXPECT_EQ(size_text(each.octets), each.text) << each.octets;
}

TEST(ListPage, EscapesWhateverAFileIsCalled) {
    const std::string page = page_of({.path = "/<b>/\"&/"}, {file("\"><script>alert(1)</script>"), folder("javascript:x")});
    EXPECT_THAT(page,
                HasSubstr("href=\"%22%3E%3Cscript%3Ealert%281%29%3C%2Fscript%3E\">&quot;&gt;&lt;script&gt;alert(1)&lt;/script&gt;</a>"));
    EXPECT_THAT(page, HasSubstr("href=\"javascript%3Ax/\""));
    EXPECT_THAT(page, HasSubstr("<title>Index of /&lt;b&gt;/&quot;&amp;/</title>"));
    EXPECT_THAT(page, Not(HasSubstr("<script>alert")));
}

TEST(ListPage, AnArgumentIsText) {
    const std::string page = page_of({.path = "/", .args = "F=%22%3E%3Cb%3E&C=S&O=D"}, {file("a")});
    EXPECT_THAT(page, HasSubstr("value=\"&quot;&gt;&lt;b&gt;\""));
    EXPECT_THAT(page, HasSubstr("?C=N&amp;O=A&amp;F=%22%3E%3Cb%3E\""));
    EXPECT_THAT(page, HasSubstr("No name matches."));
}

}  // namespace
}  // namespace webserv::modules
