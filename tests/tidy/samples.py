"""tests/tidy/samples.py: for each check small files that it must complain about, and small files that it must not.

A check that cannot fail is worth nothing; tests/tidy_test runs every check on these before it trusts it.
"""

HEAD = "// base/a.cpp: a sample.\n// It has two lines.\n"
LONG_BODY = "    step();\n" * 60
MANUAL = "#!/bin/sh\nprintf '# core\\n\\n## root\\n\\nThe folder.\\n' > \"$2/core.md\"\n"
PAGE = "# core\n\n## root\n\nThe folder.\n"

# check -> (bad trees, good trees); a tree is path -> text
SAMPLES = {
    "file_sizes": (
        [{"src/base/a.cpp": HEAD + "int x;\n" * 500}, {"tests/a.py": "x = 1\n" * 501}],
        [{"src/base/a.cpp": HEAD + "int x;\n" * 498}, {"src/base/a.cpp": "// base/a.cpp: Generated data.\n" + "1,\n" * 900}],
    ),
    "function_sizes": (
        [
            {"src/base/a.cpp": HEAD + "void long_one() {\n" + LONG_BODY + "}\n"},
            {"src/base/a.cpp": HEAD + "struct A {\n    A(int x) : a_{x}, b_{} {\n" + LONG_BODY + "    }\n};\n"},
            {"src/base/a.cpp": HEAD + "Result<std::vector<int>> f(int x = {}) noexcept\n{\n" + LONG_BODY + "}\n"},
            {"src/base/a.cpp": HEAD + "namespace a {\nauto f() -> std::map<int, int> {\n" + LONG_BODY + "}\n}\n"},
            {"src/base/a.cpp": HEAD + 'const char* s = R"({)"; // {\nchar c = \'{\';\nvoid f() const {\n' + LONG_BODY + "}\n"},
            {"src/base/a.cpp": HEAD + "const auto f = [](int x) {\n" + LONG_BODY + "};\n"},
            {"src/base/a.cpp": HEAD + "template <class T>\n    requires Good<T>\nbool operator==(T a, T b) {\n" + LONG_BODY + "}\n"},
            {"src/base/a.cpp": HEAD + "TEST(Suite, Name) {\n" + LONG_BODY + "}\n"},
        ],
        [
            {"src/base/a.cpp": HEAD + "void f() {\n" + "    step();\n" * 58 + "}\n"},
            {"src/base/a.cpp": HEAD + "namespace a {\n" + "void f() { step(); }\n" * 70 + "}\n"},
            {"src/base/a.cpp": HEAD + "class A {\n" + "    int f() const { return 1; }\n" * 70 + "};\n"},
            {"src/base/a.cpp": HEAD + "constexpr Row rows[] = {\n" + '    {"a", f(1)},\n' * 70 + "};\n"},
            {"src/base/a.cpp": HEAD + "enum class E {\n" + "    a,\n" * 70 + "};\n"},
        ],
    ),
    "head_comments": (
        [
            {"src/base/a.cpp": "int x;\n"},
            {"src/base/a.cpp": "// base/b.cpp: another name.\n// Two lines.\n"},
            {"src/base/a.cpp": "// base/a.cpp: one line.\nint x;\n"},
            {"src/base/a.cpp": HEAD + "// 3\n// 4\n// 5\n"},
        ],
        [{"src/base/a.cpp": HEAD}],
    ),
    "white_space": (
        [{"src/base/a.cpp": HEAD + "\tint x;\n"}, {"README.md": "words \n"}, {"README.md": "no end"}],
        [{"bench/Makefile": "all:\n\ttrue\n", "README.md": "words\n"}],
    ),
    "unfinished": (
        [{"src/base/a.cpp": HEAD + "// TO" "DO: later\n"}, {"run": "#!/bin/sh\n# FIX" "ME\n"}],
        [{"src/base/a.cpp": HEAD + "int todos = 0;\n"}],
    ),
    "foreign_words": (
        [{"README.md": "see /wo" "rk/x\n"}, {"src/base/a.cpp": HEAD + "// issue " "#7\n"}, {"README.md": "in this sess" "ion\n"},
         {"README.md": "a \u2014 b\n"}],
        [{"README.md": "a TLS session; the issue is small\n"}],
    ),
    "formatted": (
        [{"src/base/a.cpp": HEAD + "int   x ;\n", ".clang-format": "BasedOnStyle: Google\n"}],
        [{"src/base/a.cpp": HEAD + "int x;\n", ".clang-format": "BasedOnStyle: Google\n"}],
    ),
    "direction": (
        [
            {"src/base/a.cpp": HEAD + '#include "io/loop.hpp"\n', "src/io/loop.hpp": ""},
            {"src/modules/a.cpp": HEAD + '#include "h1/a.hpp"\n', "src/h1/a.hpp": ""},
            {"src/h1/a.cpp": HEAD + '#include "h2/a.hpp"\n', "src/h2/a.hpp": ""},
            {"src/modules/a.cpp": HEAD + '#include "modules/b.hpp"\n', "src/modules/b.hpp": ""},
            {"src/base/a.cpp": HEAD + '#include "b.hpp"\n', "src/base/b.hpp": ""},
            {"src/misc/a.cpp": HEAD},
        ],
        [
            {"src/io/a.cpp": HEAD + '#include "base/a.hpp"\n#include "io/a.hpp"\n', "src/base/a.hpp": "", "src/io/a.hpp": ""},
            {"src/modules/registry.cpp": HEAD + '#include "modules/b.hpp"\n', "src/modules/b.hpp": ""},
            {"src/app/main.cpp": HEAD + '#include "modules/b.hpp"\n', "src/modules/b.hpp": ""},
        ],
    ),
    "quarantine": (
        [
            {"src/http/a.cpp": HEAD + "#include <openssl/ssl.h>\n"},
            {"src/config/expression.cpp": HEAD + "#include <pcre2.h>\n"},
            {"src/http/a.hpp": HEAD + "#include <fmt/format.h>\n"},
            {"src/server/a.cpp": HEAD + "#include <CLI/CLI.hpp>\n"},
            {"src/http/a.cpp": HEAD + "#include <gtest/gtest.h>\n"},
            {"src/http/a.cpp": HEAD + "#include <sys/socket.h>\n"},
        ],
        [
            {"src/http/a.cpp": HEAD + "#include <fmt/format.h>\n"},
            {"src/config/regex.cpp": HEAD + "#include <pcre2.h>\n"},
            {"src/sys/a.cpp": HEAD + "#include <sys/socket.h>\n"},
            {"src/http/a_test.cpp": HEAD + "#include <gtest/gtest.h>\n"},
        ],
    ),
    "self_contained": (
        [{"src/base/a.hpp": "#pragma once\nstd::string f();\n"}],
        [{"src/base/a.hpp": "#pragma once\n#include <string>\nstd::string f();\n"}],
    ),
    "documented": (
        [
            {"README.md": "nothing is built\n"},
            {"build/release/webserv": MANUAL, "docs/directives/core.md": "# core\n\n## root\n\nAnother text.\n"},
            {"build/release/webserv": MANUAL, "docs/directives/gone.md": "", "docs/directives/core.md": PAGE},
            {"build/release/webserv": MANUAL},
        ],
        [{"build/release/webserv": MANUAL, "docs/directives/core.md": PAGE}],
    ),
    "tested": (
        [
            {"build/release/webserv": MANUAL, "tests/integration/test_a.py": "def test(): pass\n"},
            {"build/release/webserv": MANUAL, "tests/integration/test_a.py": "@covers('root', 'no_such')\ndef test(): pass\n"},
        ],
        [{"build/release/webserv": MANUAL, "tests/integration/test_a.py": "@covers('root')\ndef test(): pass\n"}],
    ),
}
