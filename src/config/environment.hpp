// config/environment.hpp: `${env:NAME}` in the words of a configuration: replaced by the environment's value when it is read.
// Not nginx's, which takes no such name for a variable.
#pragma once

#include "config/loader.hpp"
#include "config/syntax.hpp"

namespace webserv::config {

/// "${env:NAME}" becomes the variable's value, "${env:NAME:-text}" the text if it is not set or empty; as if that had been written there.
/// Errors: `the environment variable "NAME" is not set`, `invalid environment variable name in "..."`.
[[nodiscard]] Checked<> put_environment_in(Word& word, Loader& loader);

}  // namespace webserv::config
